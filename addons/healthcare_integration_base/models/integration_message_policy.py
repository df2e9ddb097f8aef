from odoo import models


class IntegrationMessagePolicy(models.Model):
    """Refuses documents that came by a way that is not cleared for them, also after a flow's approval."""

    _inherit = "integration.message"

    def _handler(self):
        """:raise BusinessRuleError: also if the endpoint must not carry documents of this type"""
        if self.endpoint_id:
            self.endpoint_id._require_cleared(self.document_type_id)
        return super()._handler()
