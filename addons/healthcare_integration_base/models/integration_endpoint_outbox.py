from odoo import models

from ..queue import integration_task


class IntegrationEndpointOutbox(models.Model):
    """What an endpoint learns from a sending that worked after others had failed."""

    _inherit = "integration.endpoint"

    @integration_task("Note that a partner can be reached again", priority=12)
    def _note_delivery(self):
        """Forget the last error, and run again what failed meanwhile."""
        self.ensure_one()
        if self.error_date:
            self._resolve_outage()
            self._note_success()
