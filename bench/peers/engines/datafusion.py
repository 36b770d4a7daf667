"""Apache DataFusion: record batches in memory, in the order of time."""

import os

import datafusion
import pyarrow as pa

from engines import sql

# What its own readers make, so that a core has much to do at a time.
BATCH_ROWS = 8_192


class Engine:
    version = datafusion.__version__
    storage = "record batches in memory, sorted by time"

    def __init__(self, facts):
        self.context = datafusion.SessionContext()
        cores = len(os.sched_getaffinity(0))
        for name in ("orders", "items"):
            batches = getattr(facts, name).combine_chunks().to_batches(max_chunksize=BATCH_ROWS)
            # Dealt out in turn: a short range is work for every core as well.
            partitions = [batches[core::cores] for core in range(cores)]
            self.context.register_record_batches(name, partitions)

    def customers(self, question):
        return self.run(sql.customers(question))

    def value(self, question):
        return self.run(sql.value(question, lambda number, by: f"({number} / {by})"))

    def provinces(self, question):
        return [self.run(query) for query in sql.provinces(question)]

    def run(self, query):
        frame = self.context.sql(query)
        return pa.Table.from_batches(frame.collect(), frame.schema())
