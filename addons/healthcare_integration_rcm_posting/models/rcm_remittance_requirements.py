from dataclasses import replace
from decimal import Decimal
from itertools import islice

from odoo import models

from ..formats.remittance.documents import Claim
from ..posting.plan import PlannedLine
from ..posting.requirements import Requirements
from ..posting.reversals import REVERSAL_STATUS
from ..posting.roles import Role
from .account_move import claim_key
from .rcm_remittance_intake import CLAIM_BATCH

TRIAL_AMOUNT = Decimal(1)


class RcmRemittanceRequirements(models.Model):
    """Refuses before the first part what would hold a later one: no remittance stays half-posted."""

    _inherit = "rcm.remittance"

    def _require_for_all_parts(self):
        """Ask for everything that any part can need of the books.

        :raise BusinessRuleError: ``remittance.hold.account_missing``, ``remittance.hold.precision``,
            ``remittance.hold.analytic_missing`` or ``remittance.hold.entry_refused``
        """
        context = self._posting_context()
        requirements = Requirements(context, self.currency_id.decimal_places)
        needs, documents = set(), self._documents()
        next(documents)
        while batch := list(islice(documents, CLAIM_BATCH)):
            claims = [document for document in batch if isinstance(document, Claim)]
            for claim in claims:
                requirements.add_claim(claim)
            needs |= self._needs_of_claims(claims, context)
            summary = batch[-1]
        for adjustment in summary.provider_adjustments:
            requirements.add_provider_adjustment(adjustment)
        context.missing_roles |= requirements.missing_roles
        self._require_accounts(context)
        if finding := requirements.too_precise:
            raise self._held([finding], [finding])
        paired = self._provider_lines(context, summary)
        accounts = requirements.accounts | {(Role(line.rcm_role), line.account_id.id) for line in paired}
        self._require_postable(needs | _with_distributions(accounts, context), context)

    # === WHAT THE BOOKS HOLD === #

    def _needs_of_claims(self, claims, context):
        """Return what claims can post to on the accounts of items that are in the books.

        Invoices go by the whole claim number: only the part that posts a claim looks further.

        :return: ``{(Role, account id, distribution)}``
        """
        invoices = self._invoices_of(claims)
        items = self.env["account.move.line"]._read_group(
            [
                ("parent_state", "=", "posted"),
                ("amount_residual", "!=", 0),
                "|",
                ("move_id", "in", invoices.ids),
                ("rcm_invoice_id", "in", invoices.ids),
            ],
            ["rcm_role", "account_id"],
        )
        accounts = {(Role(role or Role.CLAIM_RECEIVABLE), account.id) for role, account in items}
        reversals = [claim for claim in claims if claim.status == REVERSAL_STATUS]
        return _with_distributions(accounts, context) | self._needs_of_reversals(reversals, context)

    def _needs_of_reversals(self, reversals, context):
        """Return what reversals can take back: the lines of earlier postings, on their own accounts."""
        lines = self.env["account.move.line"].search_fetch(
            [
                ("parent_state", "=", "posted"),
                ("rcm_invoice_id", "in", self._invoices_of(reversals).ids),
                ("rcm_role", "!=", Role.CLEARING.value),
            ],
            ["rcm_role", "account_id", "analytic_distribution"],
        )
        needs = set()
        for line in lines:
            role, account = Role(line.rcm_role), line.account_id.id
            mirrored = tuple(sorted((line.analytic_distribution or {}).items()))
            needs.add((role, account, context.distributions.get(account) if role.reconcilable else mirrored))
        return needs

    def _invoices_of(self, claims):
        keys = {claim_key(claim.claim_id) for claim in claims} - {""}
        return self.env["account.move"].search(
            [
                ("company_id", "=", self.company_id.id),
                ("move_type", "=", "out_invoice"),
                ("state", "=", "posted"),
                ("rcm_claim_key", "in", list(keys)),
            ],
            order="id",
        )

    # === WHAT ODOO WOULD POST === #

    def _require_postable(self, needs, context):
        """Refuse accounts that Odoo would not post to: archived, of another company, without their plan ...

        Odoo is asked by posting to them; nothing of that stays.

        :param needs: ``{(Role, account id, distribution)}``
        :raise BusinessRuleError: with every account that is refused; the first one names it
        """
        pairs = [self._trial_pair(*need, context) for need in sorted(needs, key=str)]
        refusal = self._trial_refusal(pairs)
        if refusal is None:
            return
        alone = [(pair[0].account, self._trial_refusal([pair])) for pair in pairs]
        named = [self._refused_account(account, error) for account, error in alone if error]
        # Several roles may have one account.
        findings = list(dict.fromkeys(named)) or [self._in_remittance(refusal.as_finding())]
        error = self._held(findings, findings)
        error.subject = f"company:{self.company_id.id}"
        raise error

    def _trial_pair(self, role, account, distribution, context):
        """Return two lines that take an amount to the account and back, as planning would make them."""
        return [
            PlannedLine("", role, account, context.payer, amount, role.label, distribution=distribution)
            for amount in (TRIAL_AMOUNT, -TRIAL_AMOUNT)
        ]

    def _trial_refusal(self, pairs):
        lines = [line for pair in pairs for line in pair]
        values = {
            **self._entry_values(1, lines, {}),
            "journal_id": self._journal().id,
            "date": self._open_day(self.payment_date),
        }
        # The accounts are the question here, not the rights of whoever asks: a preview asks as well.
        return self.env["rcm.ledger"].sudo()._refusal(values)

    def _refused_account(self, account_id, error):
        name = self.env["account.account"].browse(account_id).display_name
        finding = self._in_remittance(error.as_finding())
        return finding if name in finding.found else replace(finding, found=f"{name}: {finding.found}")

    def _in_remittance(self, finding):
        return replace(finding, location=f"ST {self.control_number}")


def _with_distributions(accounts, context):
    return {(role, account, context.distributions.get(account)) for role, account in accounts}
