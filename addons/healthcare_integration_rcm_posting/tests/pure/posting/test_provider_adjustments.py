"""Every row of the accounting table that concerns provider adjustments, in both directions."""

from decimal import Decimal

import pytest
from posting_documents import claim, money, remit
from posting_hospital import PAYER, Hospital, codes

from odoo.addons.healthcare_integration_rcm_posting.posting.plan import Outcome
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    DEFAULT_PROVIDER_RULES,
    ProviderAdjustmentRule,
    ProviderAdjustmentRuleTable,
    Sign,
)

PAID = claim("A1", 600, 600)


def receive(hospital, *plb, trace="T1", claims=(PAID,)):
    plan = hospital.receive(remit(*claims, plb=plb, trace=trace))
    return plan.entries[-1].provider_adjustments


def lines(plan):
    return [(line.role, line.amount) for line in plan.lines]


SAME_ROLE_BOTH_WAYS = {
    "L6": Role.INTEREST_INCOME,
    "PI": Role.PERIODIC_INTERIM,
    "IR": Role.WITHHOLDING_TAX,
    "LE": Role.LEVY,
}


@pytest.mark.parametrize("amount", [-12.5, 12.5])
@pytest.mark.parametrize("code", SAME_ROLE_BOTH_WAYS)
def test_code_with_one_role_for_both_signs(hospital, code, amount):
    (plan,) = receive(hospital, (code, "REF", amount))
    assert lines(plan) == [(SAME_ROLE_BOTH_WAYS[code], money(amount))]
    assert (plan.outcome, plan.exceptions) == (Outcome.POSTED, [])
    assert hospital.balance(Role.CLEARING) == 600 - money(amount)


@pytest.mark.parametrize("amount", [-50, 50])
@pytest.mark.parametrize("code", ["CS", "J1", "E3", "AP", "50", "90", "ZZ"])
def test_code_without_a_rule_is_to_be_identified(hospital, code, amount):
    (plan,) = receive(hospital, (code, "REF", amount))
    assert lines(plan) == [(Role.PROVIDER_ADJUSTMENT_REVIEW, amount)]
    assert (plan.outcome, codes(plan)) == (
        Outcome.REVIEW,
        ["remittance.provider_adjustment.to_identify"],
    )
    assert plan.exceptions[0].finding.amount == amount
    assert plan.exceptions[0].subject == f"T1 {code} REF"


def test_authorised_return_credits_the_refund_check(hospital):
    (plan,) = receive(hospital, ("72", "CHECK 9", -200))
    assert lines(plan) == [(Role.REFUND_CHECK, -200)]
    assert hospital.balance(Role.CLEARING) == 800


@pytest.mark.parametrize("amount", [Decimal(200), Decimal("0.50")])
def test_positive_authorised_return_is_to_be_identified(hospital, amount):
    (plan,) = receive(hospital, ("72", "CHECK 9", amount))
    assert lines(plan) == [(Role.PROVIDER_ADJUSTMENT_REVIEW, amount)]


def test_recovery_is_announced_and_collected_by_the_reference(hospital):
    hospital.invoice("A2", 600)
    (announced,) = receive(hospital, ("WO", "ICN 77", -200))
    assert lines(announced) == [(Role.PAYER_REFUND, -200)]
    assert hospital.balance(Role.PAYER_REFUND, PAYER) == -200
    (collected,) = receive(hospital, ("WO", "icn77", 200), trace="T2", claims=[claim("A2", 600, 600)])
    assert lines(collected) == [(Role.PAYER_REFUND, 200)]
    assert collected.exceptions == []
    assert hospital.balance(Role.PAYER_REFUND) == 0
    assert all(not i.residual for i in hospital.books.items.values() if i.role is Role.PAYER_REFUND)


@pytest.mark.parametrize("amount", [Decimal(200), Decimal("0.50")])
def test_recovery_may_be_announced_and_collected_in_one_remittance(hospital, amount):
    collected, announced = receive(hospital, ("WO", "ICN-77", amount), ("WO", "ICN-77", -amount))
    assert lines(collected) == [(Role.PAYER_REFUND, amount)]
    assert lines(announced) == [(Role.PAYER_REFUND, -amount)]
    assert hospital.balance(Role.TAKEBACK) == 0


