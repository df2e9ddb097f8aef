from odoo import models

from ..queue import integration_task


class IntegrationEndpointOutbox(models.Model):
    """What an endpoint learns from a sending that worked after others had failed."""

    _inherit = "integration.endpoint"

    _sending_ends = models.Constraint(
        "CHECK (direction = 'in' OR total_timeout <= 840)",
        "Where documents are sent, the total timeout is at most 840 seconds: after 900 another worker takes "
        "the sending for lost and begins it anew.",
    )

    def _recognises_repeats(self):
        """Tell whether the partner knows a document that it gets for the second time."""
        return self.transport != "http" or self.send_method == "PUT" or bool(self.idempotency_header)

    @integration_task("Note that a partner can be reached again", priority=12)
    def _note_delivery(self):
        """Forget the last error, and close what was reported of it.

        Messages that failed meanwhile stay failed: a person resolves their exceptions, or sends them again.
        """
        self.ensure_one()
        if self.error_date:
            self._resolve_outage()
            self._note_success()
