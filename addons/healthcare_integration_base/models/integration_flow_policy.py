from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..doors.field_list import keep_fields, read_field_list
from ..errors import BusinessRuleError
from .access import require_group
from .integration_clearance import UNPROTECTED


class IntegrationFlowPolicy(models.Model):
    """What a flow may share: where its documents may pass, and which of their fields leave the house."""

    _inherit = "integration.flow"

    shared_fields = fields.Text(
        help="Fields of the document that are sent, one a line, e.g. order or lines.item. "
        "A field without any below it is sent with all that it holds; nothing else leaves. "
        "Empty: the whole document, for documents without protected data only.",
    )

    @api.constrains("shared_fields")
    def _check_shared_fields(self):
        for flow in self:
            try:
                read_field_list(flow.shared_fields or "")
            except ValueError as error:
                raise ValidationError(
                    self.env._("%s is no name of a field. Write one a line, e.g. lines.item.", str(error))
                ) from None

    @api.model
    def _approved_fields(self):
        return super()._approved_fields() | {"shared_fields"}

    def action_approve(self):
        """:raise UserError: also if a flow would share what it must not"""
        require_group(self, "group_manager", "write")
        for flow in self:
            try:
                flow._check_sharing()
            except BusinessRuleError as error:
                raise UserError(str(error)) from None
        return super().action_approve()

    def _check_sharing(self):
        """:raise BusinessRuleError: if an endpoint is not cleared, or nobody said which fields are sent"""
        self.ensure_one()
        for endpoint in self.endpoint_id | self.route_ids.endpoint_id:
            endpoint._require_cleared(self.document_type_id)
        is_protected = self.document_type_id.data_class != UNPROTECTED
        if self.direction == "out" and is_protected and not self.shared_fields:
            raise BusinessRuleError(
                "policy.no_field_list",
                self.env._("%s would send documents with protected data as a whole.", self.name),
                subject=self.code,
                location=self.document_type_id.name,
                expected=self.env._("the list of the fields that are sent"),
                found=self.env._("none"),
                remedy=self.env._("List under Shared Fields what the partner needs, and nothing else."),
            )

    def _shared_document(self, document):
        """Return what of an outgoing document leaves the house; every sending passes here.

        :param document: dicts, lists and values
        :raise BusinessRuleError: if the flow must not share it, whatever was approved before
        """
        self._check_sharing()
        paths = read_field_list(self.shared_fields or "")
        return keep_fields(document, paths) if paths else document
