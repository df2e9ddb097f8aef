"""Reversals: mirrored, not mirrored, unknown, repeated, and what others did with the claim in between."""

from dataclasses import replace

import pytest
from posting_documents import claim, line, money, remit, reversal
from posting_hospital import NEXT_PAYER, PATIENT, PAYER, Hospital, codes, figures

from odoo.addons.healthcare_integration_rcm_posting.posting.errors import PlanError
from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import Addressee
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role

ORIGINAL = claim(
    "A1",
    600,
    400,
    lines=[
        line(500, 350, ("CO", "45", 100), ("PR", "2", 50)),
        line(100, 50, ("CO", "45", 20), ("PR", "2", 30)),
    ],
)
OTHER = claim("B1", 1000, 1000)


def with_other(*claims, **kwargs):
    """A remittance in which a payment of another claim keeps the total from being negative."""
    return remit(*claims, OTHER, **kwargs)


def item_of(hospital, role, debit=True):
    return next(i for i in hospital.books.items.values() if i.role is role and (i.amount > 0) is debit)


def test_mirrored_reversal_takes_back_every_line_and_reopens_the_invoice(hospital):
    hospital.receive(remit(ORIGINAL))
    start = hospital.books.items[1]
    assert start.residual == 0
    plan = hospital.receive(with_other(reversal(ORIGINAL), trace="T2"))
    taken_back = next(plan.claims)
    assert figures(taken_back) == {
        "claim_receivable": 600,
        "allowance": -120,
        "patient_receivable": -80,
    }
    assert (taken_back.outcome, taken_back.reverses, taken_back.exceptions) == (Outcome.POSTED, 1, [])
    assert (taken_back.allowance, taken_back.transferred, taken_back.parked) == (-120, -80, 0)
    assert start.residual == 600
    assert hospital.balance(Role.PATIENT_RECEIVABLE) == 0
    assert item_of(hospital, Role.PATIENT_RECEIVABLE).residual == 0
    assert hospital.balance(Role.CLEARING) == 400 - 400 + 1000


def test_reversal_then_correction_in_the_same_remittance(hospital):
    hospital.receive(remit(ORIGINAL))
    correction = claim("A1", 600, 300, ("CO", "45", 250), ("PR", "1", 50))
    plan = hospital.receive(with_other(reversal(ORIGINAL), correction, trace="T2"))
    assert figures(list(plan.claims)[1]) == {
        "claim_receivable": -600,
        "allowance": 250,
        "patient_receivable": 50,
    }
    assert hospital.open("A1") == 0
    assert hospital.balance(Role.ALLOWANCE) == 250
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 50
    assert [claim.exceptions for claim in list(plan.claims)[:2]] == [[], []]


