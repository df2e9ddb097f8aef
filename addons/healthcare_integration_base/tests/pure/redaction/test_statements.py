"""No value of a statement or of PostgreSQL's errors is left, whatever notation it has; the shape is."""

import doctest
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg2.extensions import QuotedString

from odoo.addons.healthcare_integration_base.redaction import statements
from odoo.addons.healthcare_integration_base.redaction.statements import (
    redact_details,
    redact_error,
    redact_logged_query,
    redact_statement,
)


def test_examples():
    results = doctest.testmod(statements)
    assert results.attempted
    assert not results.failed


@pytest.mark.parametrize(
    ("statement", "shape"),
    [
        ("SELECT 1", "SELECT ?"),
        ("SELECT name2 FROM t_1 WHERE a='O''Hara' -- Jane", "SELECT name2 FROM t_1 WHERE a=? "),
        (r"UPDATE t SET a = E'it\'s Jane', b = 2.5e3", "UPDATE t SET a = ?, b = ?"),
        ("INSERT INTO t (a, b) VALUES ('x', 1), ('y', 2)", "INSERT INTO t (a, b) VALUES (?, ...), ..."),
        (r"SELECT '\x4a616e65'::bytea, $$Jane$$, $q$Ja$$ne$q$", "SELECT ?::bytea, ?, ..."),
        ('SELECT "na""me" FROM "t" WHERE id = %s', 'SELECT "na""me" FROM "t" WHERE id = %s'),
        ("SELECT 'open Jane", "SELECT ?"),
        ("SELECT E'open Jane\\", "SELECT ?"),
        ("SELECT $$open Jane", "SELECT ?"),
        (
            "/* Jane */ SELECT ARRAY['a','b'] FROM t LIMIT 80 OFFSET .5",
            " SELECT ARRAY[?, ...] FROM t LIMIT ? OFFSET ?",
        ),
        (b"SELECT 'J\xc3\xa4ne'", "SELECT ?"),
    ],
)
def test_the_shape_stays_and_the_values_go(statement, shape):
    assert redact_statement(statement) == shape


@given(st.lists(st.text(max_size=30).filter(lambda text: "\0" not in text), min_size=1, max_size=4))
def test_no_quoted_value_is_left(values):
    marked = [f"Quarles{value}Wexford" for value in values]
    quoted = ", ".join(_quote(value) for value in marked)
    shape = redact_statement(f"INSERT INTO t (a) VALUES ({quoted}) RETURNING id")
    assert "Quarles" not in shape
    assert "Wexford" not in shape
    assert shape.endswith("RETURNING id")


def _quote(value):
    adapter = QuotedString(value)
    adapter.encoding = "utf8"
    try:
        return adapter.getquoted().decode("utf-8")
    except UnicodeEncodeError:
        return "'QuarlesWexford'"


@given(st.text(alphabet="'\"\\$eE?%(),-/*\n 1aq", max_size=60))
def test_any_text_is_redacted_in_linear_time(text):
    redact_statement(text)
    redact_error(text)
    redact_details(text)
    redact_logged_query(f"bad query: {text}")


def test_a_long_statement_is_cut():
    began = time.monotonic()
    shape = redact_statement("INSERT INTO t VALUES ('" + "Jane''" * 1_000_000 + "')")
    assert time.monotonic() - began < 1
    assert shape == "INSERT INTO t VALUES (? [cut]"


ERRORS = [
    ("could not serialize access due to concurrent update", None),
    ('relation "res_partner" does not exist', None),
    ('null value in column "ref" of relation "res_partner" violates not-null constraint', None),
    ("value too long for type character varying(4)", None),
    ('new\nDETAIL:  Failing row contains (7, Jane "Q" (x), null).', "new\nDETAIL: Failing row contains (?)."),
    (
        'violates foreign key constraint "k"\nDETAIL:  Key (a)=(7) is not present in table "b".',
        'violates foreign key constraint "k"\nDETAIL: Key (a)=(?) is not present in table "b".',
    ),
    (
        "x\nDETAIL:  Key (lower(name::text), b)=(Jane) already exists.\nJane, 1) already exists.",
        "x\nDETAIL: Key (lower(name::text), b)=(?) already exists.",
    ),
    ('invalid input syntax for type date: "Jane "Q" x"', "invalid input syntax for type date: ?"),
    ('syntax error at or near "Jane"\nLINE 1: SELECT Jane\n   ^', "syntax error at or near ?\nLINE 1: ?"),
    (
        'no json\nDETAIL:  Token "Jane" is invalid.\nCONTEXT:  JSON data, line 1: Jane',
        "no json\nDETAIL: ?\nCONTEXT: ?",
    ),
]


@pytest.mark.parametrize(("error", "redacted"), ERRORS)
def test_errors_keep_what_they_are_about(error, redacted):
    assert redact_error(error + "\n") == (redacted or error)


@pytest.mark.parametrize(
    "query",
    ["INSERT INTO t VALUES ('Jane')", b"INSERT INTO t VALUES ('Jane')", b"UPDATE \"t\" SET a = 'Jane'"],
)
def test_a_line_that_was_put_together_is_taken_apart(query):
    line = "bad query: %s\nERROR: %s" % (query, "duplicate\nDETAIL:  Key (a)=(Jane) already exists.")  # noqa: UP031
    redacted = redact_logged_query(line)
    assert "Jane" not in redacted
    assert redacted.startswith(("bad query: INSERT INTO t VALUES (?)", 'bad query: UPDATE "t" SET a = ?'))
    assert redacted.endswith("Key (a)=(?) already exists.")
