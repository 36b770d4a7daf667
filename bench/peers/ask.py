"""Asks one engine the questions that ordertally-bench hands over.

    ask.py ENGINE FOLDER < questions

FOLDER holds the facts, a file a column. Each line of standard input is a question as JSON, with how
often it is asked. The first line of standard output says what the engine is and how long it took to
load the facts; then comes a line for each question, with the milliseconds of each time it was asked
and the rows of its answer.

What is timed is the engine alone: from its query until the result is there in columns. Making rows
of these for the comparison is not.
"""

import collections
import json
import sys
import time

from engines import ENGINES
from facts import Facts


def main():
    engine_name, folder = sys.argv[1:]
    questions = [json.loads(line) for line in sys.stdin]
    began = time.perf_counter()
    engine = ENGINES[engine_name](Facts(folder))
    say(
        version=engine.version,
        storage=engine.storage,
        load_seconds=time.perf_counter() - began,
        peak_resident_bytes=peak_resident_bytes(),
    )
    for question in questions:
        if question["times"] > 1:
            ask(engine, question)  # the first of its kind is not like the others
    for question in questions:
        ms = []
        for _ in range(question["times"]):
            taken, rows = ask(engine, question)
            ms.append(taken)
        say(ms=ms, rows=rows)


def ask(engine, question):
    """The milliseconds that it took, and the rows."""
    query = getattr(engine, question["kind"])
    began = time.perf_counter()
    results = query(question)
    taken = (time.perf_counter() - began) * 1e3
    return taken, ROWS[question["kind"]](results, question)


def customers(result, _):
    """currency, rank, customer, orders, value"""
    found = rows(result, "currency", "value", "customer", "orders")
    found.sort(key=lambda row: (row[0], -row[1], row[2]))
    ranks = collections.Counter()
    ranked = []
    for currency, value, customer, orders in found:
        ranks[currency] += 1
        ranked.append([currency, ranks[currency], customer, orders, value])
    return ranked


def value(result, question):
    """day of the range, currency, orders, value, discounts, tax"""
    found = rows(result, "day", "currency", "orders", "value", "discounts", "tax")
    if question["by_day"]:
        for row in found:
            row[0] -= question["first_day"]
    return found


def provinces(results, _):
    """0, province, currency, orders, value; 1, province, currency, product, units"""
    sales, products = results
    found = rows(sales, "province", "currency", "orders", "value")
    sold = rows(products, "province", "currency", "product", "units")
    return [[0, *row] for row in found] + [[1, *row] for row in sold]


ROWS = {"customers": customers, "value": value, "provinces": provinces}


def rows(table, *names):
    """The rows of an Arrow table, whole numbers all."""
    columns = [table.column(name).to_pylist() for name in names]
    return [[int(number) for number in row] for row in zip(*columns)]


def peak_resident_bytes():
    """The kernel's own figure; that of getrusage includes what this process was before."""
    with open("/proc/self/status") as status:
        line = next(line for line in status if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def say(**what):
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main()
