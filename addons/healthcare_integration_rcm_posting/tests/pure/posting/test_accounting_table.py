"""The rows of the accounting table for claims that are found, with their numbers."""

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from posting_documents import claim, line, money, remit
from posting_hospital import NEXT_PAYER, PATIENT, PAYER, Hospital, codes, figures

from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import Addressee
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    DEFAULT_RULES,
    PostingRule,
    RuleTable,
    Treatment,
)


def receive_one(hospital, given, payer=PAYER):
    plan = hospital.receive(remit(given), payer)
    return next(plan.claims)


def values(**amounts):
    return {role: money(amount) for role, amount in amounts.items()}


def test_payment_credits_the_receivable_against_clearing(hospital):
    plan = hospital.receive(remit(claim("A1", 600, 600)))
    assert figures(next(plan.claims)) == values(claim_receivable=-600)
    assert hospital.balance(Role.CLEARING) == 600
    assert hospital.open("A1") == 0
    assert next(plan.claims).outcome is Outcome.POSTED


def test_contractual_adjustment_by_rule_is_an_allowance(hospital):
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 188), ("CO", "253", 12)))
    assert figures(plan) == values(claim_receivable=-600, allowance=200)
    assert plan.allowance == 200
    assert hospital.open("A1") == 0


def test_contractual_adjustment_may_go_to_the_rules_account(hospital):
    hospital.rules = RuleTable(
        [*DEFAULT_RULES, PostingRule(Treatment.ALLOWANCE, "CO", "253", account=777, payer=PAYER)]
    )
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 188), ("CO", "253", 12)))
    accounts = {line.account: line.amount for line in plan.lines if line.role is Role.ALLOWANCE}
    assert accounts == {hospital.accounts[Role.ALLOWANCE]: 188, 777: 12}


def test_a_rule_may_debit_another_account(hospital):
    hospital.rules = RuleTable([PostingRule(Treatment.OTHER_ACCOUNT, "OA", "94", account=888)])
    plan = receive_one(hospital, claim("A1", 600, 590, ("OA", "94", 10)))
    assert figures(plan) == values(claim_receivable=-600, rule_account=10)
    assert [line.account for line in plan.lines if line.role is Role.RULE_ACCOUNT] == [888]


def test_negative_allowance_of_a_payment_above_the_charge(hospital):
    plan = receive_one(hospital, claim("A1", 600, 700, ("CO", "45", -100)))
    assert figures(plan) == values(claim_receivable=-600, allowance=-100)
    assert plan.outcome is Outcome.POSTED


def test_negative_allowance_below_one_makes_room_for_the_payment(hospital):
    plan = receive_one(hospital, claim("A1", 600, "600.50", ("CO", "45", "-0.50")))
    assert figures(plan) == values(claim_receivable=-600, allowance="-0.50")
    assert plan.exceptions == []


def test_negative_allowance_that_outweighs_the_payment_is_not_posted(hospital):
    plan = receive_one(hospital, claim("A1", 600, 0, ("CO", "45", -100), ("PR", "1", 700)))
    assert codes(plan) == ["remittance.claim.negative_adjustment", "remittance.claim.transfer_excess"]
    assert figures(plan) == values(claim_receivable=-600, patient_receivable=600)


def test_patient_responsibility_of_a_payers_invoice_moves_to_the_patient(hospital):
    plan = receive_one(hospital, claim("A1", 600, 400, ("PR", "1", 100), ("PR", "2", 70), ("PR", "3", 30)))
    assert figures(plan) == values(claim_receivable=-600, patient_receivable=200)
    assert hospital.balance(Role.PATIENT_RECEIVABLE, PATIENT) == 200
    assert plan.transferred == 200


@pytest.mark.parametrize("status", ["19", "20", "21"])
def test_patient_responsibility_of_a_forwarded_claim_moves_to_the_next_payer(hospital, status):
    plan = receive_one(hospital, claim("A1", 600, 400, ("PR", "2", 200), status=status))
    assert figures(plan) == values(claim_receivable=-600, payer_receivable=200)
    assert hospital.balance(Role.PAYER_RECEIVABLE, NEXT_PAYER) == 200


