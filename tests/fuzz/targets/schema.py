"""JSON Schemas of any make, and the documents that programs send to be checked against one."""

import json

from odoo.addons.healthcare_integration_base.doors.json_document import (
    InvalidSchema,
    MalformedJson,
    complaints,
    read_json,
    read_schema,
)

from tests.fuzz.mutations import mutated
from tests.fuzz.values import value

SHARE = 15
#: Of a hundred inputs so many have a schema of their own: reading one takes milliseconds.
NEW_SCHEMAS = 10
SOUND = [
    {
        "$defs": {
            "line": {"type": "object", "required": ["item"], "properties": {"item": {"pattern": "^[A-Z]+$"}}}
        },
        "properties": {
            "order": {"type": "integer", "minimum": 1, "multipleOf": 2},
            "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}, "uniqueItems": True, "minItems": 1},
        },
        "required": ["order", "a/b"],
        "additionalProperties": False,
    },
    {
        "$id": "urn:a",
        "$defs": {
            "node": {"$dynamicAnchor": "n", "properties": {"a": {"$dynamicRef": "#n"}}, "maxProperties": 3}
        },
        "anyOf": [
            {"$ref": "#/$defs/node"},
            {"type": ["array", "null"], "contains": {"const": 1}, "maxContains": 2},
        ],
        "unevaluatedProperties": {"type": "string", "format": "date"},
    },
    {
        "oneOf": [
            {"multipleOf": 0.01},
            {"exclusiveMaximum": 1e-300},
            {"format": "ipv6"},
            {"enum": [1, [True], {"a": 0}]},
        ],
        "not": {"format": "regex"},
        "if": {"type": "number"},
        "then": {"maximum": 10**299},
        "else": {"maxLength": 3},
    },
    {
        "patternProperties": {"^a+": {"type": "number"}, "\\d$": False},
        "propertyNames": {"maxLength": 5, "format": "uuid"},
        "dependentRequired": {"a": ["b"]},
        "dependentSchemas": {"b": {"minProperties": 2}},
    },
    {
        "prefixItems": [{"type": "integer"}, {"format": "idn-hostname"}],
        "unevaluatedItems": False,
        "contains": True,
    },
]
DOCUMENTS = [
    b'{"order": 2, "lines": [{"item": "AB"}, {"item": "C"}], "a/b": null}',
    b'{"a": {"a": {"a": {}}}, "b": "2026-02-30"}',
    b'["::1", 1, 1.0, true, [1], {"a": 1}]',
]
WORDS = (
    *(
        b"{",
        b"}",
        b"[",
        b"]",
        b'"',
        b",",
        b":",
        b"[" * 80,
        b'{"a":' * 90,
        b"\\ud800",
        b"\\u0000",
        b"1e308",
        b"5e-324",
    ),
    *(
        b"9" * 299,
        b"-0",
        b"-0.0",
        b'"$ref":',
        b'"$id":',
        b'"#/',
        b'"#"',
        b'"http://["',
        b'"pattern":',
        b'"type":',
        b"%",
    ),
)
NAMES = ("a", "b", "order", "lines", "item", "a/b", "~", "", "a1", "\ud800", "x" * 50)
SCALARS = (
    *(
        None,
        True,
        False,
        0,
        1,
        2,
        -1,
        10**299,
        1.5,
        1e308,
        5e-324,
        -0.0,
        "",
        "A",
        "a1",
        "\ud800",
        "\0",
        "é",
        "2026-02-28",
    ),
    *(
        "::1%1",
        "1.2.3.4",
        "(?=a)",
        "^(a+)+$",
        "[",
        "xn--a",
        "a" * 300,
        "12:00:00",
        "{%s}" % ("0" * 36),
        "-" * 36,
    ),
)
SCHEMAS = [read_schema(json.dumps(schema)) for schema in SOUND]
TYPES = ("string", "number", "integer", "boolean", "null", "array", "object")
PLACES = ("a", "b", "n", "required", "0", "x", "")
PATTERNS = (
    "^a",
    "b$",
    "(a|b)*",
    "\\d{2}",
    "[",
    "(?=a)",
    "\\p{L}",
    "\\u00e9",
    "\ud800",
    "é",
    "a{1001}",
    ".*.*.*x",
)
FORMATS = ("date", "time", "email", "ipv4", "ipv6", "uuid", "regex", "idn-hostname", "duration", "none")


