"""Adjustments that waited for a rule, and what a review of them may settle."""

import pytest
from posting_documents import claim, money, remit
from posting_hospital import INVOICE_RECEIVABLE, NEXT_PAYER, PATIENT, codes, figures

from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import Addressee
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import PostingRule, Treatment

ALLOWED = PostingRule(Treatment.ALLOWANCE, "CO", "9999")
DENIED = PostingRule(Treatment.DENIAL, "CO", "9999")
TRANSFERRED = PostingRule(Treatment.TRANSFER, "CO", "9999")
PARTLY_UNKNOWN = claim("A1", 600, 400, ("PR", "1", 100), ("CO", "9999", 100))


def values(**amounts):
    return {role: money(amount) for role, amount in amounts.items()}


def settle_invoice(hospital):
    hospital.pay(hospital.invoices["A1"].receivable[0], hospital.open("A1"))


def test_a_new_rule_posts_against_the_invoice(hospital):
    received = remit(PARTLY_UNKNOWN)
    hospital.receive(received)
    (plan,) = hospital.review(received, ALLOWED)
    assert figures(plan) == values(claim_receivable=-100, allowance=100)
    assert (plan.outcome, plan.exceptions, hospital.open("A1")) == (Outcome.POSTED, [], 0)
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 100


@pytest.mark.parametrize("rule", [ALLOWED, TRANSFERRED])
@pytest.mark.parametrize(
    ("status", "role", "partner"),
    [("1", Role.PATIENT_RECEIVABLE, PATIENT), ("19", Role.PAYER_RECEIVABLE, NEXT_PAYER)],
)
def test_what_the_claim_moved_to_others_is_not_settled_by_its_review(hospital, status, role, partner, rule):
    received = remit(claim("A1", 600, 400, ("PR", "1", 100), ("CO", "9999", 100), status=status))
    hospital.receive(received)
    settle_invoice(hospital)
    (plan,) = hospital.review(received, rule)
    assert (plan.lines, codes(plan)) == ([], ["remittance.claim.nothing_open"])
    assert hospital.balance(role, partner) == 100


def test_what_an_identical_earlier_remittance_moved_is_not_settled_by_a_review(hospital):
    hospital.receive(remit(PARTLY_UNKNOWN))
    copy = remit(PARTLY_UNKNOWN, trace="T2")
    hospital.receive(copy)
    assert hospital.open("A1") == 0
    (plan,) = hospital.review(copy, ALLOWED)
    assert (plan.lines, codes(plan)) == ([], ["remittance.claim.nothing_open"])
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 100


def test_what_a_later_copy_in_the_same_remittance_moved_is_not_settled_by_a_review(hospital):
    hospital.invoice("A2", 1200)
    copies = remit(*(claim("A2", 600, 400, ("PR", "1", 100), ("CO", "9999", 100)) for _copy in range(2)))
    hospital.receive(copies)
    hospital.pay(hospital.invoices["A2"].receivable[0], 200)
    plans = hospital.review(copies, ALLOWED)
    assert [codes(plan) for plan in plans] == [["remittance.claim.nothing_open"]] * 2
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 200


def test_copies_of_one_remittance_meet_what_the_review_posted_before_them(hospital):
    hospital.invoice("A2", 1200)
    copies = remit(*(claim("A2", 600, 400, ("PR", "1", 100), ("CO", "9999", 100)) for _copy in range(2)))
    hospital.receive(copies)
    hospital.pay(hospital.invoices["A2"].receivable[0], 100)
    first, second = hospital.review(copies, ALLOWED)
    assert [line.account for line in first.lines] == [INVOICE_RECEIVABLE, hospital.accounts[Role.ALLOWANCE]]
    assert (second.lines, codes(second)) == ([], ["remittance.claim.nothing_open"])


def test_copies_of_one_remittance_leave_what_the_review_moved_before_them(hospital):
    hospital.invoice("A2", 1000)
    copies = remit(*(claim("A2", 600, 400, ("CO", "8888", 100), ("CO", "9999", 100)) for _copy in range(2)))
    hospital.receive(copies)
    moved = PostingRule(Treatment.TRANSFER, "CO", "8888")
    first, second = hospital.review(copies, moved, ALLOWED)
    assert figures(first) == values(claim_receivable=-200, allowance=100, patient_receivable=100)
    assert (second.lines, codes(second)) == ([], ["remittance.claim.nothing_open"])
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 100