def test_an_unknown_next_payer_leaves_the_amount_on_the_invoice():
    hospital = Hospital()
    hospital.invoice("A1", 600, next_payer=None)
    plan = receive_one(hospital, claim("A1", 600, 400, ("PR", "2", 200), status="19"))
    assert figures(plan) == values(claim_receivable=-400)
    assert codes(plan) == ["remittance.claim.next_payer_unknown"]
    assert plan.exceptions[0].finding.amount == 200
    assert hospital.open("A1") == 200


def test_an_unknown_patient_leaves_the_amount_on_the_invoice():
    hospital = Hospital()
    hospital.invoice("A1", 600, patient=None)
    plan = receive_one(hospital, claim("A1", 600, 400, ("PR", "1", 200)))
    assert codes(plan) == ["remittance.claim.patient_unknown"]
    assert hospital.open("A1") == 200


@pytest.mark.parametrize("status", ["1", "19"])
def test_patient_responsibility_stays_on_the_patients_own_invoice(status):
    hospital = Hospital()
    hospital.invoice("A1", 600, addressed_to=Addressee.PATIENT)
    plan = receive_one(hospital, claim("A1", 600, 400, ("PR", "2", 200), status=status))
    assert figures(plan) == values(claim_receivable=-400)
    assert plan.patient_share == 200
    assert plan.outcome is Outcome.POSTED
    assert hospital.open("A1") == 200


def test_all_deductible_claim_moves_everything_to_the_patient(hospital):
    plan = hospital.receive(remit(claim("A1", 600, 0, ("PR", "1", 600))))
    assert figures(next(plan.claims)) == values(claim_receivable=-600, patient_receivable=600)
    assert plan.entries[0].clearing is None
    assert next(plan.claims).outcome is Outcome.POSTED


def test_zero_payment_with_allowance_and_deductible_posts_both(hospital):
    plan = receive_one(hospital, claim("A1", 600, 0, ("CO", "45", 250), ("PR", "1", 350)))
    assert figures(plan) == values(claim_receivable=-600, allowance=250, patient_receivable=350)


def test_all_deductible_claim_on_the_patients_own_invoice_changes_nothing():
    hospital = Hospital()
    hospital.invoice("A1", 600, addressed_to=Addressee.PATIENT)
    plan = receive_one(hospital, claim("A1", 600, 0, ("PR", "1", 600)))
    assert (plan.lines, plan.patient_share, plan.outcome) == ([], 600, Outcome.NO_EFFECT)


@pytest.mark.parametrize("group", ["CO", "PI", "OA"])
def test_denied_claim_posts_nothing_and_raises_the_amount(hospital, group):
    plan = receive_one(hospital, claim("A1", 600, 0, (group, "29", 600)))
    assert (plan.lines, plan.outcome, plan.denied) == ([], Outcome.DENIED, 600)
    finding = plan.exceptions[0].finding
    assert (finding.code, finding.amount, finding.found) == ("remittance.claim.denied", 600, f"{group} 29")
    assert plan.exceptions[0].subject == "A1"
    assert hospital.open("A1") == 600


def test_allowance_beside_a_denial_waits_with_it(hospital):
    plan = receive_one(
        hospital, claim("A1", 600, 0, lines=[line(600, 0, ("CO", "45", 200), ("CO", "50", 400))])
    )
    assert (plan.lines, plan.denied, plan.outcome) == ([], 600, Outcome.DENIED)
    finding = plan.exceptions[0].finding
    assert (finding.amount, finding.found) == (600, "CO 50")


def test_denial_of_less_than_one_is_a_denial():
    hospital = Hospital()
    hospital.invoice("A1", "0.50")
    plan = receive_one(hospital, claim("A1", "0.50", 0, ("CO", "50", "0.30"), ("CO", "45", "0.20")))
    assert (plan.lines, plan.denied, plan.outcome) == ([], money("0.50"), Outcome.DENIED)


