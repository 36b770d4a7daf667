"""ClickHouse in this process (chdb): MergeTree tables ordered by time."""

import pathlib
import tempfile

import chdb
import pyarrow as pa
from chdb.session import Session

from engines import sql

KINDS = {
    "uint8": "UInt8",
    "uint16": "UInt16",
    "uint32": "UInt32",
    "int32": "Int32",
    "int64": "Int64",
}


class Engine:
    version = f"{chdb.__version__} (ClickHouse {chdb.engine_version})"
    storage = "MergeTree ordered by time, one part"

    def __init__(self, facts):
        self.folder = tempfile.TemporaryDirectory(prefix="ordertally-clickhouse-")
        self.session = Session(self.folder.name)
        for name in ("orders", "items"):
            self.load(name, getattr(facts, name))

    def load(self, name, table):
        columns = ", ".join(f"{field.name} {KINDS[str(field.type)]}" for field in table.schema)
        self.session.query(f"CREATE TABLE {name} ({columns}) ENGINE = MergeTree ORDER BY created_at")
        file = pathlib.Path(self.folder.name) / f"{name}.arrow"
        with pa.ipc.new_file(file, table.schema) as writer:
            writer.write_table(table)
        self.session.query(f"INSERT INTO {name} SELECT * FROM file('{file}', 'Arrow')")
        file.unlink()
        self.session.query(f"OPTIMIZE TABLE {name} FINAL")

    def customers(self, question):
        # Faster than LIMIT BY: only the best are kept while the sums pass by.
        return self.run(f"""
            SELECT currency, -best.1 AS value, best.2 AS customer, best.3 AS orders FROM (
                SELECT currency,
                    groupArraySorted({question["count"]})((-value, customer, orders)) AS list
                FROM ({sql.customer_sums(question)})
                GROUP BY currency)
            ARRAY JOIN list AS best""")

    def value(self, question):
        return self.run(sql.value(question, lambda number, by: f"intDiv({number}, {by})"))

    def provinces(self, question):
        return [self.run(query) for query in sql.provinces(question)]

    def run(self, query):
        return self.session.query(query, "ArrowTable")
