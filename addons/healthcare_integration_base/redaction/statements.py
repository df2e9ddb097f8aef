"""SQL statements and PostgreSQL's error texts without the values in them.

psycopg2 writes the values into the statement before it is sent, so whoever logs the statement logs them.
PostgreSQL repeats values in its errors: in the first line of some (class 22), in DETAIL, CONTEXT and LINE.
"""

from __future__ import annotations

import re

#: Longer statements are cut: what follows is values, and reading megabytes of them would take long.
LONGEST_STATEMENT = 20_000
WITHHELD = "?"

# Strings in each notation of PostgreSQL; an open one, as in a statement that was cut, ends with the text.
_TOKEN = re.compile(
    r"""
      (?P<kept>"(?:[^"]+|"")*(?:"|\Z) | %\(\w+\)s | %s)
    | (?P<comment>--[^\n]* | /\*.*?(?:\*/|\Z))
    | (?P<value>
          [eE]'(?:[^'\\]+|\\(?:.|\Z)|'')*(?:'|\Z)
        | '(?:[^']+|'')*(?:'|\Z)
        | \$(?P<tag>\w*)\$.*?(?:\$(?P=tag)\$|\Z)
        | \.?\d[\w.]*
      )
    | (?P<word>[^\W\d][\w$]*)
    """,
    re.VERBOSE | re.DOTALL,
)
_BYTES_NOTATION = re.compile(r"b'(?:[^'\\]|\\.)*'|b\"(?:[^\"\\]|\\.)*\"", re.DOTALL)
_ESCAPE = re.compile(r"\\(?:x(?P<code>[0-9a-fA-F]{2})|(?P<character>.))", re.DOTALL)
_SEVERAL_VALUES = re.compile(r"\?(?:\s*,\s*\?)+")
_SEVERAL_ROWS = re.compile(r"(\([^()?]*\?[^()]*\))(?:\s*,\s*\([^()?]*\?[^()]*\))+")


def redact_statement(statement: str | bytes) -> str:
    """Return a statement with ``?`` in place of each value; names and keywords stay.

    >>> redact_statement("SELECT id FROM res_partner WHERE name = 'Jane' AND color IN (1, 2) LIMIT 80")
    'SELECT id FROM res_partner WHERE name = ? AND color IN (?, ...) LIMIT ?'
    """
    if isinstance(statement, (bytes, bytearray, memoryview)):
        statement = bytes(statement).decode("utf-8", "replace")
    is_cut = len(statement) > LONGEST_STATEMENT
    shape = _TOKEN.sub(_without_value, statement[:LONGEST_STATEMENT])
    shape = _SEVERAL_ROWS.sub(r"\1, ...", _SEVERAL_VALUES.sub("?, ...", shape))
    return f"{shape} [cut]" if is_cut else shape


def _without_value(token: re.Match) -> str:
    if token["value"] is not None:
        return WITHHELD
    return "" if token["comment"] is not None else token[0]


def redact_logged_query(text: str) -> str:
    """Return Odoo's line ``bad query: ...`` with its error, after it was put together, without values.

    The statement stands there as text, or as the notation of a bytes object.
    """
    prefix, _space, rest = text.partition("bad query: ")
    if rest.startswith(("b'", 'b"')):
        statement, separator, error = rest.partition("\nERROR: ")
        statement = _evaluated(statement)
    else:
        statement, separator, error = rest.rpartition("\nERROR: ")
        if not separator:
            statement, error = rest, ""
    return f"{prefix}bad query: {redact_statement(statement)}{separator}{redact_error(error)}"


def _evaluated(notation: str) -> str:
    """Return the text of a bytes object's notation; nothing of one that is incomplete."""
    if not _BYTES_NOTATION.fullmatch(notation):
        return ""
    return _ESCAPE.sub(_unescaped, notation[2:-1])


