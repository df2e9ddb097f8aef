"""What holds a whole remittance."""

import datetime
from dataclasses import replace

import pytest
from posting_documents import PAYMENT_DATE, claim, line, remit
from posting_hospital import Hospital, figures

from odoo.addons.healthcare_integration_rcm_posting.posting import checks
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role

PAID = claim("A1", 600, 600)


def holds(given, **kwargs):
    plan = Hospital().plan(given, **kwargs)
    assert not plan.holds or not plan.entries
    return [finding.code for finding in plan.holds]


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ({"usage": "T"}, "remittance.hold.test_file"),
        ({"handling": "P"}, "remittance.hold.prenotification"),
        ({"handling": "H"}, "remittance.hold.notification_with_payment"),
        ({"method": "NON"}, "remittance.hold.notification_with_payment"),
        ({"credit_debit": "D"}, "remittance.hold.debit"),
        ({"trace": ""}, "remittance.hold.trace_missing"),
        ({"payment_date": None}, "remittance.hold.payment_date_missing"),
    ],
)
def test_header_that_holds(header, code):
    plan = Hospital().plan(remit(PAID, **header))
    (finding,) = plan.holds
    assert finding.code == code
    assert finding.severity == "error"
    assert all((finding.location, finding.expected, finding.found, finding.remedy))
    assert finding.amount == 600
    assert plan.entries == []


@pytest.mark.parametrize("paid", [-600, "-0.50"])
def test_negative_payment_holds(paid):
    assert holds(remit(claim("A1", paid, paid))) == ["remittance.hold.negative_payment"]


@pytest.mark.parametrize("header", [{}, {"method": "NON"}, {"handling": "H"}])
def test_remittance_without_payment_is_posted(header):
    assert holds(remit(claim("A1", 600, 0, ("PR", "1", 600)), **header)) == []


def test_hold_shows_what_was_expected_and_found():
    (test_file,) = Hospital().plan(remit(PAID, usage="T")).holds
    assert (test_file.location, test_file.expected, test_file.found) == ("ST 0001, ISA15", "P", "T")
    (untraced,) = Hospital().plan(remit(PAID, trace="")).holds
    assert (untraced.location, untraced.found) == ("ST 0001, TRN02", "nothing")


def test_test_file_is_posted_through_a_test_endpoint():
    assert holds(remit(PAID, usage="T"), test_endpoint=True) == []
    assert holds(remit(PAID), test_endpoint=True) == []


def test_total_that_does_not_balance_always_holds():
    hospital = Hospital().with_policy(post_balanced_claims=True)
    plan = hospital.plan(remit(PAID, plb=[("L6", "", -10)], amount=600))
    (finding,) = plan.holds
    assert finding.code == "remittance.hold.unbalanced"
    assert "CLP04 600 - PLB -10" in finding.expected
    assert finding.found == "600, difference -10"


UNBALANCED = [
    claim("A2", 600, 400, ("CO", "45", 150)),
    claim("A2", 600, 400, lines=[line(600, 400, ("CO", "45", 150)), line(0, 0, ("CO", "45", 50))]),
]


@pytest.mark.parametrize("unbalanced", UNBALANCED)
def test_unbalanced_claim_holds_the_remittance(unbalanced):
    plan = Hospital().plan(remit(PAID, unbalanced))
    (finding,) = plan.holds
    assert finding.code == "remittance.hold.unbalanced"
    assert "A2" in finding.found


def test_hold_shows_the_imbalance_whatever_else_was_found():
    given = remit(PAID, UNBALANCED[0])
    given.summary.findings.insert(0, replace(given.summary.findings[0], code="x12.segment_count", found="9"))
    (finding,) = Hospital().plan(given).holds
    assert (finding.expected, finding.found.endswith(": 400")) == ("450 = CLP03 600 - CAS 150", True)


@pytest.mark.parametrize("unbalanced", UNBALANCED)
def test_unbalanced_claim_waits_when_the_policy_posts_the_others(unbalanced):
    hospital = Hospital().with_policy(post_balanced_claims=True)
    hospital.invoice("A1", 600)
    hospital.invoice("A2", 600)
    first, second = hospital.receive(remit(PAID, unbalanced)).claims
    assert first.outcome is Outcome.POSTED
    assert figures(second) == {"unapplied_cash": -400}
    assert second.exceptions[0].finding.code == "remittance.claim.unbalanced"
    assert (hospital.open("A2"), hospital.balance(Role.CLEARING)) == (600, 1000)


def test_missing_account_holds_and_shows_where_it_is_needed():
    hospital = Hospital()
    hospital.invoice("A1", 600)
    del hospital.accounts[Role.ALLOWANCE]
    plan = hospital.plan(remit(claim("A1", 600, 400, ("CO", "45", 200))))
    (finding,) = plan.holds
    assert (finding.code, finding.found) == ("remittance.hold.account_missing", "allowance")
    assert "Contractual allowance" in finding.message
    assert [line.role for line in plan.entries[0].lines if line.account is None] == [Role.ALLOWANCE]


def test_account_that_is_not_needed_may_be_missing():
    hospital = Hospital()
    hospital.invoice("A1", 600)
    hospital.accounts = {Role.CLEARING: 101}
    assert hospital.plan(remit(PAID)).holds == []


def test_findings_that_only_the_books_can_tell():
    header = remit(PAID).header
    findings = [
        checks.payer_unknown(header),
        checks.payee_unknown(header),
        checks.period_locked(header, datetime.date(2026, 4, 1), "the company holds such payments"),
        checks.period_locked(header, None, "no day is open"),
    ]
    assert [finding.code.rpartition(".")[2] for finding in findings] == [
        "payer_unknown",
        "payee_unknown",
        "period_locked",
        "period_locked",
    ]
    assert "1512345678" in findings[0].found
    assert findings[1].found == "XX 1234567893 CITY HOSPITAL"
    assert "2026-04-01" in findings[2].expected
    assert str(PAYMENT_DATE) in findings[3].found
