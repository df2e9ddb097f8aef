"""Which rule an adjustment meets."""

import datetime
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    DEFAULT_PROVIDER_RULES,
    DEFAULT_RULES,
    NO_PROVIDER_RULE,
    NO_RULE,
    PostingRule,
    ProviderAdjustmentRule,
    ProviderAdjustmentRuleTable,
    RuleTable,
    Sign,
    Treatment,
)

DAY = datetime.date(2026, 3, 2)


def resolve(rules, payer=1, group="CO", reason="45", day=DAY):
    return RuleTable(rules).resolve(payer, group, reason, day)


def test_no_rule_is_review():
    assert resolve([]) is NO_RULE
    assert NO_RULE.treatment is Treatment.REVIEW


ASCENDING = [
    PostingRule(Treatment.REVIEW),
    PostingRule(Treatment.REVIEW, group="CO"),
    PostingRule(Treatment.REVIEW, payer=1),
    PostingRule(Treatment.REVIEW, group="CO", payer=1),
    PostingRule(Treatment.REVIEW, reason="45"),
    PostingRule(Treatment.REVIEW, group="CO", reason="45"),
    PostingRule(Treatment.REVIEW, reason="45", payer=1),
    PostingRule(Treatment.REVIEW, group="CO", reason="45", payer=1),
]


@given(st.sets(st.integers(0, 7), min_size=1), st.randoms())
def test_most_specific_rule_wins_in_whatever_order(chosen, random):
    rules = [ASCENDING[index] for index in chosen]
    random.shuffle(rules)
    assert resolve(rules) is ASCENDING[max(chosen)]


@pytest.mark.parametrize(("less", "more"), list(pairwise(ASCENDING)))
def test_priority_and_order_never_outweigh_the_more_specific_rule(less, more):
    urgent = replace(less, priority=0)
    assert resolve([urgent, more]) is resolve([more, urgent]) is more


def test_rule_without_dates_applies_to_what_has_no_date():
    rule = PostingRule(Treatment.ALLOWANCE, "CO", "45")
    assert resolve([rule], day=None) is rule


def test_tables_name_the_accounts_of_their_rules():
    own = PostingRule(Treatment.OTHER_ACCOUNT, "CO", "45", account=7)
    assert RuleTable([*DEFAULT_RULES, own]).accounts == {7}
    levy = ProviderAdjustmentRule(Role.RULE_ACCOUNT, "LE", account=8)
    assert ProviderAdjustmentRuleTable([*DEFAULT_PROVIDER_RULES, levy]).accounts == {8}


def test_payers_wildcard_never_overrides_a_denial():
    rules = [*DEFAULT_RULES, PostingRule(Treatment.ALLOWANCE, "CO", payer=1, priority=0)]
    assert resolve(rules, reason="29").treatment is Treatment.DENIAL
    assert resolve(rules, reason="999").treatment is Treatment.ALLOWANCE


def test_priority_decides_among_equally_specific_rules_then_the_order():
    late, early, same = (PostingRule(Treatment.REVIEW, "CO", "45", priority=p) for p in (20, 5, 5))
    assert resolve([late, early, same]) is early
    assert resolve([late, same, early]) is same


@pytest.mark.parametrize(
    ("day", "applies"),
    [
        (datetime.date(2026, 3, 1), False),
        (DAY, True),
        (datetime.date(2026, 3, 4), True),
        (datetime.date(2026, 3, 5), False),
        (None, False),
    ],
)
def test_rule_applies_from_and_to_its_dates_inclusive(day, applies):
    dated = PostingRule(Treatment.ALLOWANCE, "CO", "45", date_from=DAY, date_to=datetime.date(2026, 3, 4))
    assert (resolve([dated], day=day) is dated) is applies


def test_dated_rule_gives_way_to_a_less_specific_one_outside_its_dates():
    dated = PostingRule(Treatment.ALLOWANCE, "CO", "45", payer=1, date_to=datetime.date(2026, 1, 1))
    general = PostingRule(Treatment.DENIAL, "CO", "45")
    assert resolve([dated, general]) is general