def test_denied_line_of_a_paid_claim_stays_open_while_the_rest_posts(hospital):
    plan = receive_one(
        hospital,
        claim(
            "A1",
            600,
            300,
            lines=[line(400, 300, ("CO", "45", 100)), line(200, 0, ("CO", "97", 150), ("CO", "45", 50))],
        ),
    )
    assert figures(plan) == values(claim_receivable=-400, allowance=100)
    assert (plan.outcome, plan.denied) == (Outcome.PARTIALLY_POSTED, 200)
    assert codes(plan) == ["remittance.claim.line_denied"]
    assert plan.exceptions[0].finding.amount == 200
    assert hospital.open("A1") == 200


def test_denied_part_of_a_paid_line_stays_open(hospital):
    plan = receive_one(
        hospital, claim("A1", 600, 300, lines=[line(600, 300, ("CO", "45", 100), ("CO", "151", 200))])
    )
    assert figures(plan) == values(claim_receivable=-400, allowance=100)
    assert plan.denied == 200


def test_denied_line_beside_a_deductible_line_of_an_unpaid_claim(hospital):
    plan = receive_one(
        hospital,
        claim("A1", 600, 0, lines=[line(400, 0, ("PR", "1", 400)), line(200, 0, ("CO", "50", 200))]),
    )
    assert figures(plan) == values(claim_receivable=-400, patient_receivable=400)
    assert codes(plan) == ["remittance.claim.line_denied"]


def test_denial_at_claim_level_of_an_unpaid_claim_denies_its_lines_too(hospital):
    plan = receive_one(
        hospital, claim("A1", 600, 0, ("CO", "16", 500), lines=[line(600, 500, ("CO", "45", 100))])
    )
    assert (plan.lines, plan.denied, plan.outcome) == ([], 600, Outcome.DENIED)


def test_denial_without_an_amount_is_only_a_remark(hospital):
    plan = receive_one(hospital, claim("A1", 600, 0, ("PR", "1", 600), ("CO", "16", 0)))
    assert figures(plan) == values(claim_receivable=-600, patient_receivable=600)
    assert (plan.outcome, plan.exceptions) == (Outcome.POSTED, [])


def test_patient_not_recognised_is_a_denial(hospital):
    plan = receive_one(hospital, claim("A1", 600, 0, ("CO", "31", 600), status="4"))
    assert (plan.lines, plan.outcome, plan.denied) == ([], Outcome.DENIED, 600)
    assert codes(plan) == ["remittance.claim.denied"]


@pytest.mark.parametrize(
    "given", [("OA", "94", 100), ("CR", "45", 100), ("CO", "999", 100), ("PI", "45", 100), ("PR", "96", 100)]
)
def test_adjustment_without_a_rule_waits_in_the_review_list(hospital, given):
    plan = hospital.receive(remit(claim("A1", 600, 500, given)))
    claim_plan = next(plan.claims)
    assert figures(claim_plan) == values(claim_receivable=-500)
    assert (claim_plan.outcome, claim_plan.reviewed) == (Outcome.PARTIALLY_POSTED, 100)
    assert [waiting.adjustment.amount for waiting in claim_plan.review] == [100]
    assert [(e.finding.code, e.finding.amount, e.subject) for e in plan.exceptions] == [
        ("remittance.adjustment.no_rule", 100, f"{PAYER} {given[0]} {given[1]}")
    ]
    assert plan.exceptions[0].finding.found.endswith("(once)")
    assert hospital.open("A1") == 100


def test_unpaid_claim_with_nothing_but_review(hospital):
    plan = receive_one(hospital, claim("A1", 600, 0, ("CO", "999", 600)))
    assert (plan.lines, plan.outcome) == ([], Outcome.REVIEW)


def test_adjustments_without_a_rule_are_one_exception_per_code():
    hospital = Hospital()
    for claim_id in ("A1", "A2"):
        hospital.invoice(claim_id, 600)
    plan = hospital.receive(
        remit(claim("A1", 600, 500, ("CO", "999", 100)), claim("A2", 600, 550, ("CO", "999", 50)))
    )
    assert [exception.finding.amount for exception in plan.exceptions] == [150]
    assert plan.exceptions[0].finding.location == "ST 0001, segment 10 (CAS)"
    assert plan.exceptions[0].finding.found == "CO 999 (2 times)"
    assert plan.exceptions[0].category == "mapping"