def test_recovery_that_was_never_announced_is_a_takeback(hospital):
    (plan,) = receive(hospital, ("WO", "ICN-77", 200))
    assert lines(plan) == [(Role.TAKEBACK, 200)]
    assert (plan.outcome, codes(plan)) == (Outcome.HELD, ["remittance.provider_adjustment.takeback"])
    assert plan.exceptions[0].finding.amount == 200
    assert hospital.balance(Role.CLEARING) == 400


def test_recovery_above_what_was_announced_is_a_takeback_in_part(hospital):
    receive(hospital, ("WO", "ICN-77", -150))
    (plan,) = receive(hospital, ("WO", "ICN-77", 200), trace="T2")
    assert lines(plan) == [(Role.PAYER_REFUND, 150), (Role.TAKEBACK, 50)]
    assert plan.outcome is Outcome.PARTIALLY_POSTED
    assert plan.exceptions[0].finding.amount == 50


def test_recovery_collected_in_instalments(hospital):
    receive(hospital, ("WO", "ICN-77", -100), ("WO", "ICN-77", -100))
    (first,) = receive(hospital, ("WO", "ICN-77", 150), trace="T2")
    assert lines(first) == [(Role.PAYER_REFUND, 100), (Role.PAYER_REFUND, 50)]
    (second,) = receive(hospital, ("WO", "ICN-77", 50), trace="T3")
    assert lines(second) == [(Role.PAYER_REFUND, 50)]
    assert hospital.balance(Role.PAYER_REFUND) == 0


def test_recoveries_without_a_reference_do_not_pair_up(hospital):
    receive(hospital, ("WO", "", -200))
    (plan,) = receive(hospital, ("WO", "", 200), trace="T2")
    assert lines(plan) == [(Role.TAKEBACK, 200)]


@pytest.mark.parametrize("amount", [Decimal(200), Decimal("0.50")])
def test_forward_balance_is_applied_by_the_trace_number(hospital, amount):
    (carried,) = receive(hospital, ("FB", "something else", -amount), trace="T1")
    assert lines(carried) == [(Role.FORWARD_BALANCE, -amount)]
    assert carried.lines[0].reference == "T1"
    (applied,) = receive(hospital, ("FB", "T1", amount), trace="T2")
    assert lines(applied) == [(Role.FORWARD_BALANCE, amount)]
    assert applied.exceptions == []
    assert all(not i.residual for i in hospital.books.items.values() if i.role is Role.FORWARD_BALANCE)


def test_forward_balance_that_nobody_carried_is_posted_and_raised(hospital):
    receive(hospital, ("FB", "", -50), trace="T1")
    (plan,) = receive(hospital, ("FB", "T1", 200), trace="T2")
    assert lines(plan) == [(Role.FORWARD_BALANCE, 50), (Role.FORWARD_BALANCE, 150)]
    assert codes(plan) == ["remittance.provider_adjustment.forward_balance_unmatched"]
    assert plan.exceptions[0].finding.amount == 150


def open_items(hospital, *roles):
    return [item.residual for item in hospital.books.items.values() if item.role in roles and item.residual]


def test_announcement_gives_back_what_was_collected_before_it(hospital):
    hospital.invoice("A2", 600)
    receive(hospital, ("WO", "ICN 77", 200))
    (announced,) = receive(hospital, ("WO", "icn77", -250), trace="T2", claims=[claim("A2", 600, 600)])
    assert lines(announced) == [(Role.TAKEBACK, -200), (Role.PAYER_REFUND, -50)]
    assert (announced.outcome, announced.exceptions) == (Outcome.POSTED, [])
    assert open_items(hospital, Role.TAKEBACK, Role.PAYER_REFUND) == [-50]
    assert hospital.balance(Role.CLEARING) == 400 + 850