@pytest.mark.parametrize(("payer", "group", "reason"), [(2, "CO", "45"), (1, "PR", "45"), (1, "CO", "46")])
def test_rule_for_something_else_does_not_apply(payer, group, reason):
    rule = PostingRule(Treatment.ALLOWANCE, group, reason, payer=payer)
    assert resolve([rule]) is NO_RULE


def test_defaults_write_off_nothing_but_the_contractual_codes():
    written_off = {
        (rule.group, rule.reason) for rule in DEFAULT_RULES if rule.treatment is Treatment.ALLOWANCE
    }
    assert written_off == {("CO", "45"), ("CO", "253")}
    transferred = {
        (rule.group, rule.reason) for rule in DEFAULT_RULES if rule.treatment is Treatment.TRANSFER
    }
    assert transferred == {("PR", "1"), ("PR", "2"), ("PR", "3")}
    assert not any(rule.group == "PR" for rule in DEFAULT_RULES if rule.treatment is Treatment.DENIAL)
    keys = [(rule.group, rule.reason) for rule in DEFAULT_RULES]
    assert len(keys) == len(set(keys))


def test_defaults_need_no_account_and_no_date():
    assert all(
        rule.account is None and rule.date_from is None and rule.payer is None for rule in DEFAULT_RULES
    )
    assert all(rule.account is None and rule.payer is None for rule in DEFAULT_PROVIDER_RULES)


def test_rules_that_contradict_themselves_are_refused():
    with pytest.raises(ValueError, match="must name it"):
        PostingRule(Treatment.OTHER_ACCOUNT, "CO", "45")
    with pytest.raises(ValueError, match="before it starts"):
        PostingRule(Treatment.REVIEW, date_from=DAY, date_to=datetime.date(2026, 3, 1))
    with pytest.raises(ValueError, match="must name it"):
        ProviderAdjustmentRule(Role.RULE_ACCOUNT, "CS")


def test_provider_rule_by_code_payer_and_sign():
    rules = [
        *DEFAULT_PROVIDER_RULES,
        ProviderAdjustmentRule(Role.LEVY, "CS"),
        ProviderAdjustmentRule(Role.TAKEBACK, "CS", Sign.POSITIVE),
        ProviderAdjustmentRule(Role.INTEREST_INCOME, "CS", payer=1),
        ProviderAdjustmentRule(Role.PAYER_REFUND, payer=3),
    ]
    table = ProviderAdjustmentRuleTable(rules)

    def role(payer, code, sign):
        return table.resolve(payer, code, sign, DAY).role

    assert role(1, "CS", Sign.POSITIVE) is Role.INTEREST_INCOME
    assert role(2, "CS", Sign.POSITIVE) is Role.TAKEBACK
    assert role(2, "CS", Sign.NEGATIVE) is Role.LEVY
    assert role(3, "ZZ", Sign.NEGATIVE) is Role.PAYER_REFUND
    assert table.resolve(2, "ZZ", Sign.NEGATIVE, DAY) is NO_PROVIDER_RULE


def test_provider_rule_that_names_the_code_wins_over_payer_and_sign():
    of_code = ProviderAdjustmentRule(Role.LEVY, "CS")
    others = ProviderAdjustmentRule(Role.TAKEBACK, sign=Sign.POSITIVE, payer=1, priority=0)
    for rules in ([of_code, others], [others, of_code]):
        assert ProviderAdjustmentRuleTable(rules).resolve(1, "CS", Sign.POSITIVE, DAY) is of_code


@pytest.mark.parametrize(("day", "applies"), [(datetime.date(2026, 3, 1), False), (DAY, True), (None, False)])
def test_provider_rule_applies_from_its_date(day, applies):
    dated = ProviderAdjustmentRule(Role.LEVY, "CS", date_from=DAY)
    table = ProviderAdjustmentRuleTable([dated])
    assert (table.resolve(1, "CS", Sign.POSITIVE, day) is dated) is applies


def test_every_role_has_a_label():
    assert all(role.label for role in Role)
    assert Role.CLEARING.reconcilable
    assert not Role.ALLOWANCE.reconcilable
    assert [role for role in Role if not role.configurable] == [Role.CLAIM_RECEIVABLE, Role.RULE_ACCOUNT]
