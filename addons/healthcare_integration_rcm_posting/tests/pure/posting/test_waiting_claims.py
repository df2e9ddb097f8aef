"""The rows of the accounting table for claims whose money waits, and what resolves them later."""

import pytest
from posting_documents import claim, money, remit, reversal
from posting_hospital import PAYER, Hospital, codes, figures

from odoo.addons.healthcare_integration_rcm_posting.posting.claims import plan_resolution
from odoo.addons.healthcare_integration_rcm_posting.posting.errors import PlanError
from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import MatchState
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role


def receive_one(hospital, given):
    return next(hospital.receive(remit(given)).claims)


def values(**amounts):
    return {role: money(amount) for role, amount in amounts.items()}


UNKNOWN = {
    MatchState.UNMATCHED: "remittance.claim.unmatched",
    MatchState.AMBIGUOUS: "remittance.claim.ambiguous",
}


@pytest.mark.parametrize("state", UNKNOWN)
def test_claim_not_found_with_a_payment_waits_in_unapplied_cash(state):
    hospital = Hospital()
    hospital.invoice("A1", state=state)
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 200)))
    assert figures(plan) == values(unapplied_cash=-400)
    assert hospital.balance(Role.UNAPPLIED_CASH, PAYER) == -400
    assert (plan.outcome, codes(plan)) == (Outcome.UNAPPLIED, [UNKNOWN[state]])
    assert plan.exceptions[0].finding.amount == 400


@pytest.mark.parametrize("state", UNKNOWN)
def test_claim_not_found_with_a_negative_payment_is_a_takeback_to_identify(state):
    hospital = Hospital()
    hospital.invoice("A1", state=state)
    plan = hospital.receive(remit(claim("A1", -600, -400, ("CO", "45", -200)), claim("B1", 500, 500)))
    first = next(plan.claims)
    assert figures(first) == values(takeback=400)
    assert (first.outcome, codes(first)) == (Outcome.HELD, [UNKNOWN[state]])
    assert hospital.balance(Role.CLEARING) == 100


@pytest.mark.parametrize(("amount", "role"), [("0.50", "unapplied_cash"), ("-0.50", "takeback")])
def test_money_below_one_waits_where_its_sign_says(amount, role):
    plan = Hospital().receive(remit(claim("A1", amount, amount), claim("B1", 500, 500)))
    assert figures(next(plan.claims)) == values(**{role: -money(amount)})


def test_claim_not_found_without_a_payment_only_raises():
    hospital = Hospital()
    plan = receive_one(hospital, claim("A1", 600, 0, ("PR", "1", 600)))
    assert (plan.lines, plan.outcome) == ([], Outcome.HELD)
    assert plan.exceptions[0].finding.amount == 600


def test_negative_payment_that_is_no_reversal_is_a_takeback_to_identify(hospital):
    plan = hospital.receive(remit(claim("A1", 600, -50, ("CO", "45", 650)), claim("B1", 500, 500)))
    first = next(plan.claims)
    assert figures(first) == values(takeback=50)
    assert codes(first) == ["remittance.claim.negative_payment"]
    assert hospital.open("A1") == 600


@pytest.mark.parametrize("status", ["23", "25"])
def test_status_without_accounting_effect(hospital, status):
    plan = receive_one(hospital, claim("A1", 600, 0, ("OA", "101", 600), status=status))
    assert (plan.lines, plan.outcome, plan.exceptions) == ([], Outcome.NO_EFFECT, [])


@pytest.mark.parametrize("status", ["4", "23", "25"])
def test_payment_of_a_status_without_payment_waits(hospital, status):
    plan = receive_one(hospital, claim("A1", 600, 600, status=status))
    assert figures(plan) == values(unapplied_cash=-600)
    assert codes(plan) == ["remittance.claim.payment_without_effect"]


@pytest.mark.parametrize("status", ["5", "99"])
def test_status_that_is_not_posted_waits(hospital, status):
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 200), status=status))
    assert figures(plan) == values(unapplied_cash=-400)
    assert codes(plan) == ["remittance.claim.status_not_posted"]


