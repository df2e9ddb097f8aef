"""The table of what happened: it fits the terminal and never hides a difference."""

from tests.sandbox.demo.outcome import WIDTH, Cause, Outcome, Row, render

POSTED = Row("MPW_20260301_101.835", "Maplewick Health Plan", 30, 29, 13767.92, 13767.92, "posted")
LONG = "The payer denied part of the claim; that amount stays open on the invoice (CO 96, CO 97, CO 16) " * 3


def table(*rows, causes=()):
    return render(Outcome(list(rows), list(causes))).splitlines()


def row_of(lines, file):
    return next(line for line in lines if line.startswith(file))


def test_a_row_shows_what_was_paid_and_what_clears():
    line = row_of(table(POSTED), "MPW_")
    assert line.split()[-6:] == ["30", "29", "13,767.92", "13,767.92", "yes", "posted"]


def test_a_difference_of_a_cent_shows_in_the_row_and_in_the_total():
    wrong = Row("QLM_20260301_103.835", "Quillmark", 1, 1, 100.0, 99.99, "posted")
    lines = table(POSTED, wrong)
    assert " NO " in row_of(lines, "QLM_")
    assert row_of(lines, "2 files").endswith("NO")
    assert row_of(table(POSTED), "1 files").endswith("yes")


def test_rounding_is_no_difference():
    assert Row("x", paid=0.1 + 0.2, cleared=0.3).clears == "yes"


def test_what_is_held_clears_nothing_and_counts_nothing():
    held = Row("ORD_20260301_206.835", "Orrendale", 6, None, 4062.07, None, "held", ["It does not balance"])
    lines = table(POSTED, held)
    assert row_of(lines, "ORD_").split()[-3:] == ["6", "4,062.07", "held"]
    assert "    - It does not balance" in lines
    total = row_of(lines, "2 files")
    assert "1 payments posted" in total and "13,767.92" in total


def test_every_line_fits_whatever_the_names_are():
    row = Row(
        "X" * 80, "A very long name of a payer that does not end", 9999, 9999, 9e8, 9e8, "posted", [LONG]
    )
    lines = table(row, causes=[Cause("code", LONG, 12, 123456.78)])
    assert max(map(len, lines)) <= WIDTH


def test_a_file_with_several_payments_is_named_once():
    lines = table(POSTED, POSTED)
    assert sum(line.startswith("MPW_") for line in lines) == 1


def test_open_exceptions_are_counted_with_their_money():
    lines = table(POSTED, causes=[Cause("a", "First", 4, 1866.95), Cause("b", "Second", 1, 0.0)])
    assert "5 exceptions wait for a biller (Integrations, Exceptions):" in lines
    assert "   4      1,866.95  First" in lines
    assert "No exception is open." in table(POSTED)


def test_the_bank_column_and_its_sum():
    matched = Row("MPW_20260301_101.835", "Maplewick", 30, 29, 13767.92, 13767.92, "posted", bank="matched")
    waiting = Row("MPW_20260301_105.835", "Maplewick", 6, 6, 99.5, 99.5, "posted", bank="waiting")
    nothing_due = Row("TDW_20260301_205.835", "Tideway", 4, 4, 0.0, 0.0, "posted")
    lines = render(Outcome([matched, waiting, nothing_due], [], [99.5, 99.5])).splitlines()
    assert row_of(lines, "MPW_20260301_101").split()[-2:] == ["posted", "matched"]
    assert row_of(lines, "TDW_").split()[-1] == "posted"
    assert "The bank brought 1 of 2 payments, 13,767.92; 2 deposits wait for a person." in lines
    assert max(map(len, lines)) <= WIDTH


def test_without_a_statement_nothing_is_said_of_the_bank():
    assert not [line for line in table(POSTED) if "The bank" in line]
