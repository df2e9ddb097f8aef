from odoo import api, models
from odoo.exceptions import ValidationError

from ..errors import BusinessRuleError


class IntegrationRoutePolicy(models.Model):
    """A route leads protected data only from endpoints that are cleared for it."""

    _inherit = "integration.route"

    @api.constrains("endpoint_id", "flow_id")
    def _check_clearance(self):
        # A draft is checked when it is approved: until then its document type may change.
        for route in self.filtered(lambda route: route.flow_id.state != "draft"):
            try:
                route.endpoint_id._require_cleared(route.flow_id.document_type_id)
            except BusinessRuleError as error:
                raise ValidationError(str(error)) from None