def _unescaped(escape: re.Match) -> str:
    if escape["code"]:
        return chr(int(escape["code"], 16))
    return {"n": "\n", "r": "\r", "t": "\t"}.get(escape["character"], escape["character"])


# === ERRORS === #

# What PostgreSQL names in double quotes after one of these words is a part of the schema.
_NAMED = re.compile(
    r"\b(?:aggregate|column|constraint|cursor|database|domain|encoding|extension|function|index|language|"
    r"operator class|parameter|policy|procedure|relation|role|rule|savepoint|schema|sequence|table|trigger|"
    r'type|user|view) "[A-Za-z_][\w.$]*"'
)
_QUOTED = re.compile(r'".*"|\'.*\'|"[^"]*\Z|\'[^\']*\Z', re.DOTALL)
_PART = re.compile(r"^(DETAIL|HINT|CONTEXT|QUERY|WHERE|STATEMENT|LOCATION|LINE \d+):", re.MULTILINE)
_KEY_DETAIL = re.compile(
    r"(?P<columns>Key \([^()=]*(?:\([^()]*\)[^()=]*)*\)=)\(.*\)"
    r"(?P<rest> (?:already exists|is not present in table \"\w+\"|is still referenced from table \"\w+\""
    r"|is duplicated|conflicts with existing key))",
    re.DOTALL,
)


def redact_error(text: object) -> str:
    """Return PostgreSQL's error without the values in it; what it is about and where stays.

    >>> print(redact_error('violates unique constraint "x_uniq"\\nDETAIL:  Key (a)=(Jane) already exists.'))
    violates unique constraint "x_uniq"
    DETAIL: Key (a)=(?) already exists.
    >>> redact_error('invalid input syntax for type integer: "Jane"')
    'invalid input syntax for type integer: ?'
    """
    pieces = _PART.split(str(text)[:LONGEST_STATEMENT])
    lines = [_without_quoted(pieces[0].rstrip())]
    for label, content in zip(pieces[1::2], pieces[2::2], strict=True):
        lines.append(f"{label}: {_redacted_part(label, content.strip())}")
    return "\n".join(lines)


def _redacted_part(label: str, content: str) -> str:
    if label == "HINT":
        return _without_quoted(content)
    if label != "DETAIL":
        return WITHHELD
    if match := _KEY_DETAIL.match(content):
        return f"{match['columns']}({WITHHELD}){match['rest']}."
    return f"Failing row contains ({WITHHELD})." if content.startswith("Failing row") else WITHHELD


def _without_quoted(text: str) -> str:
    """Replace from the first quote that names no part of the schema to the last: values may hold quotes."""
    names: list[str] = []

    def set_aside(match: re.Match) -> str:
        names.append(match[0])
        return f"\0{len(names) - 1}\0"

    redacted = _QUOTED.sub(WITHHELD, _NAMED.sub(set_aside, text.replace("\0", "")))
    return re.sub("\0(\\d+)\0", lambda match: names[int(match[1])], redacted)


_DATABASE_ERROR = re.compile(r"^(psycopg2\.[\w.]+: )(.*)$", re.MULTILINE)


def redact_details(text: str) -> str:
    """Return a text, such as a traceback, in which the values in PostgreSQL's errors are replaced.

    >>> redact_details("psycopg2.errors.UniqueViolation: duplicate\\nDETAIL:  Key (a)=(Jane) already exists.")
    'psycopg2.errors.UniqueViolation: duplicate\\nDETAIL: Key (a)=(?) already exists.'
    """
    text = _DATABASE_ERROR.sub(lambda match: match[1] + _without_quoted(match[2]), text)
    if not _PART.search(text):
        return text
    pieces = _PART.split(text)
    parts = [
        f"{label}: {_redacted_part(label, content.strip())}"
        for label, content in zip(pieces[1::2], pieces[2::2], strict=True)
    ]
    return "\n".join([pieces[0].rstrip("\n"), *parts])