@pytest.mark.parametrize("size", [1, 2, 500])
def test_original_reversal_and_correction_in_one_remittance(hospital, size):
    hospital.with_policy(claims_per_entry=size)
    correction = claim("A1", 600, 300, ("CO", "45", 250), ("PR", "1", 50))
    plan = hospital.receive(remit(ORIGINAL, reversal(ORIGINAL), correction))
    assert len(plan.entries) == -(-3 // size)
    assert hospital.open("A1") == 0
    assert hospital.balance(Role.ALLOWANCE) == 250
    assert hospital.balance(Role.PATIENT_RECEIVABLE) == 50
    assert plan.exceptions == []


def test_reversal_of_a_payment_to_the_patients_own_invoice():
    hospital = Hospital()
    hospital.invoice("A1", 600, addressed_to=Addressee.PATIENT)
    hospital.receive(remit(ORIGINAL))
    assert hospital.open("A1") == 80
    plan = hospital.receive(with_other(reversal(ORIGINAL), trace="T2"))
    assert figures(next(plan.claims)) == {"claim_receivable": 520, "allowance": -120}
    assert hospital.open("A1") == 600


@pytest.mark.parametrize("in_one_remittance", [True, False])
def test_reversal_when_the_patient_has_paid_leaves_a_credit_that_the_correction_uses(
    hospital, in_one_remittance
):
    hospital.receive(remit(ORIGINAL))
    hospital.pay(item_of(hospital, Role.PATIENT_RECEIVABLE).id, 80)
    correction = claim("A1", 600, 500, ("CO", "45", 40), ("PR", "2", 60))
    if in_one_remittance:
        plan = hospital.receive(remit(reversal(ORIGINAL), correction, trace="T2"))
    else:
        plan = hospital.receive(with_other(reversal(ORIGINAL), trace="T2"))
        hospital.receive(remit(correction, trace="T3"))
    taken_back = next(plan.claims)
    assert codes(taken_back) == ["remittance.claim.credit_left_open"]
    assert taken_back.exceptions[0].finding.amount == 80
    assert taken_back.exceptions[0].finding.severity == "warning"
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == -20
    open_items = [i.residual for i in hospital.books.items.values() if i.role is Role.PATIENT_RECEIVABLE]
    assert sorted(open_items) == [-20, 0, 0, 0]


def test_correction_uses_no_more_credits_than_it_needs():
    hospital = Hospital()
    hospital.invoice("A1", 200)
    originals = [claim("A1", 100, 50, ("PR", "2", 50), number=number) for number in ("ICN-1", "ICN-2")]
    hospital.receive(remit(*originals))
    for item in list(hospital.books.items.values()):
        if item.role is Role.PATIENT_RECEIVABLE:
            hospital.pay(item.id, 50)
    hospital.receive(with_other(*map(reversal, originals), trace="T2"))
    plan = hospital.receive(remit(claim("A1", 100, 70, ("PR", "2", 30)), trace="T3"))
    moved = next(line for line in next(plan.claims).lines if line.role is Role.PATIENT_RECEIVABLE)
    assert len(moved.reconcile) == 1
    open_items = [i.residual for i in hospital.books.items.values() if i.role is Role.PATIENT_RECEIVABLE]
    assert sorted(residual for residual in open_items if residual) == [-50, -20]


def test_reversal_when_the_patient_has_paid_in_part_settles_the_rest(hospital):
    hospital.receive(remit(ORIGINAL))
    hospital.pay(item_of(hospital, Role.PATIENT_RECEIVABLE).id, 30)
    plan = hospital.receive(with_other(reversal(ORIGINAL), trace="T2"))
    assert next(plan.claims).exceptions[0].finding.amount == 30
    open_items = [i.residual for i in hospital.books.items.values() if i.role is Role.PATIENT_RECEIVABLE]
    assert sorted(open_items) == [-30, 0, 0]


def test_reversal_of_amounts_below_one_leaves_nothing_open():
    hospital = Hospital()
    hospital.invoice("A1", "1.00")
    given = claim("A1", "1.00", "0.50", ("PR", "1", "0.50"))
    hospital.receive(remit(given))
    plan = hospital.receive(with_other(reversal(given), trace="T2"))
    assert next(plan.claims).exceptions == []
    assert (hospital.open("A1"), item_of(hospital, Role.PATIENT_RECEIVABLE).residual) == (1, 0)


def test_what_a_reversal_closed_is_not_settled_again_in_the_same_remittance(hospital):
    hospital.receive(remit(ORIGINAL))
    plan = hospital.receive(remit(reversal(ORIGINAL), claim("A1", 650, 650), trace="T2"))
    assert figures(list(plan.claims)[1]) == {"claim_receivable": -600, "unapplied_cash": -50}
    assert hospital.balance(Role.PATIENT_RECEIVABLE) == 0


def test_reversal_of_the_primary_when_the_secondary_has_paid(hospital):
    primary = claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")
    secondary = claim("A1", 600, 80, ("OA", "23", 500), ("PR", "2", 20), status="2", number="ICN-2")
    hospital.receive(remit(primary))
    hospital.receive(remit(secondary, trace="T2"), NEXT_PAYER)
    plan = hospital.receive(with_other(reversal(primary), trace="T3"))
    assert codes(next(plan.claims)) == ["remittance.claim.credit_left_open"]
    assert hospital.open("A1") == 600
    assert hospital.balance(Role.PAYER_RECEIVABLE, NEXT_PAYER) == -100
    hospital.receive(remit(primary, trace="T4"))
    assert hospital.balance(Role.PAYER_RECEIVABLE, NEXT_PAYER) == 0
    assert hospital.open("A1") == 0


def test_reversal_of_the_secondary_reopens_what_was_forwarded(hospital):
    primary = claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")
    secondary = claim("A1", 600, 80, ("OA", "23", 500), ("PR", "2", 20), status="2", number="ICN-2")
    hospital.receive(remit(primary))
    before = hospital.books.balances()
    hospital.receive(remit(secondary, trace="T2"), NEXT_PAYER)
    hospital.receive(remit(reversal(secondary), plb=[("FB", "", -80)], trace="T3"), NEXT_PAYER)
    assert item_of(hospital, Role.PAYER_RECEIVABLE).residual == 100
    after = hospital.books.balances()
    assert {key: total for key, total in after.items() if key in before} == before


def test_reversal_of_a_denied_claim_has_no_effect(hospital):
    denied = claim("A1", 600, 0, ("CO", "29", 600))
    hospital.receive(remit(denied))
    plan = hospital.receive(remit(reversal(denied), claim("A1", 600, 400, ("CO", "45", 200)), trace="T2"))
    first, second = plan.claims
    assert (first.lines, first.outcome, first.reverses) == ([], Outcome.NO_EFFECT, 1)
    assert second.outcome is Outcome.POSTED


def test_reversal_of_what_waits_in_unapplied_cash():
    hospital = Hospital()
    hospital.receive(remit(ORIGINAL))
    plan = hospital.receive(with_other(reversal(ORIGINAL), trace="T2"))
    assert figures(next(plan.claims)) == {"unapplied_cash": 400}
    assert next(plan.claims).parked == -400
    assert hospital.balance(Role.UNAPPLIED_CASH) == -1000  # the other claim's
    assert item_of(hospital, Role.UNAPPLIED_CASH, debit=False).residual == 0


def test_reversal_of_an_excess_takes_it_back_too():
    hospital = Hospital()
    hospital.invoice("A1", 500)
    paid = claim("A1", 600, 600)
    hospital.receive(remit(paid))
    plan = hospital.receive(with_other(reversal(paid), trace="T2"))
    assert figures(next(plan.claims)) == {"claim_receivable": 500, "unapplied_cash": 100}
    assert hospital.open("A1") == 500


def test_reversal_of_an_unknown_original_is_a_takeback_of_the_payment_only(hospital):
    plan = hospital.receive(with_other(reversal(ORIGINAL)))
    first = next(plan.claims)
    assert figures(first) == {"takeback": 400}
    assert (first.outcome, codes(first)) == (Outcome.HELD, ["remittance.claim.reversal_unknown"])
    assert first.exceptions[0].finding.amount == -400
    assert hospital.open("A1") == 600
    assert hospital.balance(Role.CLEARING) == 600


def test_reversal_of_an_unknown_unpaid_original_moves_nothing(hospital):
    plan = hospital.receive(remit(reversal(claim("A1", 600, 0, ("PR", "1", 600)))))
    first = next(plan.claims)
    assert (first.lines, first.outcome) == ([], Outcome.HELD)
    assert codes(first) == ["remittance.claim.reversal_unknown"]


def test_reversal_with_a_positive_payment_waits_in_unapplied_cash(hospital):
    plan = hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 200), status="22")))
    assert figures(next(plan.claims)) == {"unapplied_cash": -400}
    assert next(plan.claims).outcome is Outcome.UNAPPLIED