def test_announcement_of_a_part_leaves_the_rest_of_the_takeback(hospital):
    receive(hospital, ("WO", "R1", 150), ("WO", "R1", 50))
    (announced,) = receive(hospital, ("WO", "R1", -180), trace="T2", claims=[])
    assert lines(announced) == [(Role.TAKEBACK, -150), (Role.TAKEBACK, -30)]
    assert open_items(hospital, Role.TAKEBACK) == [20]
    assert hospital.balance(Role.CLEARING) == 400 + 180


def test_announcements_in_one_remittance_give_each_takeback_back_once(hospital):
    receive(hospital, ("WO", "R1", 200))
    first, second = receive(hospital, ("WO", "R1", -150), ("WO", "R1", -100), trace="T2", claims=[])
    assert lines(first) == [(Role.TAKEBACK, -150)]
    assert lines(second) == [(Role.TAKEBACK, -50), (Role.PAYER_REFUND, -50)]
    assert open_items(hospital, Role.TAKEBACK, Role.PAYER_REFUND) == [-50]


def test_announcement_leaves_takebacks_of_other_references_and_of_claims(hospital):
    receive(hospital, ("WO", "R1", 150), claims=[PAID, claim("A9", -100, -100, status="22")])
    (announced,) = receive(hospital, ("WO", "A9", -100), trace="T2", claims=[])
    assert lines(announced) == [(Role.PAYER_REFUND, -100)]
    assert sorted(open_items(hospital, Role.TAKEBACK)) == [100, 150]


def test_announcement_without_a_reference_gives_nothing_back(hospital):
    receive(hospital, ("WO", "", 150))
    (announced,) = receive(hospital, ("WO", "", -150), trace="T2", claims=[])
    assert lines(announced) == [(Role.PAYER_REFUND, -150)]


def test_balance_may_be_applied_before_it_is_carried_forward(hospital):
    receive(hospital, ("FB", "T1", 200), trace="T2")
    (carried,) = receive(hospital, ("FB", "anything", -300), trace="T1", claims=[])
    assert lines(carried) == [(Role.FORWARD_BALANCE, -200), (Role.FORWARD_BALANCE, -100)]
    assert open_items(hospital, Role.FORWARD_BALANCE) == [-100]
    assert hospital.balance(Role.CLEARING) == 400 + 300


def test_payer_may_have_its_own_rule(hospital):
    own = ProviderAdjustmentRule(Role.INTEREST_INCOME, "CS", payer=PAYER, account=999)
    hospital.provider_rules = ProviderAdjustmentRuleTable([*DEFAULT_PROVIDER_RULES, own])
    (plan,) = receive(hospital, ("CS", "REF", -10))
    assert [(line.role, line.account) for line in plan.lines] == [(Role.INTEREST_INCOME, 999)]
    assert plan.exceptions == []


def test_rule_may_be_for_one_sign(hospital):
    own = ProviderAdjustmentRule(Role.RULE_ACCOUNT, "J1", Sign.POSITIVE, account=999)
    hospital.provider_rules = ProviderAdjustmentRuleTable([*DEFAULT_PROVIDER_RULES, own])
    collected, paid = receive(hospital, ("J1", "", 10), ("J1", "", -10))
    assert [line.role for line in collected.lines] == [Role.RULE_ACCOUNT]
    assert [line.role for line in paid.lines] == [Role.PROVIDER_ADJUSTMENT_REVIEW]


def test_pairs_on_the_account_of_the_open_item():
    hospital = Hospital()
    hospital.provider_rules = ProviderAdjustmentRuleTable(
        [ProviderAdjustmentRule(Role.PAYER_REFUND, "WO", Sign.NEGATIVE, account=999), *DEFAULT_PROVIDER_RULES]
    )
    receive(hospital, ("WO", "ICN-77", -200))
    (plan,) = receive(hospital, ("WO", "ICN-77", 200), trace="T2")
    assert [line.account for line in plan.lines] == [999]


def test_zero_amount_is_left_out(hospital):
    plan = hospital.receive(remit(PAID, plb=[("L6", "", 0)]))
    assert len(plan.entries) == 1
