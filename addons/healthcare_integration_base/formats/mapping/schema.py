"""What a document is promised to hold: the target of a mapping as its handler declares it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from .rules import Rule
from .transforms import GROUP, TRANSFORMS


@dataclass(frozen=True, slots=True)
class SchemaField:
    """One field of a canonical document.

    :ivar type: a key of ``VALUE_TYPES``, ``record`` (of Odoo, by a crosswalk), ``list`` or ``any``
    :ivar fields: of the items, where the field is a repeated group
    """

    type: str = "any"
    is_required: bool = False
    fields: Mapping[str, SchemaField] | None = None


def schema_problems(rules: Iterable[Rule], schema: Mapping[str, SchemaField]) -> list[str]:
    """Return a sentence for each line that the schema does not take, and for each field that is missing."""
    known = dict(_flattened(schema))
    lines = {rule.target: rule for rule in rules}
    problems = [
        problem for rule in lines.values() if (problem := _line_problem(rule, known.get(rule.target)))
    ]
    problems += [
        f"{name} is required by the document type and has no line."
        for name, field in known.items()
        if field.is_required and name not in lines and _is_reached(name, lines)
    ]
    return problems


def _flattened(schema: Mapping[str, SchemaField], prefix: str = "") -> Iterable[tuple[str, SchemaField]]:
    for name, field in schema.items():
        yield prefix + name, field
        if field.fields is not None:
            yield from _flattened(field.fields, f"{prefix}{name}.")


def _is_reached(name: str, lines: Mapping[str, Rule]) -> bool:
    """Tell whether the group that a field is in, if any, is mapped at all."""
    group = name.rpartition(".")[0]
    return not group or group in lines


def _line_problem(rule: Rule, field: SchemaField | None) -> str | None:
    if field is None:
        return f"{rule.target} is not a field of the document type."
    is_group = rule.transform == GROUP
    if is_group != (field.fields is not None):
        return f"{rule.target} is {'a' if field.fields is not None else 'not a'} repeated group."
    if is_group or field.type == "any":
        return None
    found = "record" if rule.crosswalk else TRANSFORMS[rule.transform].result
    if found in (field.type, "any") or (rule.crosswalk and field.type == "text"):
        return None
    return f"{rule.target} is a {field.type}, and its line gives a {found}."