def test_a_review_rule_is_a_decision_and_no_missing_rule(hospital):
    hospital.rules = RuleTable([PostingRule(Treatment.REVIEW, "CO", "999")])
    plan = hospital.receive(remit(claim("A1", 600, 500, ("CO", "999", 100))))
    assert plan.exceptions == []
    assert len(next(plan.claims).review) == 1


def test_payment_above_the_open_items_waits_in_unapplied_cash():
    hospital = Hospital()
    hospital.invoice("A1", 500)
    plan = receive_one(hospital, claim("A1", 600, 600))
    assert figures(plan) == values(claim_receivable=-500, unapplied_cash=-100)
    assert codes(plan) == ["remittance.claim.over_credit"]
    assert plan.exceptions[0].finding.amount == 100
    assert plan.outcome is Outcome.PARTIALLY_POSTED


def test_payment_of_a_settled_claim_waits_whole(hospital):
    hospital.pay(hospital.invoices["A1"].receivable[0], 600)
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 200)))
    assert figures(plan) == values(unapplied_cash=-400)
    assert (plan.outcome, codes(plan)) == (Outcome.UNAPPLIED, ["remittance.claim.nothing_open"])
    finding = plan.exceptions[0].finding
    assert (finding.amount, finding.expected, finding.found) == (400, "an open item", "0 open for 600")


def test_unpaid_claim_that_is_settled_posts_nothing(hospital):
    hospital.pay(hospital.invoices["A1"].receivable[0], 600)
    plan = receive_one(hospital, claim("A1", 600, 0, ("CO", "45", 200), ("PR", "1", 400)))
    assert (plan.lines, plan.outcome) == ([], Outcome.HELD)
    assert plan.exceptions[0].finding.amount == 600


def test_allowance_above_the_open_items_is_not_posted():
    hospital = Hospital()
    hospital.invoice("A1", 500)
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 200)))
    assert figures(plan) == values(claim_receivable=-500, allowance=100)
    assert codes(plan) == ["remittance.claim.allowance_excess"]
    finding = plan.exceptions[0].finding
    assert (finding.amount, finding.expected, finding.found) == (100, "at most 100", "200")


def test_allowances_of_several_accounts_share_what_is_open():
    hospital = Hospital()
    hospital.invoice("A1", 500)
    own_account = PostingRule(Treatment.ALLOWANCE, "CO", "253", account=777, payer=PAYER)
    hospital.rules = RuleTable([*DEFAULT_RULES, own_account])
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 80), ("CO", "253", 120)))
    posted = {line.account: line.amount for line in plan.lines if line.role is Role.ALLOWANCE}
    assert posted == {hospital.accounts[Role.ALLOWANCE]: 80, 777: 20}
    assert plan.exceptions[0].finding.amount == 100


def test_copayment_collected_at_the_desk_is_not_asked_for_again(hospital):
    hospital.pay(hospital.invoices["A1"].receivable[0], 20)
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 180), ("PR", "3", 20)))
    assert figures(plan) == values(claim_receivable=-580, allowance=180)
    assert codes(plan) == ["remittance.claim.transfer_excess"]
    assert plan.exceptions[0].finding.amount == 20


def test_patient_share_that_is_owed_already_is_counted_up_to_what_does_not_move():
    hospital = Hospital()
    hospital.invoice("A1", 200)
    receive_one(hospital, claim("A1", 100, 0, ("PR", "1", 100), number="ICN-1"))
    plan = receive_one(hospital, claim("A1", 120, 60, ("PR", "1", 60), number="ICN-2"))
    assert figures(plan) == values(claim_receivable=-100, patient_receivable=40)
    assert (plan.transferred, plan.patient_share, plan.exceptions) == (40, 20, [])


@pytest.mark.parametrize("given", [("CO", "45", "-0.50"), ("PR", "1", "-0.50")])
def test_negative_adjustment_of_an_unpaid_claim_is_left_to_a_person(hospital, given):
    plan = receive_one(hospital, claim("A1", "-0.50", 0, given))
    assert (plan.lines, codes(plan)) == ([], ["remittance.claim.negative_adjustment"])
    assert plan.exceptions[0].finding.amount == money("-0.50")