def test_a_new_rule_that_denies_raises_all_that_is_denied_of_the_claim(hospital):
    received = remit(claim("A1", 600, 400, ("CO", "50", 120), ("CO", "9999", 80)))
    hospital.receive(received)
    (plan,) = hospital.review(received, DENIED)
    assert (plan.lines, plan.outcome, plan.denied) == ([], Outcome.PARTIALLY_POSTED, 200)
    (exception,) = plan.exceptions
    assert (exception.finding.code, exception.finding.amount) == ("remittance.claim.line_denied", 200)
    assert exception.finding.found == "CO 50, CO 9999"


@pytest.mark.parametrize(
    ("other", "exceptions"),
    [
        (("CO", "50", 80), []),  # denied before
        (("CO", "8888", 80), []),  # waits on
    ],
)
def test_a_claim_of_which_something_is_left_to_a_person_stays_partially_posted(hospital, other, exceptions):
    received = remit(claim("A1", 600, 400, other, ("CO", "9999", 120)))
    hospital.receive(received)
    (plan,) = hospital.review(received, ALLOWED)
    assert (figures(plan), plan.outcome) == (
        values(claim_receivable=-120, allowance=120),
        Outcome.PARTIALLY_POSTED,
    )
    assert codes(plan) == exceptions


def test_a_review_takes_only_what_neither_the_prior_payer_nor_the_claim_itself_took(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")))
    later = claim("A1", 600, 70, ("OA", "23", 400), ("CO", "45", 60), ("CO", "9999", 70), status="2")
    received = remit(later, trace="T2")
    hospital.receive(received, NEXT_PAYER)
    (plan,) = hospital.review(received, ALLOWED, payer=NEXT_PAYER)
    assert figures(plan) == values(claim_receivable=-30, allowance=30)
    assert (hospital.balance(Role.ALLOWANCE), hospital.balance(Role.PAYER_RECEIVABLE)) == (130, 0)


def test_a_review_of_a_later_payers_claim_that_no_prior_payer_adjusted(hospital):
    received = remit(claim("A1", 600, 470, ("CO", "45", 60), ("CO", "9999", 70), status="2"))
    hospital.receive(received)
    (plan,) = hospital.review(received, ALLOWED)
    assert figures(plan) == values(claim_receivable=-70, allowance=70)
    assert plan.exceptions == []


def test_a_debt_that_another_decision_moved_can_be_settled_by_a_review(hospital):
    hospital.receive(remit(claim("A1", 600, 0, ("PR", "1", 600))))
    corrected = remit(claim("A1", 600, 400, ("PR", "1", 100), ("CO", "9999", 100)), trace="T2")
    hospital.receive(corrected)
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 200
    (plan,) = hospital.review(corrected, ALLOWED)
    assert figures(plan) == values(claim_receivable=-100, allowance=100)
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 100


@pytest.mark.parametrize(("status", "patient_share", "transferred"), [("1", 100, 0), ("19", 0, 100)])
def test_a_review_tells_who_owes_what_the_claim_moved(hospital, status, patient_share, transferred):
    received = remit(claim("A1", 600, 400, ("PR", "1", 100), ("CO", "9999", 100), status=status))
    hospital.receive(received)
    (plan,) = hospital.review(received, ALLOWED)
    assert (plan.outcome, plan.patient_share, plan.transferred) == (
        Outcome.POSTED,
        patient_share,
        transferred,
    )


@pytest.mark.parametrize("status", ["1", "19"])
def test_a_review_leaves_what_the_patient_owes_on_the_patients_own_invoice(hospital, status):
    hospital.invoice("A2", 600, addressed_to=Addressee.PATIENT)
    received = remit(claim("A2", 600, 400, ("PR", "1", 100), ("CO", "9999", 100), status=status))
    hospital.receive(received)
    (plan,) = hospital.review(received, ALLOWED)
    assert (plan.patient_share, plan.transferred, hospital.open("A2")) == (100, 0, 100)
