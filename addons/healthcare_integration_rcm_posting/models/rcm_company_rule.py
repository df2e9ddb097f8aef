from odoo import api, fields, models


class RcmCompanyRule(models.AbstractModel):
    """Mixin of the posting's rules: of one company or of all, of one payer or of any, for some time."""

    _name = "rcm.company.rule"
    _description = "Posting Rule of a Company"

    company_id = fields.Many2one("res.company", index=True, help="Empty: all companies")
    payer_id = fields.Many2one("res.partner", index="btree_not_null", help="Empty: any payer")
    date_from = fields.Date()
    date_to = fields.Date()
    priority = fields.Integer(default=10, required=True, aggregator=None)
    active = fields.Boolean(default=True)

    _dates_ordered = models.Constraint(
        "CHECK (date_to IS NULL OR date_from IS NULL OR date_from <= date_to)",
        "A rule must not end before it starts.",
    )

    @api.model
    def _applying_in(self, company):
        """Return the rules of a company and of those above it."""
        # Rules are configuration of the company; a biller who posts need not be allowed to read them.
        return self.sudo().search([("company_id", "in", [False, *company.parent_ids.ids])])

    @api.model
    def _create_once(self, vals_list):
        """Create the rules that hold everywhere, unless there are rules."""
        if not self.with_context(active_test=False).search_count([], limit=1):
            self.create(vals_list)
