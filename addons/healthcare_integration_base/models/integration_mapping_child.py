from odoo import api, fields, models


class IntegrationMappingChild(models.AbstractModel):
    """Mixin of what a mapping consists of: it can only change while the mapping is a draft."""

    _name = "integration.mapping.child"
    _description = "Part of an Integration Mapping"

    mapping_id = fields.Many2one("integration.mapping", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="mapping_id.company_id", store=True, index=True, precompute=True)
    sequence = fields.Integer(default=10)

    @api.model_create_multi
    def create(self, vals_list):
        parts = super().create(vals_list)
        parts.mapping_id._check_draft()
        return parts

    def write(self, vals):
        self.mapping_id._check_draft()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_only_draft(self):
        self.mapping_id._check_draft()
