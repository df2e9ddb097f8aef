from odoo import api, models
from odoo.exceptions import ValidationError

from ..doors.problem import ApiProblem
from ..errors import BusinessRuleError


class IntegrationClientSharing(models.Model):
    """A program sends and reads only the protected data that it is cleared for."""

    _name = "integration.client"
    _inherit = ["integration.client", "integration.clearance"]

    @api.constrains("flow_ids", "read_ids", "data_class_ids")
    def _check_clearance(self):
        for client in self:
            for document_type in client.flow_ids.document_type_id:
                try:
                    client._require_cleared(document_type)
                except BusinessRuleError as error:
                    raise ValidationError(str(error)) from None

    def _flow_to(self, code):
        """:raise ApiProblem: 403 as well, if the flow's documents hold data that the client must not send"""
        flow = super()._flow_to(code)
        if not self._is_cleared(flow.document_type_id.data_class):
            raise self._not_cleared()
        return flow

    def _grant(self, code):
        """:raise ApiProblem: 403 as well, if the answer holds data that the client must not see"""
        grant = super()._grant(code)
        if not self._is_cleared(self.env["integration.read"]._all_reads()[code]._read_data_class):
            raise self._not_cleared()
        return grant

    def _not_cleared(self):
        return ApiProblem(
            403, "client.data_class", "The client is not cleared for the protected data of this address.",
            remedy="Ask the hospital whether the agreement covers it.",
        )  # fmt: skip
