"""Denied claims whose open amount moves to a receivable of its own, where the policy says so."""

import pytest
from posting_documents import claim, line, remit, reversal
from posting_hospital import NEXT_PAYER, PATIENT, PAYER, Hospital, codes, figures

from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import Addressee
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import PostingRule, Treatment

DENIED = claim("A1", 600, 0, ("CO", "50", 600))
UNKNOWN_IS_DENIAL = PostingRule(Treatment.DENIAL, "CO", "9999")
UNKNOWN_IS_ALLOWANCE = PostingRule(Treatment.ALLOWANCE, "CO", "9999")
MOVED = {"claim_receivable": -600, "denied_receivable": 600}


@pytest.fixture
def moving():
    hospital = Hospital().with_policy(reclass_denied=True)
    hospital.invoice("A1", 600)
    return hospital


def receive(hospital, *claims, payer=PAYER, plb=()):
    return list(hospital.receive(remit(*claims, plb=plb), payer).claims)


def test_nothing_moves_by_default(hospital):
    (plan,) = receive(hospital, DENIED)
    assert (plan.lines, hospital.open("A1")) == ([], 600)


@pytest.mark.parametrize("denied", [DENIED, claim("A1", 600, 0, ("CO", "31", 600), status="4")])
def test_open_amount_moves_and_stays_the_payers_debt(moving, denied):
    (plan,) = receive(moving, denied)
    assert figures(plan) == MOVED
    assert (plan.outcome, plan.denied, codes(plan)) == (Outcome.DENIED, 600, ["remittance.claim.denied"])
    assert moving.balance(Role.DENIED_RECEIVABLE, PAYER) == 600
    assert moving.balance(Role.CLEARING) == 0


def test_only_what_is_open_moves(moving):
    moving.pay(moving.invoices["A1"].receivable[0], 150)
    (plan,) = receive(moving, DENIED)
    assert figures(plan) == {"claim_receivable": -450, "denied_receivable": 450}


def test_no_more_than_was_denied_moves_from_an_invoice_with_instalments(moving):
    moving.invoice("A2", 250, 350)
    (plan,) = receive(moving, claim("A2", 400, 0, ("CO", "50", 400)))
    assert [line.amount for line in plan.lines] == [-250, -150, 400]
    assert moving.open("A2") == 200


def test_second_copy_of_a_denial_moves_nothing(moving):
    first, second = receive(moving, DENIED, DENIED)
    assert (figures(first), figures(second)) == (MOVED, {})
    assert second.outcome is Outcome.DENIED


@pytest.mark.parametrize("in_one_remittance", [True, False])
def test_payment_after_all_settles_what_was_moved(moving, in_one_remittance):
    paid = claim("A1", 600, 400, ("CO", "45", 150), ("PR", "1", 50))
    if in_one_remittance:
        _denied, plan = receive(moving, DENIED, paid)
    else:
        receive(moving, DENIED)
        (plan,) = receive(moving, paid)
    assert figures(plan) == {"claim_receivable": -600, "allowance": 150, "patient_receivable": 50}
    assert (moving.balance(Role.DENIED_RECEIVABLE), codes(plan)) == (0, [])


def test_reversal_moves_it_back_for_the_correction(moving):
    receive(moving, DENIED)
    reversed_plan, corrected = receive(moving, reversal(DENIED), claim("A1", 600, 600))
    assert figures(reversed_plan) == {"claim_receivable": 600, "denied_receivable": -600}
    assert figures(corrected) == {"claim_receivable": -600}
    assert (moving.balance(Role.DENIED_RECEIVABLE), moving.open("A1")) == (0, 0)


def test_denied_line_of_a_paid_claim_stays_on_the_invoice(moving):
    lines = [line(400, 400), line(200, 0, ("CO", "97", 200))]
    (plan,) = receive(moving, claim("A1", 600, 400, lines=lines))
    assert figures(plan) == {"claim_receivable": -400}
    assert moving.open("A1") == 200


def test_claim_in_review_is_not_denied_as_a_whole(moving):
    (plan,) = receive(moving, claim("A1", 600, 0, ("CO", "50", 400), ("CO", "9999", 200)))
    assert (plan.lines, moving.open("A1")) == ([], 600)


def test_invoice_of_the_patient_stays(moving):
    moving.invoice("A2", 600, addressed_to=Addressee.PATIENT)
    (plan,) = receive(moving, claim("A2", 600, 0, ("CO", "50", 600)))
    assert (plan.lines, moving.balance(Role.CLAIM_RECEIVABLE, PATIENT)) == ([], 600)


def test_next_payers_denial_moves_only_what_was_forwarded_to_it(moving):
    receive(moving, claim("A1", 600, 400, ("PR", "2", 150), ("CO", "50", 50), status="19"))
    denied = claim("A1", 600, 0, ("OA", "23", 450), ("CO", "50", 150), status="2")
    (plan,) = receive(moving, denied, payer=NEXT_PAYER)
    assert figures(plan) == {"claim_receivable": -150, "denied_receivable": 150}
    assert moving.balance(Role.DENIED_RECEIVABLE, NEXT_PAYER) == 150
    assert moving.open("A1") == 50


@pytest.mark.parametrize(
    ("adjustments", "rule"),
    [
        ([("CO", "9999", 600)], UNKNOWN_IS_DENIAL),
        ([("CO", "50", 400), ("CO", "9999", 200)], UNKNOWN_IS_DENIAL),
        ([("CO", "50", 400), ("CO", "9999", 200)], UNKNOWN_IS_ALLOWANCE),
    ],
)
def test_claim_that_a_new_rule_denies_as_a_whole_moves(moving, adjustments, rule):
    received = remit(claim("A1", 600, 0, *adjustments))
    moving.receive(received)
    (plan,) = moving.review(received, rule)
    assert (figures(plan), plan.outcome) == (MOVED, Outcome.DENIED)
    assert (moving.balance(Role.DENIED_RECEIVABLE, PAYER), moving.open("A1")) == (600, 0)


def test_nothing_moves_by_default_when_a_new_rule_denies(hospital):
    received = remit(claim("A1", 600, 0, ("CO", "9999", 600)))
    hospital.receive(received)
    (plan,) = hospital.review(received, UNKNOWN_IS_DENIAL)
    assert (plan.lines, plan.outcome, hospital.open("A1")) == ([], Outcome.DENIED, 600)


def test_claim_of_which_something_waits_on_does_not_move(moving):
    received = remit(claim("A1", 600, 0, ("CO", "9999", 400), ("CO", "8888", 200)))
    moving.receive(received)
    (plan,) = moving.review(received, UNKNOWN_IS_DENIAL)
    assert (plan.lines, plan.outcome, moving.open("A1")) == ([], Outcome.DENIED, 600)


def test_rest_of_a_paid_claim_that_a_new_rule_denies_does_not_move(moving):
    received = remit(claim("A1", 600, 400, ("CO", "9999", 200)))
    moving.receive(received)
    (plan,) = moving.review(received, UNKNOWN_IS_DENIAL)
    assert (plan.lines, moving.open("A1")) == ([], 200)


def test_reversal_moves_back_what_a_new_rule_moved(moving):
    unknown = claim("A1", 600, 0, ("CO", "9999", 600))
    received = remit(unknown)
    moving.receive(received)
    moving.review(received, UNKNOWN_IS_DENIAL)
    (plan,) = receive(moving, reversal(unknown))
    assert figures(plan) == {"claim_receivable": 600, "denied_receivable": -600}
    assert moving.open("A1") == 600
