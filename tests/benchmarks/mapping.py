"""Records per second through a mapping of 20 lines, beside the same work written by hand and beside JMESPath.

    python tests/benchmarks/mapping.py [--records 20000] [--rounds 5]

All read the same file of JSON lines, one record of about 700 characters each, and give the same documents:
texts, decimals, dates, a yes or no, a translated code, nested fields and a repeated group.

* by hand: ``json.loads`` with Decimal, and Python that picks, converts and builds; it checks nothing and
  names no place: what no table of lines can beat;
* ours: the file read as JSON records (repeated keys, numbers, depth and encoding checked), then mapped: every
  error would name its row, path, value and line;
* JMESPath: ``json.loads`` with Decimal, then ``jmespath.search`` for each path, and nothing else.

The three are alternated; figures are medians of the rounds. Processor time is compared, so that other work on
the machine counts little.
"""

from __future__ import annotations

import argparse
import datetime
import json
import statistics
import sys
import time
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import jmespath

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from tests import pure  # noqa: E402

pure.expose()
from odoo.addons.healthcare_integration_base.formats.json_records import read_json_lines  # noqa: E402
from odoo.addons.healthcare_integration_base.formats.mapping import CompiledMapping, Rule  # noqa: E402

LEAST_RECORDS_PER_SECOND = 5_000
CHUNK = 1 << 16
COUNTRIES = {"US": 233, "DE": 57}
TEXTS = {
    "number": "id",
    "name.first": "name.first",
    "name.last": "name.last",
    "email": "contact.email",
    "phones[0].number": "contact.phone",
    "address.street": "address.street",
    "address.city": "address.city",
    "address.postal": "address.zip",
    "job.title": "job_title",
    "job.department.code": "department",
    "job.cost_center": "cost_center",
    "manager.number": "manager",
}
RULES = [
    *(Rule(source, target) for source, target in TEXTS.items()),
    Rule("address.country", "address.country", crosswalk="countries"),
    Rule("job.hired", "hired", "date"),
    Rule("job.full_time", "full_time", "boolean"),
    Rule("pay.rate", "pay.rate", "decimal", is_required=True),
    Rule("pay.currency", "pay.currency", "upper", default="USD"),
    Rule("assignments", "assignments", "group"),
    Rule("unit", "assignments.unit"),
    Rule("share", "assignments.share", "decimal"),
]


def records(count: int) -> list[dict]:
    return [
        {
            "number": f"{100_000 + number}",
            "name": {"first": f"First{number}", "last": f"Last{number}", "middle": None},
            "email": f"worker{number}@hospital.example",
            "phones": [
                {"type": "work", "number": f"555-{number:04}"},
                {"type": "home", "number": "555-0000"},
            ],
            "address": {
                "street": f"{number} Main Street",
                "city": "Springfield",
                "postal": "62701",
                "country": ("US", "DE")[number % 2],
            },
            "job": {
                "title": "Registered Nurse",
                "department": {"code": f"D{number % 40}", "name": "Emergency"},
                "cost_center": f"CC{number % 90}",
                "hired": f"20{number % 26:02}-{number % 12 + 1:02}-{number % 28 + 1:02}",
                "full_time": number % 3 == 0,
            },
            "manager": {"number": f"{100_000 + number // 10}"},
            "pay": {"rate": 38.25 + number % 40, "currency": "usd"},
            "assignments": [{"unit": "ICU", "share": "0.75"}, {"unit": "ER", "share": "0.25"}],
        }
        for number in range(count)
    ]


def lookup(_crosswalk: str, codes) -> dict[str, int]:
    return {code: COUNTRIES[code] for code in codes}


def ours(data: bytes) -> list[dict]:
    chunks = (data[start : start + CHUNK] for start in range(0, len(data), CHUNK))
    mapping = CompiledMapping(RULES)
    return [mapped.values for mapped in mapping.apply_all(read_json_lines(chunks), lookup)]


def by_hand(data: bytes) -> list[dict]:
    return [_built(json.loads(line, parse_float=Decimal)) for line in data.splitlines()]


def _built(worker: dict) -> dict:
    name, address, job, pay = worker["name"], worker["address"], worker["job"], worker["pay"]
    return {
        "id": worker["number"].strip(),
        "name": {"first": name["first"].strip(), "last": name["last"].strip()},
        "contact": {"email": worker["email"].strip(), "phone": worker["phones"][0]["number"].strip()},
        "address": {
            "street": address["street"].strip(),
            "city": address["city"].strip(),
            "zip": address["postal"].strip(),
            "country": COUNTRIES[address["country"]],
        },
        "job_title": job["title"].strip(),
        "department": job["department"]["code"].strip(),
        "cost_center": job["cost_center"].strip(),
        "manager": worker["manager"]["number"].strip(),
        "hired": datetime.date.fromisoformat(job["hired"]),
        "full_time": job["full_time"],
        "pay": {"rate": pay["rate"], "currency": (pay["currency"] or "USD").upper()},
        "assignments": [
            {"unit": one["unit"].strip(), "share": Decimal(one["share"])} for one in worker["assignments"]
        ],
    }


def searched(data: bytes) -> list[list]:
    paths = [rule.source for rule in RULES[:-2]] + ["assignments[*].unit", "assignments[*].share"]
    return [
        [jmespath.search(path, worker) for path in paths]
        for worker in (json.loads(line, parse_float=Decimal) for line in data.splitlines())
    ]


def measure(work: Callable[[bytes], list], data: bytes) -> float:
    started = time.process_time()
    work(data)
    return time.process_time() - started


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--records", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    data = "".join(f"{json.dumps(record)}\n" for record in records(options.records)).encode()
    if ours(data) != by_hand(data):
        raise SystemExit("The mapping and the hand do not give the same documents.")
    ways = {"by hand": by_hand, "ours": ours, "JMESPath": searched}
    seconds = {name: [] for name in ways}
    for _round in range(options.rounds):
        for name, work in ways.items():
            seconds[name].append(measure(work, data))
    rates = {name: options.records / statistics.median(times) for name, times in seconds.items()}
    print(
        f"{options.records} records, {len(data) / 1e6:.1f} MB, {len(RULES)} lines,"
        f" medians of {options.rounds} rounds"
    )
    for name, rate in rates.items():
        print(f"{name:<10} {rate:10,.0f} records/s   ours is {rates['ours'] / rate:.2f} of it")
    verdict = "met" if rates["ours"] >= LEAST_RECORDS_PER_SECOND else "MISSED"
    print(f"at least {LEAST_RECORDS_PER_SECOND:,} records/s: {verdict}")


if __name__ == "__main__":
    main()