def test_invoice_with_instalments_is_settled_line_by_line():
    hospital = Hospital()
    hospital.invoice("A1", 250, 350)
    plan = receive_one(hospital, claim("A1", 600, 400, ("CO", "45", 200)))
    assert [line.amount for line in plan.lines] == [-250, -350, 200]
    assert hospital.open("A1") == 0


def test_same_claim_twice_settles_what_the_first_left(hospital):
    first = claim("A1", 300, 200, ("CO", "45", 100), number="ICN-1")
    plan = hospital.receive(remit(first, claim("A1", 300, 250, ("CO", "45", 50), number="ICN-2")))
    assert [figures(each) for each in plan.claims] == [
        values(claim_receivable=-300, allowance=100),
        values(claim_receivable=-300, allowance=50),
    ]
    assert plan.exceptions == []


@pytest.mark.parametrize("in_one_remittance", [True, False])
def test_repeated_claim_does_not_settle_what_the_first_moved_to_the_patient(hospital, in_one_remittance):
    given = claim("A1", 600, 400, ("PR", "1", 200))
    if in_one_remittance:
        plans = list(hospital.receive(remit(given, given)).claims)
    else:
        plans = [receive_one(hospital, given), receive_one(hospital, given)]
    assert figures(plans[1]) == values(unapplied_cash=-400)
    assert codes(plans[1]) == ["remittance.claim.nothing_open"]
    assert hospital.balance(Role.PATIENT_RECEIVABLE) == 200


def test_rule_by_date_of_service(hospital):
    new = PostingRule(Treatment.ALLOWANCE, "CO", "999", date_from=datetime.date(2026, 2, 15))
    hospital.rules = RuleTable([new])
    plan = receive_one(
        hospital,
        claim(
            "A1",
            600,
            500,
            lines=[
                line(300, 250, ("CO", "999", 50), service_date=datetime.date(2026, 2, 14)),
                line(300, 250, ("CO", "999", 50), service_date=datetime.date(2026, 2, 15)),
            ],
        ),
    )
    assert figures(plan) == values(claim_receivable=-550, allowance=50)
    assert plan.reviewed == 50


@pytest.mark.parametrize(
    ("statement_from", "allowance"),
    [(datetime.date(2026, 2, 14), 0), (datetime.date(2026, 2, 15), 100), (None, 100)],
)
def test_rule_by_date_at_claim_level_goes_by_the_statement_then_by_the_payment(
    hospital, statement_from, allowance
):
    new = PostingRule(Treatment.ALLOWANCE, "CO", "999", date_from=datetime.date(2026, 2, 15))
    hospital.rules = RuleTable([new])
    given = replace(claim("A1", 600, 500, ("CO", "999", 100)), statement_from=statement_from)
    assert receive_one(hospital, given).allowance == allowance


def test_labels_and_exceptions_never_carry_the_patients_name(hospital):
    plan = hospital.receive(
        remit(claim("A1", 600, 650, ("CO", "45", -50), ("CO", "16", 0)), claim("B1", 1, 1))
    )
    texts = [line.label for entry in plan.entries for line in entry.lines]
    texts += [str(exception.finding.as_dict()) + exception.subject for exception in plan.exceptions]
    assert any("A1 / ICN-A1" in text for text in texts)
    assert not any("DOE" in text for text in texts)


def test_claim_without_a_number_is_known_by_the_payers_number():
    hospital = Hospital()
    plan = receive_one(hospital, claim("", 600, 400, ("CO", "45", 200), number="ICN-7"))
    assert plan.lines[0].label == "ICN-7"
    assert plan.exceptions[0].subject == "ICN-7"


def test_amounts_stay_exact():
    hospital = Hospital()
    hospital.invoice("A1", "0.30")
    plan = receive_one(hospital, claim("A1", "0.30", "0.10", ("CO", "45", "0.10"), ("PR", "1", "0.10")))
    assert sum(line.amount for line in plan.lines) == Decimal("-0.10")
    assert hospital.open("A1") == 0
