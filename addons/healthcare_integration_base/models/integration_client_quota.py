from odoo import models


class IntegrationClientQuota(models.Model):
    """How often a client may call."""

    _name = "integration.client"
    _inherit = ["integration.client", "integration.bucket"]

    def _compute_last_used_at(self):
        self.env.cr.execute(
            "SELECT client_id, date_trunc('second', refilled_at AT TIME ZONE 'UTC')"
            " FROM integration_client_bucket WHERE client_id = ANY(%s)",
            (self._origin.ids,),
        )
        used = dict(self.env.cr.fetchall())
        for client in self:
            client.last_used_at = used.get(client._origin.id, False)

    def _take_token(self):
        """Count one request of the client.

        :return: 0 when it may go on, else the whole seconds until the next one may
        """
        return self._take_from_bucket(self.rate_per_minute, self.burst)
