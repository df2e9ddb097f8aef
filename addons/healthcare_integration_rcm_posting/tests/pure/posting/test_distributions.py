"""Analytic distributions: given by account, taken back from where the posted lines had them."""

from posting_documents import claim, remit, reversal
from posting_hospital import Hospital

from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role

CLINIC, SURGERY = (("7", 100.0),), (("8", 100.0),)
PAID = claim("A1", 600, 500, ("CO", "45", 60), ("PR", "1", 40))


def hospital_with_invoice():
    hospital = Hospital()
    hospital.invoice("A1", 600)
    return hospital


def hospital_of(facility):
    return serve(hospital_with_invoice(), facility)


def serve(hospital, facility):
    profit_and_loss = (Role.ALLOWANCE, Role.INTEREST_INCOME)
    hospital.distributions = {hospital.accounts[role]: facility for role in profit_and_loss}
    return hospital


def distributions(plan):
    return {
        (line.role, line.amount): line.distribution
        for entry in plan.entries
        for line in entry.lines
        if line.distribution is not None
    }


def test_lines_carry_the_distribution_of_their_account():
    plan = hospital_of(CLINIC).receive(remit(PAID, plb=[("L6", "", -5)]))
    assert distributions(plan) == {(Role.ALLOWANCE, 60): CLINIC, (Role.INTEREST_INCOME, -5): CLINIC}


def test_without_a_facility_nothing_is_decided():
    assert distributions(hospital_with_invoice().receive(remit(PAID))) == {}


def test_reversal_takes_back_from_the_facility_that_had_it():
    hospital = hospital_of(CLINIC)
    hospital.receive(remit(PAID, trace="T1"))
    plan = serve(hospital, SURGERY).receive(remit(reversal(PAID), plb=[("WO", "", -500)], trace="T2"))
    assert distributions(plan) == {(Role.ALLOWANCE, -60): CLINIC}


def test_reversal_of_what_no_facility_had_is_no_facilitys():
    hospital = hospital_with_invoice()
    hospital.receive(remit(PAID, trace="T1"))
    plan = serve(hospital, SURGERY).receive(remit(reversal(PAID), plb=[("WO", "", -500)], trace="T2"))
    assert distributions(plan) == {(Role.ALLOWANCE, -60): ()}


def test_reversal_in_the_same_entry():
    plan = hospital_of(CLINIC).receive(remit(PAID, reversal(PAID)))
    assert distributions(plan) == {(Role.ALLOWANCE, 60): CLINIC, (Role.ALLOWANCE, -60): CLINIC}
