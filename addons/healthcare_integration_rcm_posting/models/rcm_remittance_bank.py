import datetime

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain

from odoo.addons.healthcare_integration_base.models.access import require_group

from ..posting.bank_text import names_trace, traces_of_addenda
from ..posting.roles import Role

DAYS_BEFORE, DAYS_AFTER = 3, 15
MOST_OFFERED = 10


class RcmRemittanceBank(models.Model):
    """Reassociates remittances with the bank: the statement line that brings the money settles clearing.

    The trace number in the line's text decides; banks that leave it out are matched by amount and date,
    and only when a single line and a single remittance are left (CAQH CORE 370).
    """

    _inherit = "rcm.remittance"

    bank_line_id = fields.Many2one(
        "account.bank.statement.line", readonly=True, index="btree_not_null", copy=False
    )
    bank_state = fields.Selection(
        [("none", "No payment"), ("waiting", "Waiting"), ("matched", "Matched")],
        string="Bank",
        compute="_compute_bank_state",
        store=True,
    )

    # Few wait for the bank at any time, and each match looks through all of them.
    _bank_waiting_idx = models.Index("(amount) WHERE bank_state = 'waiting'")

    @api.depends("state", "amount", "bank_line_id")
    def _compute_bank_state(self):
        for remittance in self:
            if remittance.bank_line_id:
                remittance.bank_state = "matched"
            elif remittance.state == "posted" and remittance.amount:
                remittance.bank_state = "waiting"
            else:
                remittance.bank_state = "none"

    def action_match_bank(self):
        """Look for the bank statement lines of posted remittances.

        :return: the dialog to choose a line in, if none is certain for a remittance alone; else None
        :raise UserError: if none was found
        """
        require_group(self, "group_operator")
        if self._match_bank():
            return None
        if len(self) == 1 and self._bank_candidates():
            return self._choose_bank_line()
        raise UserError(self._no_bank_line())

    def _no_bank_line(self):
        if len(self) == 1:
            return self.env._(
                "No open bank statement line has this amount. Import the statement, then match again."
            )
        return self.env._(
            "No bank statement line is certain: none has this amount and date, or several have it and none"
            " names the trace number. Open a remittance and match it there, to choose the line."
        )

    def _choose_bank_line(self):
        dialog = self.env["rcm.bank.match"]._of(self)
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Bank Line of %s", self.display_name),
            "res_model": dialog._name,
            "res_id": dialog.id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    @api.model
    def _cron_match_bank(self):
        """Match what is waiting; lines are matched with the rights of the system."""
        self.search([("bank_state", "=", "waiting")])._match_bank()

    def _match_bank(self):
        """Match each remittance that waits for the bank.

        :return: the remittances that were matched
        """
        # Remittances are the system's records; the statement lines are changed with the user's rights.
        matched = self.sudo().browse()
        for remittance in self.sudo().filtered(lambda remittance: remittance.bank_state == "waiting"):
            if line := remittance._find_bank_line():
                remittance.with_env(self.env)._settle_with(line)
                matched += remittance
        return matched

    def _match_bank_by_hand(self, line):
        """Match the remittance to a bank line that a person chose.

        :raise UserError: if the line or the remittance was settled meanwhile
        """
        self.ensure_one()
        require_group(self, "group_operator")
        if self.bank_state != "waiting" or not self._open_bank_lines(Domain("id", "=", line.id)):
            raise UserError(self.env._("The remittance or this bank line is matched already. Open it again."))
        self._settle_with(line)
        self.env["integration.audit.entry"]._record(
            "remittance.bank_line_chosen", self, {"bank_line": line.id, "date": str(line.date)}
        )

    def _settle_with(self, line):
        # The remittance is the system's record; the bank line is changed with the user's rights.
        remittance = self.sudo()
        self.env["rcm.ledger"]._settle_bank_line(line, remittance._open_clearing_lines())
        remittance.bank_line_id = line

    def _open_clearing_lines(self):
        return self.entry_ids.line_ids.filtered(
            lambda line: line.rcm_role == Role.CLEARING and not line.reconciled
        )

    def _find_bank_line(self):
        lines = self._bank_lines_of_amount()
        by_trace = lines.filtered(lambda line: names_trace(line._rcm_text(), self.trace_number or ""))
        if by_trace:
            return by_trace if len(by_trace) == 1 else by_trace.browse()
        others = self.search(self._others_waiting()) if lines else self.browse()
        unnamed = lines.filtered(lambda line: not others._are_named_by(line))
        is_only_one = len(unnamed) == 1 and not self._rivals()
        return unnamed if is_only_one else lines.browse()

    def _bank_lines_of_amount(self):
        return self._open_bank_lines(
            Domain("date", ">=", self.payment_date - datetime.timedelta(days=DAYS_BEFORE))
            & Domain("date", "<=", self.payment_date + datetime.timedelta(days=DAYS_AFTER))
        )

    def _open_bank_lines(self, condition, **options):
        """Return the bank lines of the payment's amount that are not reconciled, with the user's rights."""
        own = Domain("company_id", "in", self.company_id.parent_ids.ids)
        amount = Domain("is_reconciled", "=", False) & Domain("amount", "=", self.amount)
        return self.env["account.bank.statement.line"].search(own & amount & condition, **options)

    def _bank_candidates(self):
        """Return the bank lines that a person may choose from, whatever their date; the nearest first."""
        if self.bank_state != "waiting":
            return self.env["account.bank.statement.line"]
        since = self._open_bank_lines(
            Domain("date", ">", self.payment_date), order="internal_index", limit=MOST_OFFERED
        )
        until = self._open_bank_lines(
            Domain("date", "<=", self.payment_date), order="internal_index desc", limit=MOST_OFFERED
        )
        lines = (since + until).sorted(lambda line: abs(line.date - self.payment_date))
        return lines[:MOST_OFFERED]

    def _others_waiting(self):
        """Return the domain of other payments that wait for a line of the same companies' bank accounts."""
        return (
            Domain("id", "!=", self.id)
            & Domain("company_id", "child_of", self.company_id.root_id.ids)
            & Domain("bank_state", "=", "waiting")
        )

    def _rivals(self):
        """Return the other remittances that could claim the same unnamed line."""
        return self.search(self._others_waiting() & Domain("amount", "=", self.amount), limit=1)

    def _are_named_by(self, line):
        """Tell whether a line names one of these remittances, or has the trace number of any payment."""
        text = line._rcm_text()
        return bool(traces_of_addenda(text)) or any(
            names_trace(text, remittance.trace_number or "") for remittance in self
        )
