"""What a whole remittance can need, asked before its first part."""

from decimal import Decimal

import pytest
from hypothesis import given
from posting_documents import claim, remit
from posting_hospital import PAYER, Hospital
from test_posting_properties import anything, hospitals, remittances

from odoo.addons.healthcare_integration_rcm_posting.posting.requirements import Requirements
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    PostingRule,
    ProviderAdjustmentRule,
    ProviderAdjustmentRuleTable,
    RuleTable,
    Treatment,
)


def required(given_remit, hospital=None):
    hospital = hospital or Hospital()
    requirements = Requirements(hospital.context(given_remit, PAYER), digits=2)
    for each in given_remit.claims:
        requirements.add_claim(each)
    for adjustment in given_remit.summary.provider_adjustments:
        requirements.add_provider_adjustment(adjustment)
    return requirements


@anything
@given(hospitals(), remittances())
def test_whatever_is_planned_was_required(hospital, given_remit):
    accounts = required(given_remit, hospital).accounts
    plan = hospital.plan(given_remit)
    planned = {(line.role, line.account) for entry in plan.entries for line in entry.lines}
    assert {(role, account) for role, account in planned if role is not Role.CLAIM_RECEIVABLE} <= accounts


def test_no_more_is_required_than_the_documents_call_for():
    assert required(remit(claim("A1", 100, 100))).roles == {Role.CLEARING, Role.UNAPPLIED_CASH}
    assert required(remit(claim("A1", 100, 0, ("CO", "50", 100)))).roles == set()
    transferred = required(remit(claim("A1", 100, 0, ("PR", "1", 100))))
    assert transferred.roles == {Role.PATIENT_RECEIVABLE}
    forwarded = required(remit(claim("A1", 100, 0, ("PR", "1", 100), status="19")))
    assert forwarded.roles == {Role.PAYER_RECEIVABLE}


def test_small_amounts_and_none():
    assert required(remit(claim("A1", "0.50", "0.50"))).roles == {Role.CLEARING, Role.UNAPPLIED_CASH}
    collected = required(remit(plb=[("WO", "R1", "0.50")]))
    assert collected.roles == {Role.CLEARING, Role.PAYER_REFUND, Role.TAKEBACK}
    assert required(remit(plb=[("WO", "R1", 0), ("L6", "", 0)])).roles == set()


def test_account_of_a_rule_needs_no_setting():
    given_remit = remit(claim("A1", 100, 0, ("CO", "45", 100)), plb=[("L6", "", -5)])
    assert required(given_remit).roles == {Role.ALLOWANCE, Role.CLEARING, Role.INTEREST_INCOME}
    hospital = Hospital(
        rules=RuleTable([PostingRule(Treatment.ALLOWANCE, "CO", "45", account=777)]),
        provider_rules=ProviderAdjustmentRuleTable(
            [ProviderAdjustmentRule(Role.INTEREST_INCOME, "L6", account=778)]
        ),
    )
    assert required(given_remit, hospital).roles == {Role.CLEARING}


@pytest.mark.parametrize(
    "denied", [claim("A1", 100, 0, ("CO", "50", 100)), claim("A1", 100, 0, ("OA", "94", 100), status="4")]
)
def test_denied_claims_need_their_own_receivable_where_the_policy_moves_them(denied):
    moving = Hospital().with_policy(reclass_denied=True)
    assert required(remit(denied), moving).roles == {Role.DENIED_RECEIVABLE}
    assert required(remit(denied)).roles == set()
    assert required(remit(claim("A1", 100, 0, ("PR", "1", 100))), moving).roles == {Role.PATIENT_RECEIVABLE}


def test_missing_roles():
    hospital = Hospital()
    del hospital.accounts[Role.INTEREST_INCOME]
    given_remit = remit(claim("A1", 100, 100), plb=[("L6", "", -5)])
    assert required(given_remit, hospital).missing_roles == {Role.INTEREST_INCOME}
    assert not required(given_remit).missing_roles


def test_accounts_that_rules_name_are_required_instead_of_the_roles():
    hospital = Hospital(
        rules=RuleTable([PostingRule(Treatment.OTHER_ACCOUNT, "CO", "94", account=901)]),
        provider_rules=ProviderAdjustmentRuleTable([ProviderAdjustmentRule(Role.LEVY, "LE", account=902)]),
    )
    given_remit = remit(claim("A1", 100, 0, ("CO", "94", 100)), plb=[("LE", "", 5), ("L6", "", -5)])
    assert required(given_remit, hospital).accounts == {
        (Role.RULE_ACCOUNT, 901),
        (Role.LEVY, 902),
        (Role.CLEARING, hospital.accounts[Role.CLEARING]),
        (Role.PROVIDER_ADJUSTMENT_REVIEW, hospital.accounts[Role.PROVIDER_ADJUSTMENT_REVIEW]),
    }


def test_first_amount_that_the_books_would_round():
    fine, finer = (claim(number, 100, Decimal("99.995"), ("CO", "45", Decimal("0.005"))) for number in "AB")
    finding = required(remit(claim("A1", 100, 100), fine, finer)).too_precise
    assert (finding.code, finding.found, finding.amount) == (
        "remittance.hold.precision",
        "99.995",
        Decimal("99.995"),
    )
    assert finding.location.endswith("(A)")
    assert required(remit(claim("A1", 100, 100))).too_precise is None
    interest = required(remit(claim("A1", 100, 100), plb=[("L6", "", Decimal("-0.005"))]))
    assert interest.too_precise.location.endswith("(PLB)")
    assert interest.too_precise.amount == Decimal("0.005")
