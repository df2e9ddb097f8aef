import datetime

from odoo import api, models

from ..queue import PostponedTask, integration_task
from ..transports import observe, settled

PAUSE_SECONDS = 300


class IntegrationEndpointPolling(models.Model):
    """Takes in what partners leave in a mailbox: look, fetch, dispose; each step is a task of its own.

    Looking queues one fetch per complete file; fetching stores the message and queues the disposal, which
    therefore happens only after the message is committed. A step that is repeated finds its work done.
    """

    _inherit = "integration.endpoint"

    @api.model
    def _cron_poll(self):
        """Queue a look into every mailbox that is due."""
        self.env["integration.queue"]._in_own_transaction(self._queue_due_polls)

    @api.model
    def _queue_due_polls(self):
        due = self.search(
            [
                ("state", "=", "active"),
                ("direction", "in", ("in", "both")),
                "|",
                ("next_poll_at", "=", False),
                ("next_poll_at", "<=", self.env.cr.now()),
            ]
        )
        now = self.env.cr.now()
        for endpoint in due:
            opening = endpoint._next_opening(now)
            if opening == now:
                endpoint._queue_poll()
            else:
                endpoint.next_poll_at = opening

    def _queue_poll(self):
        """Queue one look into each mailbox; while one is under way no second is made."""
        for endpoint in self:
            endpoint.next_poll_at = self.env.cr.now() + datetime.timedelta(
                minutes=endpoint.poll_interval_minutes
            )
            endpoint.with_company(endpoint.company_id).with_kernel_task(
                identity_key=f"endpoint.poll:{endpoint.id}", endpoint=endpoint
            )._poll()

    def action_poll_now(self):
        """Queue a look into the mailbox, at the files that were given up as well."""
        action = super().action_poll_now()
        self.env["integration.endpoint.file"].sudo()._reconsider(self)
        return action

    @integration_task("Look into a mailbox", priority=9, max_attempts=3)
    def _poll(self):
        """List the mailbox and queue a fetch for each complete file, or read on in the collection.

        :raise PostponedTask: while the partner is closed
        """
        self.ensure_one()
        if not self._is_usable() or self.direction == "out":
            return
        self._wait_while_closed()
        if self.transport == "http":
            self._read_collection()
        else:
            self._look_for_files()

    def _look_for_files(self):
        """Queue a fetch for each complete file that is not stored yet."""
        files_seen = self.env["integration.endpoint.file"]
        with self._transport() as transport:
            listed = transport.list()
        now = self.env.cr.now().replace(tzinfo=datetime.timezone.utc)
        previous = files_seen.search([("endpoint_id", "=", self.id)])._as_observations()
        records = files_seen._remember(self, observe(listed, previous, now))
        for file in settled(listed, previous, self.quiet_seconds, now):
            if records[file.name].state == "seen":
                records[file.name]._queue_fetch()
        self._note_success()
        if any(record.state == "seen" for record in records.values()):
            self._look_again_soon()

    def _look_again_soon(self):
        """A file that may still grow is worth a second look before the next regular one."""
        self.next_poll_at = min(
            self.next_poll_at or datetime.datetime.max,
            self.env.cr.now() + datetime.timedelta(seconds=max(self.quiet_seconds, 1)),
        )

    # === PAUSES AND OUTAGES === #

    def _is_usable(self):
        """Tell whether the endpoint and its system are at work; a pause is no error."""
        self.ensure_one()
        return self.state == "active" and self.system_id._may_exchange()

    def _wait_while_paused(self):
        """Let what was begun wait for its endpoint.

        :raise PostponedTask: while the endpoint or its system is paused, or the partner is closed
        """
        if not self._is_usable():
            raise PostponedTask(self.env._("Waits until %s is active.", self.display_name), PAUSE_SECONDS)
        self._wait_while_closed()

    def _resolve_outage(self):
        """Close the exceptions of a mailbox that answers again, and run again what failed meanwhile."""
        outages = self.env["integration.exception"].search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("category", "=", "technical")]
        )
        outages._resolve_as_over(self.env._("The mailbox answers again."))

    def _integration_task_failed(self, method_name, error):
        result = super()._integration_task_failed(method_name, error)
        self._note_failure(error)
        return result

    def _integration_task_context(self):
        return {"system": self.system_id[:1], "record": self[:1]}
