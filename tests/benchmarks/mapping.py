"""Records per second through a mapping of 20 lines, beside the same work written by hand and beside JMESPath.

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

import datetime
import json
import time
from collections.abc import Callable
from decimal import Decimal

import jmespath

from odoo.addons.healthcare_integration_base.formats.json_records import read_json_lines
from odoo.addons.healthcare_integration_base.formats.mapping import CompiledMapping, Rule

from .figures import Figure, at_least, medians

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


def generated(count: int) -> list[dict]:
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


def measure(records: int, rounds: int) -> list[Figure]:
    """Map so many records in so many rounds."""
    data = "".join(f"{json.dumps(record)}\n" for record in generated(records)).encode()
    assert ours(data) == by_hand(data), "the mapping and the hand do not give the same documents"
    ways = {"hand": by_hand, "ours": ours, "jmespath": searched}
    seconds = medians({name: _timed(work, data) for name, work in ways.items()}, rounds)
    rates = {name: records / median for name, median in seconds.items()}
    found = f"{rates['ours']:,.0f} records/s"
    what = (
        f"map {records:,} JSON records through {len(RULES)} lines: strict reading, crosswalk, group,"
        f" error places (medians of {rounds})"
    )
    peers = {
        "hand": "by hand without checks",
        "jmespath": "`json.loads` and `jmespath.search` per path",
    }
    hand, library = (
        (f"{peer}, {rates[name]:,.0f} records/s", rates["ours"] / rates[name]) for name, peer in peers.items()
    )
    return [
        Figure(what, found, *hand, *at_least(rates["ours"], LEAST_RECORDS_PER_SECOND, "records/s")),
        Figure("the same", found, *library),
    ]


def _timed(work: Callable[[bytes], list], data: bytes) -> Callable[[], float]:
    def seconds() -> float:
        started = time.process_time()
        work(data)
        return time.process_time() - started

    return seconds