@pytest.mark.parametrize("paid", [400, 0])
def test_resolving_an_unapplied_claim_later(paid):
    hospital = Hospital()
    given = claim("A1", 600, paid, ("CO", "45", 150), ("PR", "1", 450 - paid))
    posted = remit(given)
    hospital.receive(posted)
    hospital.invoice("A1", 600)
    plan = hospital.resolve(posted.claims[0])
    expected = values(
        claim_receivable=-600, allowance=150, patient_receivable=450 - paid, unapplied_cash=paid
    )
    assert figures(plan) == {role: amount for role, amount in expected.items() if amount}
    assert hospital.balance(Role.UNAPPLIED_CASH) == 0
    assert hospital.open("A1") == 0
    assert plan.parked == -paid


def test_resolving_an_unidentified_takeback_later(hospital):
    original = claim("A1", 600, 400, ("CO", "45", 200), number="ICN-1")
    posted = hospital.receive(remit(original))
    wrong_number = reversal(claim("A2", 600, 400, ("CO", "45", 200), number="ICN-2"))
    taken = remit(wrong_number, claim("B1", 500, 500), trace="T2")
    hospital.receive(taken)
    assert hospital.balance(Role.TAKEBACK) == 400
    taken.claims[0].claim_id = "A1"
    hospital.claims[1].key = "A1"
    plan = hospital.resolve(taken.claims[0])
    assert plan.reverses == 1
    assert figures(plan) == values(claim_receivable=600, allowance=-200, takeback=-400)
    assert hospital.balance(Role.TAKEBACK) == 0
    assert hospital.open("A1") == 600
    assert posted.cleared == 400


def test_resolution_refuses_money_that_was_used_since():
    hospital = Hospital()
    posted = remit(claim("A1", 600, 400, ("CO", "45", 200)))
    hospital.receive(posted)
    hospital.invoice("A1", 600)
    unapplied = next(i for i in hospital.books.items.values() if i.role is Role.UNAPPLIED_CASH)
    hospital.pay(unapplied.id, -150)
    with pytest.raises(PlanError) as raised:
        hospital.resolve(posted.claims[0])
    assert raised.value.code == "remittance.plan.waiting_amount"


def test_money_that_waited_is_spent_once():
    hospital = Hospital()
    posted = remit(claim("A1", 600, 400, ("CO", "45", 200)))
    hospital.receive(posted)
    hospital.invoice("A1", 1200)
    account, context = hospital.account("A1"), hospital.context(None, PAYER)
    (waiting,) = account.parked
    plan_resolution(posted.claims[0], account, waiting, context, "first")
    assert waiting.residual == 0
    with pytest.raises(PlanError) as raised:
        plan_resolution(posted.claims[0], account, waiting, context, "again")
    assert raised.value.code == "remittance.plan.waiting_amount"


def test_resolution_refuses_a_match_that_settles_nothing():
    hospital = Hospital()
    posted = remit(claim("A1", 600, 400, ("CO", "45", 200)))
    hospital.receive(posted)
    with pytest.raises(PlanError) as raised:
        hospital.resolve(posted.claims[0])
    assert (raised.value.code, raised.value.subject) == ("remittance.plan.unresolved", "A1")
    assert [finding.code for finding in raised.value.findings] == ["remittance.claim.unmatched"]


def test_reversal_of_a_claim_that_was_resolved_later():
    hospital = Hospital()
    given = claim("A1", 600, 400, ("CO", "45", 150), ("PR", "1", 50))
    posted = remit(given)
    hospital.receive(posted)
    hospital.invoice("A1", 600)
    hospital.resolve(posted.claims[0])
    hospital.receive(remit(reversal(given), claim("B1", 900, 900), trace="T2"))
    assert hospital.open("A1") == 600
    assert hospital.balance(Role.UNAPPLIED_CASH) == -900
    assert hospital.balance(Role.PATIENT_RECEIVABLE) == 0
    assert hospital.balance(Role.ALLOWANCE) == 0
