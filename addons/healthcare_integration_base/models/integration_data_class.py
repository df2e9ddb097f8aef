from odoo import fields, models


class IntegrationDataClass(models.Model):
    """A kind of protected data that an endpoint or a client may be cleared for."""

    _name = "integration.data.class"
    _description = "Integration Data Class"
    _order = "sequence, id"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, readonly=True, help="As document types name it, for example phi.")
    sequence = fields.Integer(default=10)

    _code_uniq = models.Constraint("UNIQUE (code)", "Another class has this code.")
