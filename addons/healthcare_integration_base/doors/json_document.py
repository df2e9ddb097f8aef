"""JSON from outside: read strictly, checked against a schema, and every complaint has its place."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import islice
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError, ValidationError
from referencing import Registry

from .problem import Place

MOST_COMPLAINTS = 20
_DEEPEST = 100
_LONGEST_EXPECTATION = 200


class MalformedJson(ValueError):
    """The bytes are no JSON document; ``place`` says where and why."""

    def __init__(self, place: Place):
        super().__init__(place.expected)
        self.place = place


class InvalidSchema(ValueError):
    """The text is no JSON Schema that may be used here."""


def read_json(body: bytes) -> Any:
    """Return the document.

    Names that occur twice, NaN and infinity are refused, since readers differ in what they make of them.

    :raises MalformedJson: the bytes are no JSON in UTF-8, or too deep
    """
    try:
        text = body.decode("utf-8")
        document = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
        _check_depth(document)
    except UnicodeDecodeError as error:
        raise _malformed(f"byte {error.start}", "text in UTF-8", "other bytes") from None
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        raise _malformed(place, "JSON", error.msg.lower()) from None
    except RecursionError:
        raise _malformed("", f"at most {_DEEPEST} levels", "more") from None
    except ValueError as error:
        # Of the hooks above, or a number of more digits than Python converts.
        raise _malformed("", "JSON", str(error).partition("(")[0].strip()) from None
    return document


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise ValueError("a name that occurs twice in one object")
    return document


def _no_constant(name: str) -> None:
    raise ValueError(f"the value {name}, which JSON does not have")


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

    :raises InvalidSchema: it is no JSON, no schema, or refers to another document
    """
    try:
        schema = read_json(text.encode())
        if not isinstance(schema, dict):
            raise InvalidSchema("A schema is a JSON object.")
        Draft202012Validator.check_schema(schema)
    except MalformedJson as error:
        raise InvalidSchema(f"{error.place.pointer}: {error.place.found}") from None
    except SchemaError as error:
        raise InvalidSchema(f"{_pointer(error.absolute_path) or '/'}: {error.message}") from None
    if foreign := next(_foreign_references(schema), None):
        raise InvalidSchema(f"$ref {foreign}: a schema may refer to itself only, by #/...")
    return schema


def _foreign_references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name in ("$ref", "$dynamicRef"):
            if isinstance(node.get(name), str) and not node[name].startswith("#"):
                yield node[name]
    for child in _children(node):
        yield from _foreign_references(child)


def complaints(schema: Mapping[str, Any], document: Any) -> list[Place]:
    """Return what in a document is not as the schema has it, at most :data:`MOST_COMPLAINTS`, in order."""
    # A registry of its own: the default one would fetch what a schema refers to.
    validator = Draft202012Validator(
        schema, registry=Registry(), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    found = islice(validator.iter_errors(document), MOST_COMPLAINTS)
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
