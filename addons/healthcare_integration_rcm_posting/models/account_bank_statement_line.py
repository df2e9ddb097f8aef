import json

from odoo import models


class AccountBankStatementLine(models.Model):
    _inherit = "account.bank.statement.line"

    def _rcm_text(self):
        """Return everything in which a bank passes on the trace number of a CCD+ addendum."""
        self.ensure_one()
        details = json.dumps(self.transaction_details) if self.transaction_details else ""
        return " ".join(filter(None, [self.payment_ref, self.ref, str(self.narration or ""), details]))
