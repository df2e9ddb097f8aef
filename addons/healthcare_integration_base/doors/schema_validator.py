"""JSON Schema 2020-12 with a limit to the time that a document may take, whatever schema and document say."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from jsonschema import Draft202012Validator, FormatChecker, validators
from jsonschema.exceptions import ValidationError
from jsonschema_specifications import REGISTRY as SPECIFICATIONS
from referencing import Registry

from .patterns import InvalidPattern, Pattern, compile_pattern

#: Calls that one step from a schema to its part needs at most, with room to spare.
_SPARE_CALLS = 25
_deadline: ContextVar[float] = ContextVar("deadline", default=float("inf"))


class TookTooLong(Exception):
    """The check of a document did not end within its time."""


@contextmanager
def time_limit(seconds: float) -> Iterator[None]:
    """End checks in this block after a time; :raises TookTooLong: then"""
    token = _deadline.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _deadline.reset(token)


def make_validator(schema: Mapping[str, Any]):
    """Return a validator that fetches nothing and matches patterns in linear time.

    Its checks raise :exc:`TookTooLong`, and :exc:`RecursionError` where references or levels are too many.
    """
    # A registry of its own: the default one would fetch what a schema refers to.
    return _Validator(schema, registry=Registry(), format_checker=_FORMATS)


def make_schema_validator():
    """Return a validator that checks whether a document is a schema; formats are not checked."""
    return _Validator(Draft202012Validator.META_SCHEMA, registry=SPECIFICATIONS)


# === KEYWORDS: each yields what is wrong with an instance === #


def _pattern(_validator, pattern: str, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    if isinstance(instance, str):
        problem = _problem_of_length(pattern, instance)
        if problem:
            yield problem
        elif not compile_pattern(pattern).is_in(instance):
            yield ValidationError(f"does not match {pattern}")


def _pattern_properties(
    validator, schemas: Mapping, instance: Any, _schema: Any
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    for pattern, schema in schemas.items():
        for name in _in_time(instance):
            if problem := _problem_of_length(pattern, name):
                yield problem
            elif compile_pattern(pattern).is_in(name):
                yield from validator.descend(instance[name], schema, path=name, schema_path=pattern)


def _additional_properties(
    validator, schema: Any, instance: Any, parent: Mapping
) -> Iterator[ValidationError]:
    if not isinstance(instance, dict):
        return
    others = [name for name in _in_time(instance) if not _is_named(name, parent)]
    if isinstance(schema, dict):
        for name in others:
            yield from validator.descend(instance[name], schema, path=name)
    elif not schema and others:
        yield ValidationError("has other names")


def _is_named(name: str, schema: Mapping) -> bool:
    if name in schema.get("properties", ()):
        return True
    patterns = map(compile_pattern, schema.get("patternProperties", ()))
    return any(len(name) <= pattern.longest and pattern.is_in(name) for pattern in patterns)


def _problem_of_length(pattern: str, text: str) -> ValidationError | None:
    longest = compile_pattern(pattern).longest
    if len(text) <= longest:
        return None
    return ValidationError("is too long", validator="longest text for this pattern", validator_value=longest)


def _unique_items(_validator, is_asked: Any, instance: Any, _schema: Any) -> Iterator[ValidationError]:
    """Tell equal items apart by a hash: comparing each with each takes hours for a large document."""
    if is_asked and isinstance(instance, list) and len(set(map(_identity, instance))) < len(instance):
        yield ValidationError("has equal items")


def _identity(value: Any) -> Hashable:
    """Return what equal values of JSON have in common: 1 is 1.0, but not true.

    Numbers are texts in it, since anybody can choose numbers whose hashes are all the same.
    """
    if isinstance(value, dict):
        return "object", frozenset((name, _identity(child)) for name, child in value.items())
    if isinstance(value, list):
        return "array", tuple(map(_identity, value))
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return value
    return "number", str(int(value) if value == int(value) else value)


def _timed(keyword: Callable) -> Callable:
    """Return a keyword that ends the check when its time is over: references may double at each step."""

    def check(validator, value, instance, schema):
        _check_time()
        return keyword(validator, value, instance, schema)

    return check


def _in_time(names: Iterable[str]) -> Iterator[str]:
    """Return the names as long as there is time: matching each of many long ones takes its own."""
    for name in names:
        _check_time()
        yield name


def _check_time() -> None:
    if time.monotonic() > _deadline.get():
        raise TookTooLong


def _is_pattern(text: Any) -> bool:
    return not isinstance(text, str) or bool(Pattern(text))


def _formats() -> FormatChecker:
    formats = FormatChecker(set(Draft202012Validator.FORMAT_CHECKER.checkers) - {"regex"})
    formats.checks("regex", raises=InvalidPattern)(_is_pattern)
    return formats


_KEYWORDS = {
    **Draft202012Validator.VALIDATORS,
    "additionalProperties": _additional_properties,
    "pattern": _pattern,
    "patternProperties": _pattern_properties,
    "uniqueItems": _unique_items,
}
_FORMATS = _formats()
_Validator = validators.extend(
    Draft202012Validator, {name: _timed(keyword) for name, keyword in _KEYWORDS.items()}
)
_FIELDS = [(field.name, field.alias) for field in _Validator.__attrs_attrs__ if field.init]


def _require_stack(calls: int) -> None:
    """Raise RecursionError unless so many calls more can be nested.

    Where the library's registry, which is no Python, meets the limit first, it panics: that is no Exception.
    """
    if calls:
        _require_stack(calls - 1)


def _evolve(validator, **changes: Any):
    """Return a validator that differs from another in some fields.

    The library's own would choose its class by the ``$schema`` of a part, and match that with its keywords.
    """
    _require_stack(_SPARE_CALLS)
    unchanged = {alias: getattr(validator, name) for name, alias in _FIELDS if alias not in changes}
    return _Validator(**unchanged, **changes)


_Validator.evolve = _evolve
