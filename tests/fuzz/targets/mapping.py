"""Field mapping of documents of any shape, by rules of every transform."""

from odoo.addons.healthcare_integration_base.errors import MappingError
from odoo.addons.healthcare_integration_base.formats.mapping import (
    CONDITIONS,
    TRANSFORMS,
    CompiledMapping,
    InvalidMapping,
    Rule,
)
from odoo.addons.healthcare_integration_base.formats.records import SourceRecord

from tests.fuzz.values import value

SHARE = 25
NAMES = ("a", "b", "amount", "date", "0", "1", "*", "names", "last", "")
PARTS = ("a", "b", "amount", "date", "names", "last", "a[0]", "names[1]")
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


def _is_usable(transform, argument):
    try:
        TRANSFORMS[transform].check_argument(argument)
    except ValueError:
        return False
    return True


USABLE = {
    transform: [argument for argument in ARGUMENTS if _is_usable(transform, argument)] or [""]
    for transform in TRANSFORMS
}


def make(chance):
    rules = [_rule(chance, f"field_{number}") for number in range(chance.randint(1, 6))]
    return rules, {name: value(chance, NAMES, SCALARS, 4) for name in NAMES}


def _rule(chance, target):
    transform = chance.choice(list(TRANSFORMS))
    condition = chance.choice(("", "", "", *CONDITIONS))
    return Rule(
        source=_path(chance),
        target=target,
        transform=transform,
        argument=chance.choice(USABLE[transform] if chance.random() < 0.9 else ARGUMENTS),
        default=chance.choice(("", "", "", "", "0", "x", "20260101")),
        is_required=chance.random() < 0.2,
        is_private=chance.random() < 0.2,
        crosswalk=chance.choice(("", "", "codes")),
        condition=condition,
        condition_source=_path(chance) if condition else "",
        condition_value=chance.choice(("", "0", "Y")),
    )


def _path(chance):
    names = PARTS if chance.random() < 0.9 else NAMES
    return ".".join(chance.choice(names) for _part in range(chance.randint(1, 3)))


def _translate(_crosswalk, codes):
    refused = MappingError("crosswalk.not_set", "The code has no value.")
    return {code: refused if len(code) % 3 == 1 else code.upper() for code in codes if len(code) % 3}


def run(data):
    rules, document = data
    valid = [rule for rule in rules if _compiled([rule])]
    mapping = _compiled(valid) or _compiled(valid[:1])
    if mapping is None:
        return
    record = SourceRecord(1, "line 1", document)
    [mapped] = mapping.apply_all([record], _translate)
    assert mapped.error or isinstance(mapped.values, dict)
    for outcome in mapping.explain(record, _translate):
        assert outcome.target


def _compiled(rules):
    """Return a mapping, None if its lines do not go together."""
    try:
        return CompiledMapping(rules)
    except InvalidMapping as error:
        assert error.problems
        return None
