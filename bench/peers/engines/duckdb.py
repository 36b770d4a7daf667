"""DuckDB: tables of its own in memory, in the order of time."""

import duckdb

from engines import sql


class Engine:
    version = duckdb.__version__
    storage = "tables in memory, sorted by time"

    def __init__(self, facts):
        self.connection = duckdb.connect()
        for name in ("orders", "items"):
            self.connection.register("loaded", getattr(facts, name))
            self.connection.execute(f"CREATE TABLE {name} AS SELECT * FROM loaded")
            self.connection.unregister("loaded")

    def customers(self, question):
        # Faster than a window: only the best are kept while the sums pass by.
        return self.run(f"""
            SELECT currency, best.customer, best.orders, best.value FROM (
                SELECT currency, unnest(max_by(
                    {{'customer': customer, 'orders': orders, 'value': value}},
                    (value, -customer::BIGINT),
                    {question["count"]})) AS best
                FROM ({sql.customer_sums(question)})
                GROUP BY currency)""")

    def value(self, question):
        return self.run(sql.value(question, lambda number, by: f"({number} // {by})"))

    def provinces(self, question):
        return [self.run(query) for query in sql.provinces(question)]

    def run(self, query):
        return self.connection.sql(query).to_arrow_table()
