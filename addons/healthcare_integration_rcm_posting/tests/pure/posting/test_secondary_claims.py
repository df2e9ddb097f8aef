"""The rows of the accounting table for secondary remittances, and whose open items a payment settles."""

import pytest
from posting_documents import claim, money, remit
from posting_hospital import INVOICE_RECEIVABLE, NEXT_PAYER, PATIENT, PAYER, codes, figures

from odoo.addons.healthcare_integration_rcm_posting.posting.claims import plan_claim
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    DEFAULT_RULES,
    PostingRule,
    RuleTable,
    Treatment,
)


def receive_one(hospital, given, payer=PAYER):
    return next(hospital.receive(remit(given), payer).claims)


def values(**amounts):
    return {role: money(amount) for role, amount in amounts.items()}


def test_prior_payers_impact_has_no_effect_on_a_secondary_remittance(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")))
    plan = receive_one(
        hospital, claim("A1", 600, 80, ("OA", "23", 500), ("PR", "2", 20), status="2"), NEXT_PAYER
    )
    assert figures(plan) == values(claim_receivable=-100, patient_receivable=20)
    assert [line.account for line in plan.lines if line.role is Role.CLAIM_RECEIVABLE] == [
        hospital.accounts[Role.PAYER_RECEIVABLE]
    ]
    assert hospital.balance(Role.PAYER_RECEIVABLE) == 0
    assert plan.exceptions == []


def test_allowance_that_the_prior_payer_took_is_not_taken_again(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")))
    plan = receive_one(
        hospital, claim("A1", 600, 80, ("OA", "23", 400), ("CO", "45", 120), status="2"), NEXT_PAYER
    )
    assert figures(plan) == values(claim_receivable=-100, allowance=20)
    assert hospital.balance(Role.ALLOWANCE) == 120
    assert plan.exceptions == []


def test_allowance_that_the_prior_payer_took_is_left_out_once(hospital):
    own_account = PostingRule(Treatment.ALLOWANCE, "CO", "253", account=777, payer=NEXT_PAYER)
    hospital.rules = RuleTable([*DEFAULT_RULES, own_account])
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")))
    later = claim("A1", 600, 60, ("OA", "23", 400), ("CO", "45", 100), ("CO", "253", 40), status="2")
    plan = receive_one(hospital, later, NEXT_PAYER)
    assert figures(plan) == values(claim_receivable=-100, allowance=40)


def test_what_a_secondary_remittance_leaves_above_the_open_items_is_an_exception(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")))
    plan = receive_one(
        hospital, claim("A1", 600, 80, ("OA", "23", 385), ("CO", "45", 135), status="2"), NEXT_PAYER
    )
    assert figures(plan) == values(claim_receivable=-100, allowance=20)
    assert codes(plan) == ["remittance.claim.allowance_excess"]
    assert plan.exceptions[0].finding.amount == 15


def test_allowance_of_the_same_payer_does_not_count_as_taken_before(hospital):
    given = [claim("A1", 300, 250, ("CO", "45", 50), status="2", number=f"ICN-{n}") for n in (1, 2)]
    first, second = hospital.receive(remit(*given), NEXT_PAYER).claims
    assert figures(first) == figures(second) == values(claim_receivable=-300, allowance=50)
    assert hospital.balance(Role.ALLOWANCE) == 100


@pytest.mark.parametrize(("status", "allowance"), [("1", 150), ("2", 50), ("3", 50)])
def test_allowance_brought_forward_counts_for_later_payers(hospital, status, allowance):
    account = hospital.account("A1")
    account.allowance_brought_forward = money(100)
    given = claim("A1", 600, 400, ("CO", "9999", 50), ("CO", "45", 150), status=status)
    hospital.rules = RuleTable(
        [*DEFAULT_RULES, PostingRule(Treatment.OTHER_ACCOUNT, "CO", "9999", account=777)]
    )
    plan = plan_claim(given, account, hospital.context(None, PAYER))
    assert figures(plan) == values(claim_receivable=-450 - allowance, allowance=allowance, rule_account=50)


def test_later_payer_leaves_the_invoice_while_something_forwarded_is_open(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("PR", "2", 100), ("CO", "999", 100), status="19")))
    plan = receive_one(hospital, claim("A1", 600, 80, ("OA", "23", 520), status="2"), NEXT_PAYER)
    assert accounts_credited(plan) == [hospital.accounts[Role.PAYER_RECEIVABLE]]
    assert hospital.open("A1") == 100


def test_secondary_payment_settles_the_patients_line_when_the_claim_was_not_forwarded(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100))))
    plan = receive_one(
        hospital, claim("A1", 600, 80, ("OA", "23", 500), ("PR", "2", 20), status="2"), NEXT_PAYER
    )
    assert figures(plan) == values(claim_receivable=-80)
    assert (plan.patient_share, plan.outcome) == (20, Outcome.POSTED)
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 20


def accounts_credited(plan):
    return [line.account for line in plan.lines if line.role is Role.CLAIM_RECEIVABLE]


@pytest.mark.parametrize("payer", [NEXT_PAYER, 9])
def test_later_payer_settles_what_was_forwarded_before_the_invoice_and_the_patient_last(hospital, payer):
    hospital.receive(
        remit(
            claim("A1", 100, 0, ("PR", "1", 100), number="ICN-1"),
            claim("A1", 300, 150, ("PR", "2", 50), ("CO", "999", 100), status="19", number="ICN-2"),
        )
    )
    hospital.pay(hospital.invoices["A1"].receivable[0], 200)
    plan = receive_one(hospital, claim("A1", 170, 170, status="2"), payer)
    assert accounts_credited(plan) == [
        hospital.accounts[Role.PAYER_RECEIVABLE],
        INVOICE_RECEIVABLE,
        hospital.accounts[Role.PATIENT_RECEIVABLE],
    ]
    assert [line.amount for line in plan.lines] == [-50, -100, -20]


@pytest.mark.parametrize("status", ["1", "2"])
def test_own_invoice_of_the_payer_is_settled_first_and_the_patient_last(hospital, status):
    hospital.receive(
        remit(
            claim("A1", 100, 0, ("PR", "1", 100), number="ICN-1"),
            claim("A1", 200, 150, ("PR", "2", 50), status="19", number="ICN-2"),
        )
    )
    plan = receive_one(hospital, claim("A1", 400, 400, status=status))
    assert accounts_credited(plan) == [
        INVOICE_RECEIVABLE,
        hospital.accounts[Role.PAYER_RECEIVABLE],
        hospital.accounts[Role.PATIENT_RECEIVABLE],
    ]
