"""Entries, keys, chunks and the control of a whole remittance."""

from collections import defaultdict
from decimal import Decimal

import pytest
from posting_documents import claim, money, remit, reversal
from posting_hospital import ACCOUNTS, PAYER, Hospital

from odoo.addons.healthcare_integration_rcm_posting.posting.context import PostingPolicy
from odoo.addons.healthcare_integration_rcm_posting.posting.errors import PlanError
from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import (
    ClaimAccount,
    ItemKind,
    Ledger,
    OpenItem,
)
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import EntryPlan
from odoo.addons.healthcare_integration_rcm_posting.posting.planner import RemittancePlanner
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role

CLAIMS = [claim(f"A{number}", 600, 400, ("CO", "45", 150), ("PR", "1", 50)) for number in range(7)]


def hospital_with_invoices(size):
    hospital = Hospital(policy=PostingPolicy(claims_per_entry=size))
    for given in CLAIMS:
        hospital.invoice(given.claim_id, 600)
    return hospital


@pytest.mark.parametrize(("size", "claims"), [(1, [1] * 7), (3, [3, 3, 1]), (7, [7]), (500, [7])])
def test_entries_hold_at_most_so_many_claims_and_one_the_provider_adjustments(size, claims):
    hospital = hospital_with_invoices(size)
    plan = hospital.receive(remit(*CLAIMS, plb=[("L6", "", -5), ("IR", "", 3)]))
    assert [len(entry.claims) for entry in plan.entries] == [*claims, 0]
    assert [len(entry.provider_adjustments) for entry in plan.entries] == [0] * len(claims) + [2]
    assert [entry.part for entry in plan.entries] == list(range(1, len(claims) + 2))
    assert plan.cleared == 2802
    for entry in plan.entries:
        assert sum(line.amount for line in entry.lines) == 0
        assert [line.role for line in entry.lines].count(Role.CLEARING) == 1


def test_clearing_line_carries_the_trace_number():
    plan = hospital_with_invoices(500).plan(remit(*CLAIMS, trace="EFT 77"))
    clearing = plan.entries[0].clearing
    assert (clearing.amount, clearing.account, clearing.partner) == (2800, ACCOUNTS[Role.CLEARING], PAYER)
    assert clearing.reference == "EFT 77"


def test_entry_that_pays_nothing_on_balance_has_no_clearing_line(hospital):
    hospital.invoice("B1", 600)
    hospital.receive(remit(claim("A1", 600, 600)))
    plan = hospital.receive(remit(reversal(claim("A1", 600, 600)), claim("B1", 600, 600), trace="T2"))
    (entry,) = plan.entries
    assert entry.clearing is None
    assert sum(line.amount for line in entry.lines) == 0


def test_entry_of_denials_has_no_lines(hospital):
    plan = hospital.plan(remit(claim("A1", 600, 0, ("CO", "29", 600))))
    assert plan.entries[0].lines == []


def test_remittance_of_provider_adjustments_only():
    hospital = Hospital()
    plan = hospital.receive(remit(plb=[("PI", "", -1000)]))
    assert [(entry.part, entry.cleared) for entry in plan.entries] == [(1, 1000)]


def test_keys_are_unique_and_the_same_in_another_cut():
    def keys(size):
        plan = hospital_with_invoices(size).plan(remit(*CLAIMS, plb=[("L6", "", -5)]))
        return [line.key for each in plan.claims for line in each.lines]

    assert len(set(keys(500))) == 21
    assert keys(500) == keys(2)


def test_entries_come_out_as_soon_as_they_are_complete():
    hospital, given = hospital_with_invoices(3), remit(*CLAIMS)
    ledger = hospital.ledger(given)
    planner = RemittancePlanner(given.header, ledger, hospital.context(given, PAYER))
    assigned = [(each, ledger[each.claim_id]) for each in given.claims]
    assert planner.add(assigned[:2]) == []
    assert [len(entry.claims) for entry in planner.add(assigned[2:])] == [3, 3]
    assert [len(entry.claims) for entry in planner.flush()] == [1]
    assert planner.flush() == []
    assert planner.finish(given.summary) == []


