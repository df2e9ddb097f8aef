"""Field mapping of documents of any shape, by rules of every transform."""

from odoo.addons.healthcare_integration_base.errors import MappingError
from odoo.addons.healthcare_integration_base.formats.mapping import FieldRule, apply_mapping, check_rule
from odoo.addons.healthcare_integration_base.formats.transforms import TRANSFORMS

SHARE = 25
NAMES = ("a", "b", "amount", "date", "0", "1", "*", "names", "last", "")
ARGUMENTS = (
    "",
    "2",
    "-1",
    "99",
    ",",
    "negative",
    "%Y%m%d",
    "%Y-%m-%d %H:%M",
    "%",
    "%Q%d",
    "Y=1;N=0",
    "yes",
    "\\0",
)
SCALARS = (
    *(None, True, False, 0, -1, 10**40, 1.5, float("nan"), float("inf"), "", " ", "0", "-0.00", "1,234.50"),
    *("12.5-", "1e999999", "NaN", "20260230", "2026-02-28", "99991231", "00000000", "2026-03-01 25:61"),
    *("é" * 50, "\0", "\ud800", "x" * 5000, "٣", "１２", "Y", "true", b"bytes"),
)


def make(chance):
    rules = [
        FieldRule(
            source=".".join(chance.choice(NAMES) for _part in range(chance.randint(1, 4))),
            target=f"field_{number}",
            transform=chance.choice(list(TRANSFORMS)),
            argument=chance.choice(ARGUMENTS),
            default=chance.choice(("", "", "0", "x", "20260101")),
            is_required=chance.random() < 0.2,
            is_private=chance.random() < 0.2,
            crosswalk=chance.choice(("", "", "codes")),
        )
        for number in range(chance.randint(1, 6))
    ]
    return rules, {name: _node(chance, 4) for name in NAMES}


def _node(chance, depth):
    kind = chance.random()
    if not depth or kind < 0.4:
        return chance.choice(SCALARS)
    if kind < 0.7:
        return {chance.choice(NAMES): _node(chance, depth - 1) for _item in range(chance.randint(0, 4))}
    return [_node(chance, depth - 1) for _item in range(chance.randint(0, 4))]


def _translate(code, value):
    if len(value) % 3:
        raise MappingError("mapping.unknown_code", "The code is unknown.", subject=f"{code} {value[:20]}")
    return value


def run(data):
    rules, document = data
    valid = []
    for rule in rules:
        try:
            check_rule(rule)
        except ValueError:
            continue
        valid.append(rule)
    apply_mapping(valid, document, _translate)
