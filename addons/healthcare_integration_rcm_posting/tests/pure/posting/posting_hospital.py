"""A hospital with books: gathers the ledger for a remittance as the real caller does, plans and applies."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import Decimal

from posting_books import Books
from posting_documents import PAYMENT_DATE, Remit, money

from odoo.addons.healthcare_integration_rcm_posting.posting.adjudication import key_of
from odoo.addons.healthcare_integration_rcm_posting.posting.claims import (
    PostedSoFar,
    entry_of,
    plan_resolution,
    plan_review,
)
from odoo.addons.healthcare_integration_rcm_posting.posting.context import PostingContext, PostingPolicy
from odoo.addons.healthcare_integration_rcm_posting.posting.figures import Figures
from odoo.addons.healthcare_integration_rcm_posting.posting.ledger import (
    Addressee,
    ClaimAccount,
    Distribution,
    ItemKind,
    Ledger,
    MatchState,
    OpenItem,
    PostedLine,
    PriorPosting,
)
from odoo.addons.healthcare_integration_rcm_posting.posting.plan import (
    AdjustmentPlan,
    ClaimPlan,
    RemittancePlan,
)
from odoo.addons.healthcare_integration_rcm_posting.posting.planner import RemittancePlanner, plan_remittance
from odoo.addons.healthcare_integration_rcm_posting.posting.provider_adjustments import PAIRED_ROLES
from odoo.addons.healthcare_integration_rcm_posting.posting.roles import Role
from odoo.addons.healthcare_integration_rcm_posting.posting.rules import (
    DEFAULT_PROVIDER_RULES,
    DEFAULT_RULES,
    PostingRule,
    ProviderAdjustmentRuleTable,
    RuleTable,
    Treatment,
)

PAYER, NEXT_PAYER, PATIENT = 1, 2, 3
INVOICE_RECEIVABLE = 100
ACCOUNTS = {role: 101 + number for number, role in enumerate(role for role in Role if role.configurable)}
ROLE_KINDS = {
    Role.PATIENT_RECEIVABLE: ItemKind.PATIENT,
    Role.PAYER_RECEIVABLE: ItemKind.NEXT_PAYER,
    Role.DENIED_RECEIVABLE: ItemKind.DENIED,
    Role.UNAPPLIED_CASH: ItemKind.UNAPPLIED,
    Role.TAKEBACK: ItemKind.TAKEBACK,
}


@dataclass
class PostedClaim:
    """The claim record that a posting leaves behind."""

    id: int
    key: str
    payer: int
    status: str
    figures: Figures
    number: str
    lines: list[int]
    plan: ClaimPlan
    reversed: bool = False

    def so_far(self) -> PostedSoFar:
        """What the claim record keeps of its posting, for a review."""
        plans = self.plan.adjustments
        return PostedSoFar(
            outcome=self.plan.outcome,
            waiting={key_of(plan.adjustment) for plan in self.plan.review},
            allowed=_total(plans, Treatment.ALLOWANCE),
            transferred=_total(plans, Treatment.TRANSFER),
            denied=_total(plans, Treatment.DENIAL),
            has_exceptions=bool(self.plan.exceptions),
        )


def _total(plans: list[AdjustmentPlan], treatment: Treatment) -> Decimal:
    return sum((plan.adjustment.amount for plan in plans if plan.treatment is treatment), Decimal(0))


@dataclass
class Invoice:
    receivable: list[int]
    addressed_to: Addressee
    state: MatchState
    next_payer: int | None
    patient: int | None


@dataclass
class Hospital:
    rules: RuleTable = field(default_factory=lambda: RuleTable(DEFAULT_RULES))
    provider_rules: ProviderAdjustmentRuleTable = field(
        default_factory=lambda: ProviderAdjustmentRuleTable(DEFAULT_PROVIDER_RULES)
    )
    policy: PostingPolicy = PostingPolicy()
    accounts: dict[Role, int] = field(default_factory=lambda: dict(ACCOUNTS))
    books: Books = field(default_factory=Books)
    invoices: dict[str, Invoice] = field(default_factory=dict)
    claims: list[PostedClaim] = field(default_factory=list)
    distributions: dict[int, Distribution] = field(default_factory=dict)

    def invoice(
        self,
        claim_id: str,
        *amounts,
        addressed_to=Addressee.PAYER,
        state=MatchState.MATCHED,
        next_payer=NEXT_PAYER,
        patient=PATIENT,
    ) -> None:
        """Post an invoice with one receivable line per amount."""
        partner = PAYER if addressed_to is Addressee.PAYER else PATIENT
        lines = [
            self.books.post(Role.CLAIM_RECEIVABLE, INVOICE_RECEIVABLE, partner, money(amount))
            for amount in amounts
        ]
        self.invoices[claim_id] = Invoice(lines, addressed_to, state, next_payer, patient)

    def pay(self, item_id: int, amount) -> None:
        """Somebody else pays an item: the patient at the desk, for instance."""
        item = self.books.items[item_id]
        paid = self.books.post(item.role, item.account, item.partner, -money(amount))
        self.books.reconcile(item_id, paid)

    # what the real caller gathers from the books

    def context(self, remit: Remit | None, payer: int) -> PostingContext:
        return PostingContext(
            payer=payer,
            rules=self.rules,
            provider_rules=self.provider_rules,
            accounts=self.accounts,
            policy=self.policy,
            control_number="0001",
            trace_number=remit.header.trace_number if remit else "",
            payment_date=PAYMENT_DATE,
            distributions=self.distributions,
        )

    def ledger(self, remit: Remit) -> Ledger:
        ledger = Ledger()
        for claim_id in dict.fromkeys(claim.claim_id for claim in remit.claims):
            ledger.add(self.account(claim_id))
        for item in self.books.items.values():
            if item.role in PAIRED_ROLES and item.residual:
                kind = ItemKind.PROVIDER_ADJUSTMENT
                opened = OpenItem(item.id, item.account, item.partner, item.residual, kind)
                ledger.add_provider_item(item.role, item.reference, opened)
        return ledger

    def account(self, key: str) -> ClaimAccount:
        invoice = self.invoices.get(key, Invoice([], Addressee.PAYER, MatchState.UNMATCHED, None, None))
        account = ClaimAccount(key, invoice.state, invoice.addressed_to, invoice.patient, invoice.next_payer)
        account.items = [self._item(line, ItemKind.INVOICE) for line in invoice.receivable]
        for posted in self.claims:
            if posted.key == key:
                account.priors.append(self._prior(posted))
                self._gather_items(account, posted)
        return account

    def _gather_items(self, account: ClaimAccount, posted: PostedClaim) -> None:
        for line in posted.lines:
            item = self.books.items[line]
            kind = ROLE_KINDS.get(item.role)
            if kind in (ItemKind.UNAPPLIED, ItemKind.TAKEBACK):
                account.parked.append(self._item(line, kind))
            elif kind:
                account.items.append(self._item(line, kind if item.amount > 0 else ItemKind.REVERSAL))

    def _item(self, line: int, kind: ItemKind) -> OpenItem:
        item = self.books.items[line]
        return OpenItem(line, item.account, item.partner, item.residual, kind)

    def _prior(self, posted: PostedClaim) -> PriorPosting:
        lines = []
        for line in posted.lines:
            item = self.books.items[line]
            matched = self.books.matched(line)
            posted_line = PostedLine(
                line, item.role, item.account, item.partner, item.amount, matched, item.distribution
            )
            lines.append(posted_line)
        return PriorPosting(
            posted.id,
            posted.payer,
            posted.status,
            lines,
            posted.figures,
            payer_claim_number=posted.number,
            reversed=posted.reversed,
        )

    # planning and applying

    def plan(self, remit: Remit, payer: int = PAYER, test_endpoint: bool = False) -> RemittancePlan:
        ledger = self.ledger(remit)
        assigned = [(claim, ledger[claim.claim_id]) for claim in remit.claims]
        context = self.context(remit, payer)
        return plan_remittance(remit.header, assigned, remit.summary, ledger, context, test_endpoint)

    def receive(self, remit: Remit, payer: int = PAYER) -> RemittancePlan:
        """Plan and apply a remittance whole."""
        plan = self.plan(remit, payer)
        assert not plan.holds
        ids: dict[str, int] = {}
        for entry in plan.entries:
            self.books.apply(entry, ids)
        self._record(remit, list(plan.claims), ids, payer)
        self.books.verify()
        return plan

    def receive_in_steps(self, remit: Remit, payer: int = PAYER) -> list:
        """Plan and apply entry by entry, each with a ledger gathered anew, as a chain of tasks does."""
        size, ids, entries, cleared = self.policy.claims_per_entry, {}, [], Decimal(0)
        chunks = [remit.claims[start : start + size] for start in range(0, len(remit.claims), size)]
        for chunk in [*chunks, []]:
            context = self.context(remit, payer)
            step = Remit(remit.header, chunk, remit.summary)
            ledger = self.ledger(step)
            planner = RemittancePlanner(remit.header, ledger, context, len(entries) + 1, cleared)
            planned = planner.add((claim, ledger[claim.claim_id]) for claim in chunk)
            planned += planner.flush() if chunk else planner.finish(remit.summary)
            for entry in planned:
                self.books.apply(entry, ids)
                self._record(step, entry.claims, ids, payer)
                cleared += entry.cleared
            entries += planned
        self.books.verify()
        return entries

    def resolve(self, claim, key_prefix: str = "r", payer: int = PAYER) -> ClaimPlan:
        """A person matched the claim of a posted remittance to its invoice: apply what waited."""
        posted = next(posted for posted in self.claims if posted.number == claim.payer_claim_number)
        account = self.account(claim.claim_id)
        waiting = next((item for item in account.parked if item.residual), None)
        entry = plan_resolution(claim, account, waiting, self.context(None, payer), key_prefix)
        ids: dict[str, int] = {}
        self.books.apply(entry, ids)
        posted.lines += ids.values()
        self.books.verify()
        return entry.claims[0]

    def review(self, remit: Remit, *rules: PostingRule, payer: int = PAYER) -> list[ClaimPlan]:
        """Rules are added; post those adjustments of the latest posting of a remittance that they cover."""
        self.rules = RuleTable([*DEFAULT_RULES, *rules])
        posted = self.claims[-len(remit.claims) :]
        accounts = {record.key: self.account(record.key) for record in posted}
        context = self.context(None, payer)
        plans = [
            plan_review(claim, record.so_far(), accounts[record.key], context, "review.")
            for claim, record in zip(remit.claims, posted, strict=True)
        ]
        ids: dict[str, int] = {}
        self.books.apply(entry_of(plans, context), ids)
        for record, plan in zip(posted, plans, strict=True):
            record.lines += [ids[line.key] for line in plan.lines]
        self.books.verify()
        return plans

    def _record(self, remit: Remit, plans: list[ClaimPlan], ids: dict[str, int], payer: int) -> None:
        numbers: dict[str, int] = {}
        for claim, plan in zip(remit.claims, plans, strict=True):
            posted = PostedClaim(
                len(self.claims) + 1,
                plan.account_key,
                payer,
                claim.status,
                Figures.of(claim),
                claim.payer_claim_number,
                [ids[line.key] for line in plan.lines],
                plan,
            )
            self.claims.append(posted)
            numbers[str(plan.position)] = posted.id
            if plan.reverses is not None:
                original = numbers.get(plan.reverses, plan.reverses)
                self.claims[original - 1].reversed = True

    # what tests ask

    def balance(self, role: Role, partner: int | None = None) -> Decimal:
        account = INVOICE_RECEIVABLE if role is Role.CLAIM_RECEIVABLE else self.accounts[role]
        return sum(
            (
                item.amount
                for item in self.books.items.values()
                if item.account == account and partner in (None, item.partner)
            ),
            Decimal(0),
        )

    def open(self, claim_id: str) -> Decimal:
        """What is open on the invoice of a claim."""
        return sum(
            (self.books.items[line].residual for line in self.invoices[claim_id].receivable), Decimal(0)
        )

    def with_policy(self, **policy) -> Hospital:
        self.policy = replace(self.policy, **policy)
        return self


def figures(plan: ClaimPlan) -> dict[str, Decimal]:
    """The lines of a claim by role, as the accounting table shows them."""
    totals: dict[str, Decimal] = {}
    for line in plan.lines:
        totals[line.role.value] = totals.get(line.role.value, Decimal(0)) + line.amount
    return totals


def codes(plan) -> list[str]:
    return [exception.finding.code for exception in plan.exceptions]
