"""Field mapping: turns a source document into target values by a table of rules. Pure Python.

A rule reads one path of the source, transforms the value by one named function of a closed set, may
translate it by a crosswalk, and puts it into one target field. There are no expressions to evaluate.

Paths are dotted: ``payer.id`` reads keys, ``claims.0.amount`` an item of a list, ``names.*.last`` one
value of each item as a list.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from ..errors import Finding, MappingError
from .transforms import TRANSFORMS, InvalidValue

MISSING = object()

CrosswalkLookup = Callable[[str, str], object]


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One line of a mapping table.

    :ivar source: dotted path; empty only when ``default`` gives the value
    :ivar target: name of the field to fill
    :ivar transform: a key of :data:`transforms.TRANSFORMS`
    :ivar argument: what the transform asks for, such as a date pattern
    :ivar default: text used where the source has no value; it is transformed and translated like one
    :ivar is_required: without a value the document cannot be mapped
    :ivar is_private: errors do not repeat the value
    :ivar crosswalk: code of the crosswalk that translates the transformed value
    """

    source: str
    target: str
    transform: str = "copy"
    argument: str = ""
    default: str = ""
    is_required: bool = False
    is_private: bool = False
    crosswalk: str = ""


def check_rule(rule: FieldRule) -> None:
    """Check a rule before it is used.

    :raise ValueError: a sentence that says what is wrong with the rule
    """
    if not rule.target:
        raise ValueError("A rule needs a target field.")
    if not rule.source and not rule.default:
        raise ValueError(f"{rule.target}: a rule needs a source path or a default.")
    if rule.source and not all(rule.source.split(".")):
        raise ValueError(f"{rule.target}: the path {rule.source} has an empty part.")
    if rule.transform not in TRANSFORMS:
        raise ValueError(f"{rule.target}: there is no transform named {rule.transform}.")
    TRANSFORMS[rule.transform].check_argument(rule.argument)


def apply_mapping(rules: Iterable[FieldRule], source: Mapping, crosswalk_lookup: CrosswalkLookup) -> dict:
    """Map a source document to target values.

    Fields without a value are left out, so that what is absent in the source overwrites nothing.

    :param rules: checked rules
    :param source: nested mappings and lists of scalar values
    :param crosswalk_lookup: ``(crosswalk code, external code) -> value``, raising MappingError
    :return: ``{target field: value}``
    :raise MappingError: with one finding per failing rule; its code and subject are those of the first
    """
    values: dict = {}
    errors: list[MappingError] = []
    for rule in rules:
        try:
            value = _map_field(rule, source, crosswalk_lookup)
        except MappingError as error:
            errors.append(error)
            continue
        if value is not MISSING:
            values[rule.target] = value
    if errors:
        raise _summed_up(errors)
    return values


def read_path(source: object, path: str) -> object:
    """Return the value at a dotted path, or MISSING where a part of the path does not exist."""
    return _read(source, path.split("."))


def _read(node: object, parts: list[str]) -> object:
    if not parts:
        return node
    head, rest = parts[0], parts[1:]
    if isinstance(node, Mapping):
        return _read(node[head], rest) if head in node else MISSING
    if isinstance(node, (list, tuple)):
        if head == "*":
            found = [_read(item, rest) for item in node]
            return [value for value in found if value is not MISSING] or MISSING
        if head.isascii() and head.isdigit() and int(head) < len(node):
            return _read(node[int(head)], rest)
    return MISSING


def _map_field(rule: FieldRule, source: Mapping, crosswalk_lookup: CrosswalkLookup) -> object:
    raw = read_path(source, rule.source) if rule.source else MISSING
    if _is_empty(raw):
        raw = rule.default or MISSING
    if raw is MISSING:
        return _without_value(rule)
    try:
        value = TRANSFORMS[rule.transform].function(raw, rule.argument)
        if rule.crosswalk and isinstance(value, (Mapping, list, tuple)):
            raise InvalidValue("a single value")
    except InvalidValue as error:
        raise _invalid_value(rule, raw, error) from error
    if _is_empty(value):
        return _without_value(rule)
    return _translate(rule, value, crosswalk_lookup) if rule.crosswalk else value


def _is_empty(value: object) -> bool:
    return value is MISSING or value is None or (isinstance(value, (str, list, tuple)) and not len(value))


def _without_value(rule: FieldRule) -> object:
    if not rule.is_required:
        return MISSING
    raise MappingError(
        code="mapping.required_value_missing",
        message=f"The document has no value for {rule.target}.",
        location=rule.source,
        subject=rule.target,
        expected="a value",
        found="nothing",
        remedy="Correct the document at its source, or give the mapping line a default.",
    )


def _invalid_value(rule: FieldRule, raw: object, error: InvalidValue) -> MappingError:
    return MappingError(
        code="mapping.invalid_value",
        message=f"The value for {rule.target} cannot be read as {rule.transform}.",
        location=rule.source,
        subject=rule.target,
        expected=error.expected,
        found=_shown(rule, raw),
        remedy="Correct the document at its source, or the transform of the mapping line.",
    )


def _translate(rule: FieldRule, value: object, crosswalk_lookup: CrosswalkLookup) -> object:
    try:
        return crosswalk_lookup(rule.crosswalk, str(value))
    except MappingError as error:
        error.location = error.location or rule.source
        raise


def _shown(rule: FieldRule, raw: object) -> str:
    text = raw if isinstance(raw, str) else repr(raw)
    if rule.is_private:
        return f"a private value of {len(text)} characters"
    return text if len(text) <= 80 else f"{text[:77]}..."


def _summed_up(errors: list[MappingError]) -> MappingError:
    first = errors[0]
    if len(errors) > 1:
        first.findings = tuple(
            Finding(
                code=error.code,
                message=error.message,
                location=error.location,
                expected=error.expected,
                found=error.found,
                remedy=error.remedy,
            )
            for error in errors
        )
    return first
