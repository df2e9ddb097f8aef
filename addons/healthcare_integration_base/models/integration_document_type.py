from odoo import api, fields, models
from odoo.exceptions import ValidationError

from .data_classes import DATA_CLASSES


class IntegrationDocumentType(models.Model):
    """What can be exchanged: a format, a version, a direction, and the handler that understands it.

    Document types are data records of the addons that bring their handlers; they belong to no company.
    """

    _name = "integration.document.type"
    _description = "Integration Document Type"
    _order = "code"

    name = fields.Char(required=True, translate=True)
    code = fields.Char(required=True, help="Stable identifier, for example x12.835.")
    direction = fields.Selection([("in", "Incoming"), ("out", "Outgoing")], required=True, default="in")
    format = fields.Selection(
        [
            ("x12", "ANSI X12"),
            ("edifact", "UN/EDIFACT"),
            ("csv", "CSV"),
            ("fixed_width", "Fixed width"),
            ("json", "JSON"),
            ("xml", "XML"),
            ("hl7", "HL7"),
            ("other", "Other"),
        ],
        required=True,
        default="csv",
    )
    version = fields.Char(
        help="Version of the format or of its implementation guide, for example 005010X221A1."
    )
    transaction_set = fields.Char(
        help="Identifier of the transaction inside an envelope, for example 835 in X12 or ORDERS in EDIFACT."
    )
    handler = fields.Char(help="Technical name of the handler model that reads or builds these documents.")
    data_class = fields.Selection(
        DATA_CLASSES,
        required=True,
        default="none",
        help="The most sensitive data that these documents carry. It decides where they may pass, and, with "
        "the class of their system, how long they are kept.",
    )
    active = fields.Boolean(default=True)
    flow_ids = fields.One2many("integration.flow", "document_type_id")
    flow_count = fields.Integer(compute="_compute_flow_count")

    _code_unique = models.Constraint("UNIQUE (code)", "Another document type already has this code.")

    @api.depends("flow_ids")
    def _compute_flow_count(self):
        counts = dict(
            self.env["integration.flow"]._read_group(
                [("document_type_id", "in", self._origin.ids)], ["document_type_id"], ["__count"]
            )
        )
        for document_type in self:
            document_type.flow_count = counts.get(document_type._origin, 0)

    @api.constrains("handler")
    def _check_handler(self):
        handlers = self.env.registry.descendants(["integration.handler"], "_inherit")
        for document_type in self:
            if document_type.handler and document_type.handler not in handlers:
                raise ValidationError(
                    self.env._(
                        "%(handler)s is not a handler. Name a model that inherits integration.handler.",
                        handler=document_type.handler,
                    )
                )

    def action_open_flows(self):
        """Open the flows that exchange this document type."""
        self.check_access("read")
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "healthcare_integration_base.action_integration_flow"
        )
        action["domain"] = [("document_type_id", "in", self.ids)]
        action["context"] = {"default_document_type_id": self.id if len(self) == 1 else False}
        return action
