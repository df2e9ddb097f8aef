import datetime

from odoo import api, models

AGAIN_SECONDS = 60


class IntegrationQueueLaneHost(models.AbstractModel):
    """Keeps a host that lacks a key out of the work, so that it fails no task which others can do."""

    _inherit = "integration.queue"

    @api.model
    def _cron_run_lane(self):
        if self.env["integration.keyring"]._is_complete():
            return super()._cron_run_lane()
        # Starting this lane used up what had woken it. The other hosts have lanes of their own meanwhile.
        if cron_id := self.env.context.get("cron_id"):
            again = self.env.cr.now() + datetime.timedelta(seconds=AGAIN_SECONDS)
            self.env["ir.cron"].browse(cron_id)._trigger(at=again)
        return None
