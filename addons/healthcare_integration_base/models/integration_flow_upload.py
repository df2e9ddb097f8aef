from odoo import models

from .access import require_group


class IntegrationFlowUpload(models.Model):
    """The way to bring a document to a flow by hand."""

    _inherit = "integration.flow"

    def action_upload(self):
        """Ask for a file, or for a text to be previewed."""
        require_group(self, "group_operator")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Upload to %s", self.name),
            "res_model": "integration.upload",
            "view_mode": "form",
            "target": "new",
            "context": {"default_flow_id": self.id},
        }
