from odoo import models


class RcmRemittanceFacility(models.Model):
    """Lets what a remittance posts to profit and loss count for the facility that is paid."""

    _inherit = "rcm.remittance"

    def _distributions(self, account_ids):
        """Return ``{account id: ((analytic account ids, percentage), ...)}``, empty without a facility."""
        if not self.facility_id:
            return {}
        found = self.env["rcm.ledger"]._distributions(
            self.facility_id,
            self.env["account.account"].browse(sorted(account_ids)),
            self.company_id,
            self.payer_id,
        )
        return {account.id: tuple(sorted(distribution.items())) for account, distribution in found.items()}