def not_mirrored():
    taken_back = reversal(ORIGINAL)
    first, second = taken_back.service_lines
    yield replace(taken_back, charge=money(-610), paid=money(-410)), "charge -610, paid -410"
    yield replace(taken_back, service_lines=[first]), "CO 45 -100"
    shifted = [
        replace(a, amount=a.amount - 10 if a.group == "CO" else a.amount + 10) for a in first.adjustments
    ]
    yield replace(taken_back, service_lines=[replace(first, adjustments=shifted), second]), "CO 45 -130"
    regrouped = [replace(a, group="CR") for a in first.adjustments]
    yield replace(taken_back, service_lines=[replace(first, adjustments=regrouped), second]), "CR 45 -100"
    swapped = [replace(first, adjustments=second.adjustments), replace(second, adjustments=first.adjustments)]
    yield replace(taken_back, service_lines=swapped), "line -500 paid -350, CO 45 -20"


@pytest.mark.parametrize("case", range(5))
def test_reversal_that_does_not_mirror_is_a_takeback_with_the_difference(hospital, case):
    given, difference = list(not_mirrored())[case]
    hospital.receive(remit(ORIGINAL))
    taken = with_other(given, trace="T2")
    taken.claims[0].findings, taken.summary.findings = [], []  # some cases do not balance on purpose
    plan = hospital.receive(taken)
    first = next(plan.claims)
    assert figures(first) == {"takeback": -given.paid}
    assert codes(first) == ["remittance.claim.reversal_not_mirrored"]
    finding = first.exceptions[0].finding
    assert difference in finding.found
    assert finding.expected != finding.found
    assert hospital.open("A1") == 0


