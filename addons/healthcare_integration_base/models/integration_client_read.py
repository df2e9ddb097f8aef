from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .integration_read import LARGEST_PAGE


class IntegrationClientRead(models.Model):
    """One named read that a client may ask, and how much of it."""

    _name = "integration.client.read"
    _description = "Integration API Client Read"
    _order = "client_id, code"
    _rec_name = "code"

    client_id = fields.Many2one("integration.client", required=True, index=True, ondelete="cascade")
    company_id = fields.Many2one(related="client_id.company_id", store=True, index=True, precompute=True)
    code = fields.Selection(
        selection=lambda self: self.env["integration.read"]._selection_codes(), string="Read", required=True
    )
    field_names = fields.Char("Fields", help="Names separated by commas. Empty: all that the read tells.")
    row_limit = fields.Integer("Rows at most", default=100, required=True, aggregator=None)

    _code_uniq = models.Constraint("UNIQUE (client_id, code)", "The client may read this already.")
    _row_limit_valid = models.Constraint(
        f"CHECK (row_limit BETWEEN 1 AND {LARGEST_PAGE})", "An answer has from 1 to 1000 rows."
    )

    @api.constrains("code", "field_names")
    def _check_field_names(self):
        reads = self.env["integration.read"]._all_reads()
        for grant in self:
            if unknown := sorted(set(grant._named_fields()) - set(reads[grant.code]._read_fields)):
                raise ValidationError(
                    self.env._(
                        "The read %(code)s has no field %(names)s. It has: %(known)s.",
                        code=grant.code,
                        names=", ".join(unknown),
                        known=", ".join(reads[grant.code]._read_fields),
                    )
                )

    def _named_fields(self):
        return [name.strip() for name in (self.field_names or "").split(",") if name.strip()]

    def _field_names_told(self, read):
        """Return the names of the fields of a row that the client may see, in the order of the read."""
        named = self._named_fields()
        return [name for name in read._read_fields if not named or name in named]