def make(chance):
    if chance.randrange(100) >= NEW_SCHEMAS:
        return chance.randrange(len(SCHEMAS)), _document(chance)
    if chance.random() < 0.3:
        return mutated(chance, [json.dumps(schema).encode() for schema in SOUND], WORDS, 3), _document(chance)
    return json.dumps(_schema(chance, 3)).encode(), _document(chance)


def _document(chance):
    if chance.random() < 0.3:
        return mutated(chance, DOCUMENTS, WORDS, 3)
    return json.dumps(value(chance, NAMES, SCALARS, 4)).encode()


# === SCHEMAS: each keyword has a value that fits, or now and then any other === #


def _schema(chance, depth):
    if not depth or chance.random() < 0.1:
        return chance.choice((True, False, {}, {"type": chance.choice(TYPES)}, {"$ref": _reference(chance)}))
    keywords = chance.sample(list(KEYWORDS), chance.randint(1, 5))
    return {
        keyword: KEYWORDS[keyword](chance, depth - 1)
        if chance.random() < 0.97
        else value(chance, NAMES, SCALARS, 2)
        for keyword in keywords
    }


def _schemas(chance, depth):
    return [_schema(chance, depth) for _schema_ in range(chance.randint(1, 3))]


def _named(chance, depth):
    return {
        chance.choice(("a", "b", *NAMES)): _schema(chance, depth) for _schema_ in range(chance.randint(1, 3))
    }


def _patterns(chance, depth):
    return {chance.choice(PATTERNS): _schema(chance, depth) for _schema_ in range(chance.randint(1, 2))}


def _reference(chance, _depth=0):
    kind = chance.random()
    if kind < 0.1:
        return chance.choice(("", "urn:a", "http://[", "#/%", "other", "#\ud800", "#/~"))
    if kind < 0.6:
        return chance.choice(
            ("#", "#n", "#/$defs/a", "#/$defs/b", "#/properties/a", "#/x", "#/x/a", "#/anyOf/0")
        )
    steps = (chance.choice((*KEYWORDS, *PLACES)) for _step in range(chance.randint(1, 2)))
    return f"#/{'/'.join(steps)}"


def _from(*choices):
    return lambda chance, _depth: chance.choice(choices)


def _number(chance, _depth):
    return chance.choice((0, 1, 2, 0.01, 5e-324, 1e308, 10**299, -1, -1.5))


def _count(chance, _depth):
    return chance.choice((0, 1, 2, 1.0, 10**299))


def _name_list(chance, _depth):
    return chance.sample(NAMES, chance.randint(0, 3))


def _any(chance, _depth):
    return value(chance, NAMES, SCALARS, 2)


KEYWORDS = {
    **dict.fromkeys(("allOf", "anyOf", "oneOf", "prefixItems"), _schemas),
    **dict.fromkeys(("$defs", "properties", "dependentSchemas", "definitions", "x"), _named),
    **dict.fromkeys(("not", "if", "then", "else", "items", "contains", "propertyNames", "n"), _schema),
    **dict.fromkeys(("additionalProperties", "unevaluatedProperties", "unevaluatedItems"), _schema),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"), _number),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems", "minProperties"), _count),
    **dict.fromkeys(("maxProperties", "minContains", "maxContains"), _count),
    **dict.fromkeys(("$ref", "$dynamicRef"), _reference),
    **dict.fromkeys(("$anchor", "$dynamicAnchor"), _from("n", "n", "m", "a/b")),
    **dict.fromkeys(("const", "default"), _any),
    "$id": _from("urn:a", "", "#", "a", "http://[", "http://x.example:y/", "//", "#n"),
    "$schema": _from(
        "https://json-schema.org/draft/2020-12/schema", "http://json-schema.org/draft-04/schema#", "x"
    ),
    "id": _from("urn:a", 5, "#a"),
    "enum": lambda chance, depth: [_any(chance, depth) for _item in range(chance.randint(0, 3))],
    "type": lambda chance, _depth: chance.choice((chance.choice(TYPES), chance.sample(TYPES, 2))),
    "format": _from(*FORMATS),
    "pattern": _from(*PATTERNS),
    "patternProperties": _patterns,
    "required": _name_list,
    "dependentRequired": lambda chance, depth: {chance.choice(NAMES): _name_list(chance, depth)},
    "uniqueItems": _from(True, False),
}


def run(data):
    given, body = data
    try:
        schema = SCHEMAS[given] if isinstance(given, int) else read_schema(given.decode("utf-8", "replace"))
        document = read_json(body)
    except InvalidSchema as error:
        assert str(error)
        return
    except MalformedJson as error:
        assert error.place.expected
        return
    for place in complaints(schema, document):
        assert place.pointer and place.expected and place.found
