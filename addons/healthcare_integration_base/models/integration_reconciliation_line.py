from odoo import api, fields, models

from .model_selection import business_models
from .windows import form_window


class IntegrationReconciliationLine(models.Model):
    """One figure of a batch control, as the source states it and as Odoo holds it."""

    _name = "integration.reconciliation.line"
    _description = "Integration Reconciliation Line"
    _order = "reconciliation_id, sequence, id"

    reconciliation_id = fields.Many2one(
        "integration.reconciliation", required=True, index=True, ondelete="cascade"
    )
    company_id = fields.Many2one(
        related="reconciliation_id.company_id", store=True, index=True, precompute=True
    )
    currency_id = fields.Many2one(related="reconciliation_id.currency_id")
    sequence = fields.Integer(default=10)
    label = fields.Char(required=True)
    source_value = fields.Monetary("Source")
    odoo_value = fields.Monetary("Odoo")
    difference = fields.Monetary(compute="_compute_difference", store=True, precompute=True)
    is_different = fields.Boolean(compute="_compute_is_different")
    explanation = fields.Char()
    res_model = fields.Selection("_selection_res_model", "Kind of record")
    res_id = fields.Many2oneReference("Record", model_field="res_model")

    @api.model
    def _selection_res_model(self):
        return business_models(self.env)

    @api.depends("source_value", "odoo_value")
    def _compute_difference(self):
        for line in self:
            line.difference = line.source_value - line.odoo_value

    @api.depends("difference", "currency_id")
    def _compute_is_different(self):
        """Compare in the currency's precision, so that no float noise looks like money."""
        for line in self:
            currency = line.currency_id
            line.is_different = not currency.is_zero(line.difference) if currency else bool(line.difference)

    def action_open_record(self):
        """Open the Odoo record that holds the figure."""
        self.ensure_one()
        self.check_access("read")
        return form_window(self.res_model, self.res_id)
