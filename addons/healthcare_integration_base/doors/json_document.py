"""JSON from outside: read strictly, checked against a schema, and every complaint has its place."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from jsonschema.exceptions import ValidationError
from referencing import Registry
from referencing.exceptions import Unresolvable
from referencing.jsonschema import DRAFT202012

from .patterns import InvalidPattern, compile_pattern
from .problem import Place
from .schema_validator import TookTooLong, make_schema_validator, make_validator, time_limit

MOST_COMPLAINTS = 20
_DEEPEST = 100
_LONGEST_EXPECTATION = 200
#: Whole numbers of more digits are beyond what a double holds, which other readers make of them.
_MOST_DIGITS = 300
#: Seconds that the check of one document may take.
_LONGEST_CHECK = 10.0
_SAMPLES = (None, 0, "", [], {})


class MalformedJson(ValueError):
    """The bytes are no JSON document; ``place`` says where and why."""

    def __init__(self, place: Place):
        super().__init__(place.expected)
        self.place = place


class InvalidSchema(ValueError):
    """The text is no JSON Schema that may be used here."""


def read_json(body: bytes) -> Any:
    """Return the document.

    Names that occur twice, NaN, infinity and numbers as large as that are refused, since readers differ in
    what they make of them.

    :raises MalformedJson: the bytes are no JSON in UTF-8, or too deep
    """
    try:
        text = body.decode("utf-8")
        document = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
        _check_depth(document)
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start}", "text in UTF-8", "other bytes") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _malformed(place, "JSON", error.msg.lower()) from None
    except RecursionError:
        raise _malformed("", f"at most {_DEEPEST} levels", "more") from None
    except ValueError as error:
        # Of the hooks below.
        raise _malformed("", "JSON", str(error).partition("(")[0].strip()) from None
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name that occurs twice in one object")
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"the value {name}, which JSON does not have")


def _finite(text: str) -> float:
    number = float(text)
    if math.isinf(number):
        raise ValueError("a number that is too large")
    return number


def _whole(text: str) -> int:
    if len(text) > _MOST_DIGITS:
        raise ValueError("a number that is too large")
    return int(text)


def _check_depth(document: Any) -> None:
    level = [document]
    for _depth in range(_DEEPEST):
        level = [child for item in level for child in _children(item)]
        if not level:
            return
    raise _malformed("", f"at most {_DEEPEST} levels", "more")


def _children(item: Any):
    if isinstance(item, dict):
        return item.values()
    return item if isinstance(item, list) else ()


def _malformed(place: str, expected: str, found: str) -> MalformedJson:
    return MalformedJson(Place(place, expected, found))


# === SCHEMAS === #


def read_schema(text: str) -> dict[str, Any]:
    """Return a schema (JSON Schema 2020-12) that is complete in itself.

    :raises InvalidSchema: it is no JSON, no schema, refers to another document, to nothing or in a circle, or
        has a pattern that cannot be matched in linear time
    """
    try:
        schema = read_json(text.encode())
    except MalformedJson as error:
        raise InvalidSchema(f"{error.place.pointer}: {error.place.found}") from None
    if not isinstance(schema, dict):
        raise InvalidSchema("A schema is a JSON object.")
    _check_keywords(schema)
    _check_patterns(schema)
    _check_references(schema)
    with _ending_in_time():
        for sample in _SAMPLES:
            any(make_validator(schema).iter_errors(sample))
    return schema


def _check_keywords(schema: Any) -> None:
    if not isinstance(schema, (dict, bool)):
        raise InvalidSchema(f"A schema is a JSON object, true or false, not {kind_of(schema)}.")
    with _ending_in_time():
        error = next(make_schema_validator().iter_errors(schema), None)
    if error:
        raise InvalidSchema(f"{_pointer(error.absolute_path) or '/'}: {error.message}")


@contextmanager
def _ending_in_time() -> Iterator[None]:
    try:
        with time_limit(_LONGEST_CHECK):
            yield
    except TookTooLong:
        raise InvalidSchema("$ref: the references take too long to follow") from None
    except RecursionError:
        raise InvalidSchema("$ref: the schema is too deep, or refers to itself in a circle") from None


def _check_patterns(schema: Any) -> None:
    for pattern in _patterns(schema):
        try:
            compile_pattern(pattern)
        except InvalidPattern as error:
            raise InvalidSchema(
                f"pattern {pattern[:_LONGEST_EXPECTATION]}: {error}. Write it in the notation of RE2, "
                "without look-around and references back, with at most 1000 repetitions."
            ) from None
    names = set(_names(schema))
    if "unevaluatedProperties" in names and "patternProperties" in names:
        raise InvalidSchema("unevaluatedProperties cannot be used with patternProperties here")


def _patterns(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("pattern"), str):
            yield node["pattern"]
        if isinstance(node.get("patternProperties"), dict):
            yield from node["patternProperties"]
    for child in _children(node):
        yield from _patterns(child)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        yield from node
    for child in _children(node):
        yield from _names(child)


def _check_references(schema: Mapping[str, Any]) -> None:
    """Check that each reference leads to a part of the schema that is a schema itself."""
    checked = {id(schema)}
    for resolver, reference in _references(schema, _resolver(schema)):
        if not reference.startswith("#"):
            raise InvalidSchema(f"$ref {reference}: a schema may refer to itself only, by #/...")
        part = _looked_up(resolver, reference)
        if id(part) not in checked:
            _check_keywords(part)
            checked.add(id(part))


def _resolver(schema: Mapping[str, Any]) -> Any:
    """Return what looks the schema's references up; its class is private to the library."""
    try:
        return Registry().with_resource("", DRAFT202012.create_resource(schema)).crawl().resolver()
    except (AttributeError, TypeError, ValueError):
        # What the library meets in an $id that is no address, and in a part that is none in its own $schema.
        raise InvalidSchema(
            "$id, $schema: a part has a name that is none, or is not as its dialect asks"
        ) from None


