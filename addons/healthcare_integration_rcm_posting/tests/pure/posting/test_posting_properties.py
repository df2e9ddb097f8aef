"""What holds for any balanced remittance, whatever the books, the matches and the rules are."""

import copy
from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from posting_documents import claim, line, remit, reversal
from posting_hospital import INVOICE_RECEIVABLE, NEXT_PAYER, PAYER, Hospital

from odoo.addons.healthcare_integration_rcm_posting.posting.context import PostingPolicy
from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import Addressee, MatchState
from odoo.addons.healthcare_integration_rcm_posting.posting.planner import RemittancePlanner
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    DEFAULT_RULES,
    PostingRule,
    RuleTable,
    Treatment,
)

CLAIM_IDS = ["A1", "A2", "A3", "UNKNOWN"]
CODES = [
    ("CO", "45"),
    ("CO", "253"),
    ("PR", "1"),
    ("PR", "2"),
    ("OA", "23"),
    ("CO", "29"),
    ("CO", "97"),
    ("PI", "50"),
    ("OA", "94"),
    ("CR", "45"),
    ("CO", "999"),
]
PROCESSED = ["1", "2", "3", "19", "20", "21"]
OTHERS = ["4", "5", "22", "23", "25", "99"]
PROVIDER_CODES = ["WO", "FB", "72", "L6", "PI", "IR", "LE", "CS", "J1"]

cents = st.integers(0, 60000).map(lambda value: Decimal(value) / 100)
signed_cents = st.integers(-5000, 60000).map(lambda value: Decimal(value) / 100)
adjustment_lists = st.lists(st.tuples(st.sampled_from(CODES), signed_cents), max_size=3).map(
    lambda pairs: [(group, reason, amount) for (group, reason), amount in pairs]
)


def total(triples) -> Decimal:
    return sum((amount for _group, _reason, amount in triples), Decimal(0))


@st.composite
def service_lines(draw):
    triples, paid = draw(adjustment_lists), draw(st.one_of(st.just(Decimal(0)), signed_cents))
    return line(paid + total(triples), paid, *triples)


@st.composite
def claims(draw, statuses=tuple(PROCESSED + OTHERS)):
    """A claim that balances at both levels."""
    lines = draw(st.lists(service_lines(), max_size=2))
    triples = draw(adjustment_lists)
    paid = sum((each.paid for each in lines), Decimal(0)) - total(triples) if lines else draw(signed_cents)
    charge = sum((each.charge for each in lines), Decimal(0)) if lines else paid + total(triples)
    return claim(
        draw(st.sampled_from(CLAIM_IDS)),
        charge,
        paid,
        *triples,
        status=draw(st.sampled_from(statuses)),
        lines=lines,
        number=draw(st.sampled_from(["ICN-1", "ICN-2"])),
    )


provider_adjustments = st.lists(
    st.tuples(st.sampled_from(PROVIDER_CODES), st.sampled_from(["", "T1", "T2", "ICN-1"]), signed_cents),
    max_size=4,
)


@st.composite
def remittances(draw, trace="T1", statuses=tuple(PROCESSED + OTHERS), plb=provider_adjustments):
    """A balanced remittance; what would make it negative is carried forward."""
    given_claims = draw(st.lists(claims(statuses), max_size=5))
    if given_claims and draw(st.booleans()):
        given_claims.append(reversal(draw(st.sampled_from(given_claims))))
    adjustments = draw(plb)
    return settled(given_claims, adjustments, trace)


def settled(given_claims, adjustments, trace):
    amount = sum((each.paid for each in given_claims), Decimal(0)) - sum(a for _c, _r, a in adjustments)
    if amount < 0:
        adjustments = [*adjustments, ("FB", trace, amount)]
    return remit(*given_claims, plb=adjustments, trace=trace)


rules = st.lists(
    st.builds(
        lambda treatment, code, payer, account: PostingRule(
            treatment, *code, payer=payer, account=account if treatment is Treatment.OTHER_ACCOUNT else None
        ),
        st.sampled_from(list(Treatment)),
        st.sampled_from([*CODES, ("CO", ""), ("", "")]),
        st.sampled_from([None, PAYER]),
        st.sampled_from([801, 802]),
    ),
    max_size=3,
)


