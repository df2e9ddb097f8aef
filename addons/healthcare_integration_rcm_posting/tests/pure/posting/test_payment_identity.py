"""When two remittances are one payment, and when they say the same."""

import copy
import datetime

import pytest
from posting_documents import claim, line, money, remit

from odoo.addons.healthcare_integration_rcm_posting.posting.identity import ContentHash, payment_identity


def content_hash(given):
    digest = ContentHash(given.header)
    for each in given.claims:
        digest.add_claim(each)
    return digest.finish(given.summary)


def key(given, company=1):
    return payment_identity(company, given.header, content_hash(given)).key


def paid(**header):
    return remit(claim("A1", 600, "500.00", ("CO", "45", 100)), plb=[("L6", "", "-1.50")], **header)


def test_another_delivery_has_the_same_content_and_identity():
    first, second = paid(), paid()
    second.header.control_number = "0099"
    second.header.interchange_control_number = "000000123"
    second.header.sender, second.header.receiver, second.header.usage = "OTHER", "ELSE", "T"
    second.header.amount = money("501.5")
    second.claims[0].position = 4711
    second.claims[0].paid = money("500")
    second.summary.provider_adjustments[0].amount = money("-1.5")
    second.summary.findings, second.claims[0].findings = first.summary.findings * 2, []
    assert content_hash(first) == content_hash(second)
    assert key(first) == key(second)


@pytest.mark.parametrize(
    "header",
    [
        {"payer_identifier": "1999999999"},
        {"payer_supplemental": "SUB"},
        {"trace": "T2"},
        {"payment_date": datetime.date(2026, 3, 3)},
        {"amount": 502},
    ],
)
def test_each_part_of_the_identity_counts(header):
    assert key(paid()) != key(paid(**header))


def test_identity_in_clear_text():
    assert payment_identity(7, paid().header, "hash") == (
        7,
        "1512345678",
        "",
        "T1",
        "2026-03-02",
        "501.5",
        "1234567893",
        "",
    )
    nothing = payment_identity(7, remit(amount="-0.00", payment_date=None).header, "hash")
    assert (nothing.payment_date, nothing.amount, nothing.content) == ("", "0", "hash")


def test_company_and_payee_count():
    other = paid()
    other.header.payee.identifier = "1999999999"
    assert len({key(paid()), key(other), key(paid(), company=2)}) == 3


def test_parts_do_not_run_together():
    assert key(paid(trace="T1", payer_supplemental="")) != key(paid(trace="", payer_supplemental="T1"))


def unpaid(claim_id="A1"):
    return remit(claim(claim_id, 600, 0, ("PR", "1", 600)), trace="000000000")


def test_content_joins_the_identity_of_a_remittance_without_payment():
    assert key(unpaid()) == key(unpaid())
    assert key(unpaid("A1")) != key(unpaid("A2"))


def test_same_payment_with_other_content_has_the_same_identity():
    other = paid()
    other.claims[0].adjustments[0].reason = "253"
    assert key(paid()) == key(other)
    assert content_hash(paid()) != content_hash(other)


def changes():
    yield lambda r: setattr(r.header, "method", "CHK")
    yield lambda r: setattr(r.header.payer, "name", "OTHER")
    yield lambda r: r.header.payee.references.update(TJ="123456789")
    yield lambda r: setattr(r.claims[0], "remarks", ("MA01",))
    yield lambda r: setattr(r.claims[0].service_lines[0], "control_number", "7")
    yield lambda r: setattr(r.claims[0].service_lines[0], "units", money(2))
    yield lambda r: r.claims[0].service_lines[0].adjustments.reverse()
    yield lambda r: setattr(r.summary.provider_adjustments[0], "reference", "X")
    yield lambda r: r.claims.reverse()


@pytest.mark.parametrize("change", list(changes()))
def test_every_part_of_the_content_counts(change):
    first = remit(
        claim("A1", 600, 500, lines=[line(600, 500, ("CO", "45", 60), ("PR", "1", 40))]),
        claim("A2", 10, 10),
        plb=[("L6", "", -1)],
    )
    second = copy.deepcopy(first)
    change(second)
    assert content_hash(first) != content_hash(second)