def test_planning_in_steps_over_the_books_is_planning_at_once():
    correction = claim("A0", 600, 300, ("CO", "45", 300))
    claims = [*CLAIMS, reversal(CLAIMS[0]), correction, reversal(CLAIMS[6])]
    at_once, in_steps = hospital_with_invoices(2), hospital_with_invoices(2)
    given = remit(*claims, plb=[("L6", "", -5)])
    plan = at_once.receive(given)
    entries = in_steps.receive_in_steps(given)
    assert [entry.part for entry in entries] == [entry.part for entry in plan.entries]
    assert at_once.books.items == in_steps.books.items
    assert sorted(at_once.books.matches) == sorted(in_steps.books.matches)


def test_clearing_that_does_not_net_to_the_payment_is_refused():
    hospital, given = hospital_with_invoices(500), remit(*CLAIMS)
    ledger = hospital.ledger(given)
    planner = RemittancePlanner(given.header, ledger, hospital.context(given, PAYER))
    planner.add((each, ledger[each.claim_id]) for each in given.claims[:-1])
    with pytest.raises(PlanError) as raised:
        planner.finish(given.summary)
    assert raised.value.code == "remittance.plan.control"
    assert (raised.value.expected, raised.value.found) == ("BPR02 2800", "2400")


def test_unbalanced_entry_is_refused(hospital):
    plan = next(hospital.plan(remit(claim("A1", 600, 600))).claims)
    with pytest.raises(PlanError) as raised:
        EntryPlan(1, [plan]).verify()
    assert raised.value.code == "remittance.plan.entry_unbalanced"


def test_open_item_is_never_credited_above_its_residual():
    item = OpenItem(1, 100, PAYER, money(50), ItemKind.INVOICE)
    with pytest.raises(PlanError) as raised:
        item.credit(money("50.01"))
    assert (raised.value.code, raised.value.subject) == ("remittance.plan.over_credit", "1")
    assert (raised.value.expected, raised.value.found) == ("at most 50", "50.01")
    with pytest.raises(PlanError):
        item.credit(money("-0.01"))
    item.credit(money(50))
    assert item.residual == 0


def test_two_accounts_that_share_an_invoice_share_its_open_item():
    ledger = Ledger()
    first = ledger.add(ClaimAccount("A1", items=[OpenItem(1, 100, PAYER, money(600), ItemKind.INVOICE)]))
    second = ledger.add(ClaimAccount("A2", items=[OpenItem(1, 100, PAYER, money(600), ItemKind.INVOICE)]))
    assert first.items[0] is second.items[0]


def test_account_that_is_in_the_ledger_stays():
    ledger = Ledger()
    first = ledger.add(ClaimAccount("A1"))
    assert ledger.add(ClaimAccount("A1")) is first
    assert ledger["A1"] is first


def test_a_plan_holds_what_claims_and_provider_adjustments_come_to(hospital):
    plan = hospital.plan(
        remit(claim("A1", 600, 400, ("CO", "45", 150), ("PR", "1", 50)), plb=[("L6", "", -5)])
    )
    totals = defaultdict(Decimal)
    for entry in plan.entries:
        for line in entry.lines:
            totals[line.role] += line.amount
    assert totals == {
        Role.CLEARING: 405,
        Role.CLAIM_RECEIVABLE: -600,
        Role.ALLOWANCE: 150,
        Role.PATIENT_RECEIVABLE: 50,
        Role.INTEREST_INCOME: -5,
    }


def test_planning_writes_nothing(hospital):
    before = len(hospital.books.items)
    hospital.plan(remit(claim("A1", 600, 400, ("CO", "45", 200))))
    assert len(hospital.books.items) == before
    assert hospital.open("A1") == Decimal(600)


def test_policy_of_empty_entries_is_refused():
    with pytest.raises(ValueError, match="at least one claim"):
        PostingPolicy(claims_per_entry=0)
