"""The bank statement of the demo's fourth day, against the remittances that announce its deposits."""

import datetime
from collections import Counter
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import RemittanceHeader

from tests.sandbox.demo import bank
from tests.sandbox.demo.bank import AMBIGUOUS, NOT_YET, WITHOUT_TRACE, deposits
from tests.sandbox.demo.deliveries import deliveries
from tests.sandbox.test_demo_remittances import GARBLED, TODAY, book_of, payments


@pytest.fixture(scope="module")
def book():
    return book_of(TODAY)


@pytest.fixture(scope="module")
def headers(book):
    """The announced payments by control number, the second copy left out."""
    return {
        header.control_number: header
        for day in deliveries(book)
        for file in day
        if file.name != GARBLED
        for header, _claims, _summary in payments(file.content)
    }


def credits_of(book, header: RemittanceHeader):
    """The deposits of a payment's amount; the texts tell which of them name it."""
    return [deposit.text for deposit in deposits(book) if deposit.amount == header.amount]


def test_the_same_book_gives_the_same_statement(book, tmp_path):
    for name in ("first", "second"):
        bank.write(book_of(TODAY), tmp_path / name)
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()
    assert deposits(book) == deposits(book_of(TODAY))


def test_most_deposits_name_their_payment_and_no_other(book, headers):
    named = [deposit for deposit in deposits(book) if "TRN*1*" in deposit.text]
    assert len(named) == 10
    for deposit in named:
        [header] = [header for header in headers.values() if header.trace_number in deposit.text]
        assert (deposit.amount, deposit.date) == (header.amount, header.payment_date)


def test_one_deposit_is_known_by_its_amount_alone(book, headers):
    header = headers[WITHOUT_TRACE]
    assert credits_of(book, header) == ["ACH CREDIT QUILLMARK BENEFITS"]
    assert [other.amount for other in headers.values()].count(header.amount) == 1


def test_one_payment_has_two_deposits_that_could_be_it(book, headers):
    assert credits_of(book, headers[AMBIGUOUS]) == ["ACH CREDIT MAPLEWICK HEALTH PLAN"] * 2


def test_one_payment_is_still_on_its_way(book, headers):
    assert credits_of(book, headers[NOT_YET]) == []


def test_what_is_held_or_pays_nothing_is_no_deposit(book, headers):
    for number in ("0107", "0108", "0204", "0205", "0206"):
        assert credits_of(book, headers[number]) == []


def test_the_bank_numbers_each_deposit_once(book):
    lines = deposits(book)
    assert len(lines) == 13
    assert set(Counter(line.number for line in lines).values()) == {1}
    assert all(line.amount > Decimal(0) for line in lines)


@pytest.mark.parametrize("offset", range(0, 370, 61))
def test_the_statement_is_alike_on_any_day(offset):
    assert len(deposits(book_of(TODAY + datetime.timedelta(days=offset)))) == 13
