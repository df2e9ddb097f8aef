from dataclasses import dataclass
from decimal import Decimal

from odoo import models

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError

from ..formats.remittance import RemittanceSummary, read_remittance_transaction
from ..formats.remittance.documents import RemittanceHeader
from ..posting.checks import account_missing, foreign_currency, header_holds, summary_holds, too_precise
from ..posting.context import PostingContext, PostingPolicy
from ..posting.ledger import ItemKind, Ledger, OpenItem
from ..posting.planner import RemittancePlanner
from ..posting.provider_adjustments import PAIRED_ROLES, normalised_reference
from ..posting.roles import Role
from .rcm_claim_account import as_decimal

ENTRIES_PER_TASK = 4


@dataclass
class RemittancePart:
    """What one task posts: a run of the remittance's claims, and with the last run the summary.

    :ivar claims: claim documents with their records, in the order of the remittance
    :ivar is_last: whether the provider adjustments follow
    """

    header: RemittanceHeader
    claims: list
    summary: RemittanceSummary
    is_last: bool


class RcmRemittancePlanning(models.Model):
    """Plans what a remittance posts, from its payload and from what the books hold. Writes no entry."""

    _inherit = "rcm.remittance"

    # === DOCUMENTS === #

    def _documents(self):
        """Return an iterator over the typed documents of the remittance, from the payload as received."""
        message = self.message_id
        return read_remittance_transaction(message._payload_chunks(), message._transaction_envelope())

    def _header(self):
        """Return the typed header, with nothing of a claim; an empty one for no remittance."""
        return next(self._documents()) if self else RemittanceHeader(control_number="")

    def _next_part(self):
        """Read the claims that follow those already posted, with their records."""
        skip, limit = self.posted_claim_count, self._claims_per_task()
        documents = self._documents()
        header, wanted = next(documents), []
        for ordinal, document in enumerate(documents):
            if isinstance(document, RemittanceSummary):
                summary = document
            elif skip <= ordinal < skip + limit:
                wanted.append(document)
        records = self.env["rcm.claim"].search(
            [("remittance_id", "=", self.id), ("position", "in", [claim.position for claim in wanted])],
            order="position",
        )
        return RemittancePart(
            header, list(zip(wanted, records, strict=True)), summary, skip + limit >= summary.claim_count
        )

    def _claims_per_task(self):
        return ENTRIES_PER_TASK * self._policy().claims_per_entry

    def _policy(self):
        company = self.company_id
        return PostingPolicy(
            claims_per_entry=company.rcm_entry_claim_limit or 500,
            post_balanced_claims=company.rcm_unbalanced_claim_policy == "post_balanced",
            reclass_denied=company.rcm_denied_claim_policy == "reclass",
        )

    # === CHECKS === #

    def _check_postable(self, part):
        """Refuse what may not be posted at all.

        :raise BusinessRuleError: with every reason; the first one names it
        """
        is_test_endpoint = self.message_id.endpoint_id.is_test
        holds = header_holds(part.header, is_test_endpoint)
        holds += summary_holds(part.header, part.summary, self._policy())
        own_currency = self.company_id.currency_id.name
        if (part.header.currency or self.currency_id.name) != own_currency:
            holds.append(foreign_currency(part.header, own_currency))
        if holds:
            raise self._held(holds, [*holds, *part.summary.findings])

    def _held(self, holds, findings):
        first = holds[0]
        return BusinessRuleError(
            first.code,
            first.message,
            location=first.location,
            expected=first.expected,
            found=first.found,
            remedy=first.remedy,
            amount=first.amount,
            subject=f"{self.payer_identifier}/{self.trace_number}/{self.control_number}",
            findings=tuple(findings),
        )

    # === PLAN === #

    def _plan_part(self, part):
        """Return the entry plans of a part.

        :raise BusinessRuleError: ``remittance.hold.account_missing`` when a role has no account
        """
        context = self._posting_context()
        ledger = Ledger()
        records = self.env["rcm.claim"].union(*(record for _claim, record in part.claims))
        records._match()
        accounts = records._claim_accounts()
        planner = RemittancePlanner(
            part.header, ledger, context, first_part=self._next_number(), cleared=self._cleared_so_far()
        )
        entries = planner.add((claim, accounts[record._account_key()]) for claim, record in part.claims)
        if part.is_last:
            self._gather_provider_items(ledger, context, part.summary)
            entries += planner.finish(part.summary)
        self._require_accounts(context)
        self._require_precision(entries, context)
        return entries

    def _require_accounts(self, context):
        """:raise BusinessRuleError: ``remittance.hold.account_missing`` when a planned role has no account"""
        if context.missing_roles:
            missing = [
                account_missing(role, context.control_number) for role in sorted(context.missing_roles)
            ]
            error = self._held(missing, missing)
            error.subject = f"company:{self.company_id.id}"
            raise error

    def _require_precision(self, entries, context):
        """:raise BusinessRuleError: ``remittance.hold.precision`` for an amount that the books would round"""
        digits = self.currency_id.decimal_places
        for entry in entries:
            for line in entry.lines:
                if round(line.amount, digits) != line.amount:
                    finding = too_precise(line.amount, context.location(line.position, line.label), digits)
                    raise self._held([finding], [finding])

    def _posting_context(self):
        rules = self.env["rcm.posting.rule"]._rule_table(self.company_id)
        provider_rules = self.env["rcm.provider.adjustment.rule"]._rule_table(self.company_id)
        accounts = self.env["rcm.posting.account"]._accounts(self.company_id)
        return PostingContext(
            payer=self.payer_id.id,
            rules=rules,
            provider_rules=provider_rules,
            accounts=accounts,
            distributions=self._distributions(
                rules.accounts | provider_rules.accounts | {*accounts.values()}
            ),
            policy=self._policy(),
            control_number=self.control_number or "",
            trace_number=self.trace_number or "",
            payment_date=self.payment_date or None,
        )

    def _next_number(self, key_prefix=""):
        """Return the number after the last part with an entry: a part without lines has none.

        :param str key_prefix: see ``_apply_entries``
        """
        start = self._entry_key(key_prefix)
        suffixes = (entry.rcm_entry_key.removeprefix(start) for entry in self._own_entries())
        return max((int(suffix) for suffix in suffixes if suffix.isdigit()), default=0) + 1

    def _cleared_so_far(self):
        lines = self._own_entries().line_ids.filtered(lambda line: line.rcm_role == "clearing")
        return sum((as_decimal(line.balance, self.currency_id) for line in lines), Decimal(0))

    def _own_entries(self):
        """Return the entries of the present generation."""
        prefix = self._entry_key("")
        return self.entry_ids.filtered(lambda entry: (entry.rcm_entry_key or "").startswith(prefix))

    def _entry_key(self, part):
        return f"{self.id}/{self.generation}/{part}"

    def _gather_provider_items(self, ledger, context, summary):
        """Add the open items that provider adjustments may pair up with, oldest first."""
        for line in self._provider_lines(context, summary):
            item = OpenItem(
                id=line.id,
                account=line.account_id.id,
                partner=line.partner_id.id,
                residual=as_decimal(line.amount_residual, self.currency_id),
                kind=ItemKind.PROVIDER_ADJUSTMENT,
            )
            ledger.add_provider_item(Role(line.rcm_role), line.rcm_reference, item)

    def _provider_lines(self, context, summary):
        """Return the open journal items that provider adjustments may pair up with, oldest first."""
        references = {
            normalised_reference(reference)
            for reference in (
                context.trace_number,
                *(adjustment.reference for adjustment in summary.provider_adjustments),
            )
        }
        return self.env["account.move.line"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("parent_state", "=", "posted"),
                ("reconciled", "=", False),
                ("partner_id", "=", self.payer_id.id),
                ("rcm_role", "in", [role.value for role in PAIRED_ROLES]),
                ("rcm_reference", "in", list(references - {""})),
            ],
            order="date, id",
        )
