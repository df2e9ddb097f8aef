from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.healthcare_integration_base.models.access import require_group

from ..posting.roles import Role
from .rcm_remittance import POSTED_STATES


class RcmRemittanceUndo(models.Model):
    """Takes a posted remittance back by reversal entries, as long as nothing was built on it."""

    _inherit = "rcm.remittance"

    def action_undo(self):
        """Reverse the entries of remittances that are posted, all or in part; they can be posted again.

        :raise UserError: listing what used the entries since and must be released first
        """
        require_group(self, "group_operator")
        for remittance in self:
            remittance._undo()

    def _undo(self):
        self.ensure_one()
        # The remittance is the system's record; the reversal entries are the user's (rcm.ledger).
        remittance = self.sudo()
        if remittance.state not in POSTED_STATES:
            raise UserError(self.env._("Only what is posted, or stopped half-way, can be undone."))
        if uses := remittance._later_uses():
            raise UserError(
                self.env._("Release first what was built on this remittance:\n%s", "\n".join(uses))
            )
        entries = remittance.entry_ids.filtered(
            lambda entry: entry.state == "posted" and not entry.reversed_entry_id
        )
        originals = entries.filtered(lambda entry: not entry.reversal_move_ids)
        ledger, paired = self.env["rcm.ledger"], remittance._paired_lines(originals)
        ledger._reverse(originals, remittance._undo_date())
        ledger._reconcile(remittance._settlements_to_restore())
        remittance._forget_outcomes()
        remittance._end_waiting()
        remittance._report_unpaired(paired)
        self.env["integration.audit.entry"]._record(
            "remittance.undone", self, {"generation": remittance.generation}
        )
        remittance.write(
            {
                "state": "undone",
                "state_reason": self.env._("Undone by %s", self.env.user.name),
                "generation": remittance.generation + 1,
                "posted_claim_count": 0,
            }
        )

    def _undo_date(self):
        """Return the day of the reversal: that of the entries, or the next one that is open.

        :raise UserError: if no day is open
        """
        ledger = self.env["rcm.ledger"]
        day = ledger._first_open_day(self.company_id, self._journal(), self.accounting_date)
        if not day:
            raise UserError(self.env._("No accounting day is open for the reversal. Check the lock dates."))
        return day

    def _settlements_to_restore(self):
        """Return what the reversals of this remittance had freed: earlier payments and their invoices."""
        originals = self.claim_ids.reversal_of_id
        payments = originals.line_ids.filtered(
            lambda line: line.rcm_role == Role.CLAIM_RECEIVABLE and line.balance < 0 and not line.reconciled
        )
        invoices = originals.invoice_id.ids
        # What a payment had settled is on the invoice, or on what was forwarded from it.
        items = self.env["account.move.line"].search(
            [
                ("parent_state", "=", "posted"),
                ("account_id", "in", payments.account_id.ids),
                ("reconciled", "=", False),
                ("balance", ">", 0),
                "|",
                ("move_id", "in", invoices),
                ("rcm_invoice_id", "in", invoices),
            ]
        )

        def owner(line):
            return line.rcm_invoice_id or line.move_id, line.account_id, line.partner_id

        items_of = items.grouped(owner)
        return [payment + items_of[owner(payment)] for payment in payments if owner(payment) in items_of]

    # === WHAT STANDS IN THE WAY === #

    def _later_uses(self):
        """Return one sentence for each thing that was built on the entries."""
        return [*self._reconciled_since(), *self._reversed_since()]

    def _reconciled_since(self):
        """Name the journal items outside this remittance and its claims' invoices that settle its lines."""
        own = self._own_entries().line_ids
        partners = (own.matched_debit_ids.debit_move_id | own.matched_credit_ids.credit_move_id) - own
        expected = partners.filtered(lambda line: line.move_id in self.claim_ids.invoice_id)
        paired = partners.filtered(lambda line: line.rcm_remittance_id and line.id < min(own.ids))
        return [
            self.env._(
                "%(entry)s: %(label)s, %(amount)s",
                entry=line.move_id.name,
                label=line.account_id.display_name,
                amount=self.currency_id.format(abs(line.balance)),
            )
            for line in partners - expected - paired
        ]

    def _reversed_since(self):
        later = self.env["rcm.claim"].search([("reversal_of_id", "in", self.claim_ids.ids)])
        return [
            self.env._(
                "Remittance %(remittance)s reverses the claim %(claim)s",
                remittance=claim.remittance_id.display_name,
                claim=claim.claim_number,
            )
            for claim in later
            if claim.remittance_id not in self and claim.remittance_id.state in POSTED_STATES
        ]

    # === FORGETTING === #

    def _forget_outcomes(self):
        """Let claims and invoices look as before the posting; matches made by hand are kept."""
        claims = self.claim_ids
        claims.reversal_of_id.is_reversed = False
        claims.adjustment_ids.treatment = False
        invoices = claims.invoice_id
        by_rule = claims.filtered(lambda claim: claim.match_basis != "manual")
        by_rule.write(
            {
                "invoice_id": False,
                "match_state": False,
                "match_basis": False,
                "candidate_ids": [Command.clear()],
            }
        )
        claims.write(
            {
                "outcome": False,
                "has_exceptions": False,
                "invoice_status": False,
                "entry_id": False,
                "reversal_of_id": False,
            }
        )
        claims._update_status_of(invoices)

    def _end_waiting(self):
        """Let nothing wait for a person any more: no exception, no posting or review that was stopped."""
        message, reason = self.message_id, self.env._("The remittance was undone.")
        self._exceptions()._leave(message, reason)
        stopped = message.task_ids.filtered(
            lambda task: task.state == "dead" and task.model_name == self._name
        )
        self.env["integration.queue"]._cancel(stopped)
        # As the message of a remittance that was posted whole stays when that is undone.
        message.filtered(lambda held: held.state == "held")._set_state("applied", reason)