def test_reversal_twice_is_a_takeback_the_second_time(hospital):
    hospital.receive(remit(ORIGINAL))
    plan = hospital.receive(with_other(reversal(ORIGINAL), reversal(ORIGINAL), trace="T2"))
    second = list(plan.claims)[1]
    assert figures(second) == {"takeback": 400}
    assert codes(second) == ["remittance.claim.reversal_repeated"]
    again = hospital.receive(remit(reversal(ORIGINAL), OTHER, trace="T3"))
    assert codes(next(again.claims)) == ["remittance.claim.reversal_repeated"]


def test_reversal_by_another_payer_is_not_a_mirror(hospital):
    hospital.receive(remit(ORIGINAL))
    plan = hospital.receive(with_other(reversal(ORIGINAL), trace="T2"), NEXT_PAYER)
    assert codes(next(plan.claims)) == ["remittance.claim.reversal_unknown"]


def test_lines_and_adjustments_may_come_in_another_order(hospital):
    hospital.receive(remit(ORIGINAL))
    taken_back = reversal(ORIGINAL)
    taken_back.service_lines.reverse()
    for service in taken_back.service_lines:
        service.adjustments.reverse()
    plan = hospital.receive(with_other(taken_back, trace="T2"))
    assert next(plan.claims).reverses == 1


def test_adjustments_of_one_level_may_be_put_together(hospital):
    hospital.receive(remit(claim("A1", 600, 400, ("CO", "45", 150), ("CO", "45", 50), ("PR", "1", 0))))
    plan = hospital.receive(with_other(reversal(claim("A1", 600, 400, ("CO", "45", 200))), trace="T2"))
    assert next(plan.claims).reverses == 1


def test_the_payers_claim_number_decides_among_equal_postings():
    hospital = Hospital()
    hospital.invoice("A1", 1200)
    first, second = (claim("A1", 600, 400, ("CO", "45", 200), number=number) for number in ("ICN-1", "ICN-2"))
    hospital.receive(remit(first, second))
    plan = hospital.receive(with_other(reversal(first), trace="T2"))
    assert next(plan.claims).reverses == 1
    plan = hospital.receive(remit(replace(reversal(first), payer_claim_number="ICN-9"), OTHER, trace="T3"))
    assert next(plan.claims).reverses == 2


def test_the_payers_claim_number_decides_within_one_remittance():
    hospital = Hospital()
    hospital.invoice("A1", 1200)
    first, second = (claim("A1", 600, 400, ("CO", "45", 200), number=number) for number in ("ICN-1", "ICN-2"))
    plans = list(hospital.receive(remit(first, second, reversal(first))).claims)
    assert plans[2].reverses == str(plans[0].position)


def test_reversal_of_a_posting_whose_lines_are_not_all_given_is_refused(hospital):
    hospital.receive(remit(ORIGINAL))
    allowance = item_of(hospital, Role.ALLOWANCE).id
    hospital.claims[0].lines.remove(allowance)
    with pytest.raises(PlanError) as raised:
        hospital.plan(with_other(reversal(ORIGINAL), trace="T2"))
    assert (raised.value.code, raised.value.subject) == ("remittance.plan.claim_unbalanced", "A1")
    assert (raised.value.expected, raised.value.found) == ("400", "520")


def test_reversed_allowance_may_be_taken_by_the_next_payer(hospital):
    primary = claim("A1", 600, 400, ("CO", "45", 100), ("PR", "2", 100), status="19")
    hospital.receive(remit(primary))
    hospital.receive(with_other(reversal(primary), trace="T2"))
    plan = hospital.receive(
        remit(claim("A1", 600, 500, ("CO", "45", 100), status="2"), trace="T3"), NEXT_PAYER
    )
    assert figures(next(plan.claims)) == {"claim_receivable": -600, "allowance": 100}


def test_payer_of_the_reversal_is_the_payer_of_the_original(hospital):
    hospital.receive(remit(ORIGINAL), PAYER)
    hospital.receive(with_other(reversal(ORIGINAL), trace="T2"), PAYER)
    assert hospital.open("A1") == 600
