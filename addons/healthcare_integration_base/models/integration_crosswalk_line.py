from odoo import api, fields, models
from odoo.exceptions import ValidationError


class IntegrationCrosswalkLine(models.Model):
    """One code of a system and what it stands for in Odoo."""

    _name = "integration.crosswalk.line"
    _description = "Integration Crosswalk Code"
    _order = "crosswalk_id, external_code"
    _rec_name = "external_code"

    crosswalk_id = fields.Many2one("integration.crosswalk", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="crosswalk_id.company_id", store=True, index=True, precompute=True)
    target = fields.Selection(related="crosswalk_id.target")
    external_code = fields.Char(required=True)
    external_label = fields.Char(help="What the system calls this code.")
    res_model = fields.Selection(related="crosswalk_id.target_model")
    res_id = fields.Many2oneReference("Record", model_field="res_model")
    value = fields.Char()
    active = fields.Boolean(default=True)

    _external_code_unique = models.Constraint(
        "UNIQUE (crosswalk_id, external_code)", "The crosswalk already translates this code."
    )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._strip_code(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._strip_code(vals))

    @api.model
    def _strip_code(self, vals):
        """Return the values with a trimmed code, as it is looked up."""
        code = vals.get("external_code")
        return {**vals, "external_code": code.strip()} if code else vals

    @api.constrains("res_id", "value", "crosswalk_id")
    def _check_target(self):
        for line in self:
            is_complete = line.value if line.target == "value" else line.res_id
            if not is_complete:
                raise ValidationError(
                    self.env._("Say what the code %(code)s stands for.", code=line.external_code)
                )
