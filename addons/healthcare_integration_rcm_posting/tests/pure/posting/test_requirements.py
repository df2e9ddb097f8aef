"""What a whole remittance can need, asked before its first part."""

from decimal import Decimal

from hypothesis import given
from posting_documents import claim, remit
from posting_hospital import PAYER, Hospital
from test_posting_properties import anything, hospitals, remittances

from odoo.addons.healthcare_integration_rcm_posting.posting.requirements import Requirements
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role

NEVER_SET = {Role.CLAIM_RECEIVABLE, Role.RULE_ACCOUNT}


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
    roles = required(given_remit, hospital).roles
    plan = hospital.plan(given_remit)
    assert {planned.role for entry in plan.entries for planned in entry.lines} - NEVER_SET <= roles


def test_no_more_is_required_than_the_documents_call_for():
    assert required(remit(claim("A1", 100, 100))).roles == {Role.CLEARING, Role.UNAPPLIED_CASH}
    assert required(remit(claim("A1", 100, 0, ("CO", "50", 100)))).roles == set()
    transferred = required(remit(claim("A1", 100, 0, ("PR", "1", 100))))
    assert transferred.roles == {Role.PATIENT_RECEIVABLE}
    forwarded = required(remit(claim("A1", 100, 0, ("PR", "1", 100), status="19")))
    assert forwarded.roles == {Role.PAYER_RECEIVABLE}


def test_missing_roles():
    hospital = Hospital()
    del hospital.accounts[Role.INTEREST_INCOME]
    given_remit = remit(claim("A1", 100, 100), plb=[("L6", "", -5)])
    assert required(given_remit, hospital).missing_roles == {Role.INTEREST_INCOME}
    assert not required(given_remit).missing_roles


def test_first_amount_that_the_books_would_round():
    fine, finer = (claim(number, 100, Decimal("99.995"), ("CO", "45", Decimal("0.005"))) for number in "AB")
    finding = required(remit(claim("A1", 100, 100), fine, finer)).too_precise
    assert (finding.code, finding.found) == ("remittance.hold.precision", "99.995")
    assert finding.location.endswith("(A)")
    assert required(remit(claim("A1", 100, 100))).too_precise is None
    interest = required(remit(claim("A1", 100, 100), plb=[("L6", "", Decimal("-0.005"))]))
    assert interest.too_precise.location.endswith("(PLB)")