def _references(node: Any, resolver: Any) -> Iterator[tuple[Any, str]]:
    """Yield each reference and what resolves it: below an $id of its own it leads elsewhere."""
    if isinstance(node, dict):
        if isinstance(node.get("$id"), str):
            resolver = _below_name(node, resolver)
        for name in ("$ref", "$dynamicRef"):
            if isinstance(node.get(name), str):
                yield resolver, node[name]
    for child in _children(node):
        yield from _references(child, resolver)


def _below_name(node: Mapping[str, Any], resolver: Any) -> Any:
    try:
        return resolver.in_subresource(DRAFT202012.create_resource(node))
    except ValueError:
        raise InvalidSchema(f"$id {node['$id']}: it is no address") from None


def _looked_up(resolver: Any, reference: str) -> Any:
    try:
        return resolver.lookup(reference).contents
    except (Unresolvable, TypeError, ValueError):
        # The last two where a step leads into a list by a name, or into a single value.
        raise InvalidSchema(f"$ref {reference}: the schema has nothing there") from None


def complaints(schema: Mapping[str, Any], document: Any) -> list[Place]:
    """Return what in a document is not as the schema has it, at most :data:`MOST_COMPLAINTS`, in order."""
    try:
        with time_limit(_LONGEST_CHECK):
            found = list(islice(make_validator(schema).iter_errors(document), MOST_COMPLAINTS))
    except TookTooLong:
        return [Place("/", f"a document that is checked in {_LONGEST_CHECK:g} seconds", "more to check")]
    except RecursionError:
        return [Place("/", "fewer levels: a schema that refers to itself cannot follow as many", "more")]
    return [
        _complaint(error) for error in sorted(found, key=lambda error: list(map(str, error.absolute_path)))
    ]


def _complaint(error: ValidationError) -> Place:
    pointer = _pointer(error.absolute_path)
    if error.validator == "required":
        missing = sorted(set(error.validator_value) - set(error.instance))
        return Place(f"{pointer}/{_escaped(missing[0])}", "a value", "nothing")
    if error.validator == "additionalProperties":
        return Place(pointer or "/", "only the names of the schema", "another name")
    expected = json.dumps(error.validator_value, default=str)
    return Place(
        pointer or "/", f"{error.validator}: {expected}"[:_LONGEST_EXPECTATION], kind_of(error.instance)
    )


def kind_of(value: Any) -> str:
    """Return what a value is without telling it.

    >>> kind_of("Alex"), kind_of([1, 2]), kind_of(None)
    ('text of 4 characters', 'array of 2', 'null')
    """
    if isinstance(value, bool):
        return "boolean"
    if value is None:
        return "null"
    if isinstance(value, (int, float)):
        return "number"
    if isinstance(value, str):
        return f"text of {len(value)} characters"
    return f"{'array' if isinstance(value, list) else 'object'} of {len(value)}"


def _pointer(path) -> str:
    """Return the RFC 6901 pointer of a path.

    >>> _pointer(["lines", 0, "a/b"])
    '/lines/0/a~1b'
    """
    return "".join(f"/{_escaped(str(part))}" for part in path)


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")
