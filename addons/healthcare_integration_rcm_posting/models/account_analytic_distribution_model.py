from odoo import models


class AccountAnalyticDistributionModel(models.Model):
    _inherit = "account.analytic.distribution.model"

    def _create_domain(self, fname, value):
        # Core appends to the list, which is part of the key under which journal items remember what was
        # found: without a copy each line of an entry would be looked up again.
        return super()._create_domain(fname, list(value) if isinstance(value, list) else value)
