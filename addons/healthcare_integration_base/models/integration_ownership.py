from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .model_selection import business_models


class IntegrationOwnership(models.Model):
    """Register of the system of record of an entity or of one of its fields.

    A flow may write only what its system owns. A line without a field stands for all fields of the
    entity that have no line of their own; a line without a system says that Odoo is the source.
    What is not registered may be written by any flow.
    """

    _name = "integration.ownership"
    _description = "System of Record"
    _order = "company_id, entity, field_name"
    _check_company_auto = True

    entity = fields.Selection(selection="_selection_entity", required=True, index=True)
    field_name = fields.Char("Field", help="Technical name of a field. Empty: the whole entity.")
    field_label = fields.Char("Label", compute="_compute_field_label")
    system_id = fields.Many2one(
        "integration.system",
        "System of record",
        index=True,
        check_company=True,
        ondelete="restrict",
        help="The system whose values win. Empty: Odoo.",
    )
    company_id = fields.Many2one(
        "res.company", required=True, index=True, default=lambda self: self.env.company
    )
    owner_name = fields.Char("Whose values win", compute="_compute_owner_name")
    note = fields.Char()

    _entity_field_unique = models.UniqueIndex(
        "(company_id, entity, COALESCE(field_name, ''))",
        "The register already names the system of record.",
    )

    @api.model
    def _selection_entity(self):
        return business_models(self.env)

    @api.depends("entity", "field_name")
    def _compute_field_label(self):
        for ownership in self:
            model = self.env.get(ownership.entity) if ownership.entity else None
            field = model._fields.get(ownership.field_name) if model is not None else None
            ownership.field_label = field._description_string(self.env) if field else False

    @api.depends("system_id")
    def _compute_owner_name(self):
        for ownership in self:
            ownership.owner_name = ownership.system_id.name or self.env._("Odoo")

    @api.depends("entity", "field_name")
    def _compute_display_name(self):
        for ownership in self:
            ownership.display_name = ".".join(filter(None, (ownership.entity, ownership.field_name)))

    @api.constrains("entity", "field_name")
    def _check_field_name(self):
        for ownership in self.filtered("field_name"):
            if ownership.field_name not in self.env[ownership.entity]._fields:
                raise ValidationError(
                    self.env._(
                        "%(entity)s has no field %(field)s.",
                        entity=ownership.entity,
                        field=ownership.field_name,
                    )
                )