@st.composite
def hospitals(draw):
    hospital = Hospital(
        rules=RuleTable([*DEFAULT_RULES, *draw(rules)]),
        policy=PostingPolicy(claims_per_entry=draw(st.integers(1, 4)), reclass_denied=draw(st.booleans())),
    )
    for claim_id in CLAIM_IDS[:3]:
        hospital.invoice(
            claim_id,
            *draw(
                st.lists(
                    st.integers(1, 90000).map(lambda value: Decimal(value) / 100), min_size=1, max_size=2
                )
            ),
            addressed_to=draw(st.sampled_from(list(Addressee))),
            state=draw(st.sampled_from([MatchState.MATCHED] * 3 + [MatchState.AMBIGUOUS])),
            next_payer=draw(st.sampled_from([NEXT_PAYER, None])),
        )
    return hospital


anything = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def check(hospital, plan, given):
    for entry in plan.entries:
        assert sum(each.amount for each in entry.lines) == 0
        assert len(entry.claims) <= hospital.policy.claims_per_entry
    assert plan.cleared == given.header.amount
    for each in plan.claims:
        assert sum(planned.amount for planned in each.lines) == -each.paid


def check_receivables(hospital):
    """Every credit of a receivable is settled in full: none was above what was open."""
    for item in hospital.books.items.values():
        if item.role is Role.CLAIM_RECEIVABLE and item.amount < 0:
            assert item.residual == 0
        if item.account == INVOICE_RECEIVABLE and item.amount > 0:
            assert item.residual >= 0


@anything
@given(hospitals(), remittances("T1"), remittances("T2"), remittances("T3"))
def test_any_chain_of_remittances_balances_and_never_overcredits(hospital, first, second, third):
    for given_remit, payer in ((first, PAYER), (second, NEXT_PAYER), (third, PAYER)):
        plan = hospital.receive(given_remit, payer)
        check(hospital, plan, given_remit)
        check_receivables(hospital)


@anything
@given(hospitals(), remittances("T1"), remittances("T2"))
def test_planning_is_deterministic(hospital, first, second):
    hospital.receive(first)
    assert hospital.plan(second) == hospital.plan(copy.deepcopy(second))


@anything
@given(hospitals(), remittances("T1"), remittances("T2"), st.lists(st.integers(0, 3), min_size=1, max_size=4))
def test_planning_in_chunks_is_planning_at_once(hospital, first, second, sizes):
    hospital.receive(first)
    ledger = hospital.ledger(second)
    planner = RemittancePlanner(second.header, ledger, hospital.context(second, PAYER))
    entries, rest = [], [(each, ledger[each.claim_id]) for each in second.claims]
    for size in sizes:
        entries += planner.add(rest[:size])
        rest = rest[size:]
    entries += planner.add(rest)
    entries += planner.finish(second.summary)
    assert entries == hospital.plan(second).entries


@anything
@given(hospitals(), remittances("T1"), remittances("T2"))
def test_applying_in_steps_is_applying_at_once(hospital, first, second):
    hospital.receive(first)
    in_steps = copy.deepcopy(hospital)
    hospital.receive(second)
    in_steps.receive_in_steps(second)
    assert hospital.books.balances() == in_steps.books.balances()
    assert hospital.books.items == in_steps.books.items


@anything
@given(hospitals(), remittances("T0"), st.lists(claims(PROCESSED), min_size=1, max_size=5), st.booleans())
def test_mirrored_reversal_restores_every_balance(hospital, before, given_claims, in_one_remittance):
    hospital.receive(before)
    start, open_before = hospital.books.balances(), residuals(hospital)
    undone = [reversal(each) for each in reversed(given_claims)]
    if in_one_remittance:
        hospital.receive(settled([*given_claims, *undone], [], "T1"))
    else:
        hospital.receive(settled(given_claims, [], "T1"))
        hospital.receive(settled(undone, [], "T2"))
    assert claim_balances(hospital, hospital.books.balances()) == claim_balances(hospital, start)
    assert residuals(hospital) == open_before


def claim_balances(hospital, balances):
    """Balances by account; the payment itself may be carried forward, so clearing is left out."""
    payment = {hospital.accounts[Role.CLEARING], hospital.accounts[Role.FORWARD_BALANCE]}
    return {key: amount for key, amount in balances.items() if key[0] not in payment}


def residuals(hospital):
    return {
        item: hospital.books.items[item].residual
        for invoice in hospital.invoices.values()
        for item in invoice.receivable
    }
