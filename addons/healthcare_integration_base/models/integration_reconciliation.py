from odoo import api, fields, models

from .windows import form_window


class IntegrationReconciliation(models.Model):
    """A batch control: what the source says, what Odoo holds, and why they differ."""

    _name = "integration.reconciliation"
    _description = "Integration Reconciliation"
    _order = "as_of desc, id desc"
    _check_company_auto = True

    name = fields.Char(required=True)
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    flow_id = fields.Many2one("integration.flow", index=True, check_company=True, ondelete="restrict")
    message_id = fields.Many2one("integration.message", index=True, check_company=True, ondelete="set null")
    as_of = fields.Date(required=True, index=True, default=fields.Date.context_today)
    currency_id = fields.Many2one(
        "res.currency", required=True, default=lambda self: self.env.company.currency_id
    )
    line_ids = fields.One2many("integration.reconciliation.line", "reconciliation_id", copy=True)
    source_total = fields.Monetary(compute="_compute_totals", store=True)
    odoo_total = fields.Monetary("Odoo total", compute="_compute_totals", store=True)
    difference_total = fields.Monetary("Difference", compute="_compute_totals", store=True)
    state = fields.Selection(
        [("open", "Open"), ("explained", "Explained"), ("balanced", "Balanced")],
        compute="_compute_state",
        store=True,
        index=True,
    )
    note = fields.Text()

    @api.depends("line_ids.source_value", "line_ids.odoo_value")
    def _compute_totals(self):
        for reconciliation in self:
            lines = reconciliation.line_ids
            reconciliation.source_total = sum(lines.mapped("source_value"))
            reconciliation.odoo_total = sum(lines.mapped("odoo_value"))
            reconciliation.difference_total = reconciliation.source_total - reconciliation.odoo_total

    @api.depends("line_ids.difference", "line_ids.explanation", "currency_id")
    def _compute_state(self):
        """Balanced needs lines that all agree; offsetting differences do not balance."""
        for reconciliation in self:
            differing = reconciliation.line_ids.filtered("is_different")
            if not reconciliation.line_ids or any(not line.explanation for line in differing):
                reconciliation.state = "open"
            else:
                reconciliation.state = "explained" if differing else "balanced"

    def action_open_message(self):
        """Open the message that this control belongs to."""
        self.ensure_one()
        self.check_access("read")
        return form_window("integration.message", self.message_id.id)
