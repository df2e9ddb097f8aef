"""The worked examples of the reference, as chains of remittances on one set of books."""

from posting_documents import claim, remit, reversal
from posting_hospital import PAYER, Hospital, codes

from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role


def hospital_with(*claim_ids, amount=600):
    hospital = Hospital()
    for claim_id in claim_ids:
        hospital.invoice(claim_id, amount)
    return hospital


def test_claim_denial_and_interest():
    hospital = hospital_with("A1", "A2")
    plan = hospital.receive(
        remit(
            claim("A1", 600, 600),
            claim("A2", 600, 0, ("CO", "50", 600)),
            plb=[("L6", "", -12.5)],
            amount="612.50",
        )
    )
    assert str(plan.cleared) == "612.5"
    assert hospital.balance(Role.INTEREST_INCOME) == -12.5
    assert (hospital.open("A1"), hospital.open("A2")) == (0, 600)
    assert [exception.finding.code for exception in plan.exceptions] == ["remittance.claim.denied"]


def test_reversal_correction_and_recovery_over_two_remittances():
    hospital = hospital_with("A1", "A2", "A3")
    original = claim("A1", 600, 600)
    hospital.receive(remit(original, trace="T0"))
    correction = claim("A1", 600, 400, ("CO", "45", 200))
    second = claim("A2", 600, 400, ("CO", "45", 200))
    plan = hospital.receive(
        remit(reversal(original), correction, second, plb=[("WO", "ICN-A1", -200)], trace="T1", amount=400)
    )
    assert plan.cleared == 400
    assert plan.exceptions == []
    assert hospital.balance(Role.PAYER_REFUND, PAYER) == -200
    third = claim("A3", 600, 400, ("CO", "45", 200))
    plan = hospital.receive(remit(third, plb=[("WO", "ICN-A1", 200), ("L6", "", 5)], trace="T2", amount=195))
    assert plan.cleared == 195
    assert plan.exceptions == []
    assert hospital.balance(Role.PAYER_REFUND) == 0
    assert hospital.balance(Role.INTEREST_INCOME) == 5
    assert hospital.balance(Role.ALLOWANCE) == 600
    assert hospital.balance(Role.CLEARING) == 600 + 400 + 195
    assert [hospital.open(claim_id) for claim_id in ("A1", "A2", "A3")] == [0, 0, 0]


def test_forward_balance_over_two_remittances():
    hospital = hospital_with("A1", "A2")
    original = claim("A1", 600, 600)
    hospital.receive(remit(original, trace="T0"))
    plan = hospital.receive(
        remit(
            reversal(original),
            claim("A1", 600, 400, ("CO", "45", 200)),
            plb=[("FB", "T1", -200)],
            trace="T1",
            amount=0,
            method="NON",
        )
    )
    assert (plan.cleared, plan.exceptions) == (0, [])
    assert hospital.balance(Role.FORWARD_BALANCE) == -200
    plan = hospital.receive(remit(claim("A2", 600, 600), plb=[("FB", "T1", 200)], trace="T2", amount=400))
    assert (plan.cleared, plan.exceptions) == (400, [])
    assert hospital.balance(Role.FORWARD_BALANCE) == 0
    assert hospital.balance(Role.CLEARING) == 1000


def refund_sent(hospital):
    """The provider has sent a refund of 200; the bank's side of that entry does not matter here."""
    account = hospital.accounts[Role.REFUND_CHECK]
    return hospital.books.post(Role.REFUND_CHECK, account, PAYER, 200)


def test_acknowledged_refund_against_an_announced_recovery():
    hospital = hospital_with("A1", "A2")
    hospital.receive(remit(claim("A1", 600, 600), plb=[("WO", "ICN-A1", -200)], trace="T0", amount=800))
    refund_sent(hospital)
    plan = hospital.receive(
        remit(
            claim("A2", 600, 400, ("CO", "45", 200)),
            plb=[("WO", "ICN-A1", 200), ("72", "ICN-A1", -200)],
            trace="T1",
            amount=400,
        )
    )
    assert (plan.cleared, plan.exceptions) == (400, [])
    assert hospital.balance(Role.REFUND_CHECK) == 0
    assert hospital.balance(Role.PAYER_REFUND) == 0


def test_acknowledged_refund_against_a_recovery_that_was_not_announced():
    hospital = hospital_with("A2")
    refund_sent(hospital)
    plan = hospital.receive(
        remit(
            claim("A2", 600, 400, ("CO", "45", 200)),
            plb=[("WO", "ICN-A1", 200), ("72", "ICN-A1", -200)],
            amount=400,
        )
    )
    assert plan.cleared == 400
    assert codes(plan) == ["remittance.provider_adjustment.takeback"]
    assert hospital.balance(Role.TAKEBACK) == 200
    assert hospital.balance(Role.REFUND_CHECK) == 0


def test_all_deductible_remittance():
    hospital = hospital_with("A1", "A2")
    plan = hospital.receive(
        remit(claim("A1", 600, 0, ("PR", "1", 600)), claim("A2", 600, 0, ("PR", "1", 600)), amount=0)
    )
    assert plan.cleared == 0
    assert hospital.balance(Role.CLEARING) == 0
    assert hospital.balance(Role.PATIENT_RECEIVABLE) == 1200
