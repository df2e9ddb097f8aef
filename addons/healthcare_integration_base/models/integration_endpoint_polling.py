import datetime

from odoo import api, models

from ..queue import integration_task
from ..transports import observe, settled


class IntegrationEndpointPolling(models.Model):
    """Takes in what partners leave in a mailbox: look, fetch, dispose; each step is a task of its own.

    Looking queues one fetch per complete file; fetching stores the message and queues the disposal, which
    therefore happens only after the message is committed. A step that is repeated finds its work done.
    """

    _inherit = "integration.endpoint"

    @api.model
    def _cron_poll(self):
        """Queue a look into every mailbox that is due."""
        due = self.search(
            [
                ("state", "=", "active"),
                ("direction", "in", ("in", "both")),
                "|",
                ("next_poll_at", "=", False),
                ("next_poll_at", "<=", self.env.cr.now()),
            ]
        )
        for endpoint in due:
            endpoint._queue_poll()

    def _queue_poll(self):
        """Queue one look into each mailbox; while one is under way no second is made."""
        for endpoint in self:
            endpoint.next_poll_at = self.env.cr.now() + datetime.timedelta(
                minutes=endpoint.poll_interval_minutes
            )
            endpoint.with_company(endpoint.company_id).with_kernel_task(
                identity_key=f"endpoint.poll:{endpoint.id}"
            )._poll()

    @integration_task("Look into a mailbox", priority=9, max_attempts=3)
    def _poll(self):
        """List the mailbox and queue a fetch for each complete file that is not stored yet."""
        self.ensure_one()
        if self.state != "active":
            return
        files_seen = self.env["integration.endpoint.file"]
        with self._transport() as transport:
            listed = transport.list()
        now = self.env.cr.now().replace(tzinfo=datetime.timezone.utc)
        previous = files_seen.search([("endpoint_id", "=", self.id)])._as_observations()
        records = files_seen._remember(self, observe(listed, previous, now))
        for file in settled(listed, previous, self.quiet_seconds, now):
            if records[file.name].state == "seen":
                records[file.name]._queue_fetch()
        self.write({"last_poll_at": self.env.cr.now(), "last_success_at": self.env.cr.now()})
        if any(record.state == "seen" for record in records.values()):
            self._look_again_soon()

    def _look_again_soon(self):
        """A file that may still grow is worth a second look before the next regular one."""
        self.next_poll_at = min(
            self.next_poll_at or datetime.datetime.max,
            self.env.cr.now() + datetime.timedelta(seconds=max(self.quiet_seconds, 1)),
        )
