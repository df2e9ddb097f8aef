"""The filter of the log: statements and errors of any make leave without the value that is in them."""

from odoo.addons.healthcare_integration_base.redaction.statements import (
    redact_details,
    redact_error,
    redact_logged_query,
    redact_statement,
)

from tests.fuzz.mutations import mutated

SHARE = 10
SEEDS = [
    b"INSERT INTO res_partner (name, born) VALUES (E'O\\'Hara', '1950-01-01'::date), ($$x$$, NULL)",
    b"bad query: b'UPDATE t SET a = \\'Jane\\''\nERROR: duplicate\nDETAIL:  Key (a)=(Jane) already exists.",
    b"invalid input syntax for type integer: \"Jane\"\nLINE 1: SELECT 'Jane'\n               ^",
    b"Failing row contains (7, Jane, null).\nCONTEXT:  SQL statement\nHINT:  none",
]
WORDS = (
    b"'",
    b'"',
    b"\\",
    b"$$",
    b"$q$",
    b"--",
    b"/*",
    b"*/",
    b"E'",
    b"(",
    b")",
    b"\nDETAIL: ",
    b"\nERROR: ",
    b"b'",
)
SECRET = "Quarles7Wexford"


def make(chance):
    return mutated(chance, SEEDS, WORDS)


def run(data):
    text = data.decode("utf-8", "replace")
    for redact in (redact_statement, redact_error, redact_details, redact_logged_query):
        redact(text)
    literal = text.replace("'", "''")
    assert SECRET not in redact_statement(f"SELECT '{literal}{SECRET}' FROM t"[:15_000])
