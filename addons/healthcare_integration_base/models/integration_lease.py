import os
import socket
import uuid

from odoo import api, fields, models
from odoo.tools import SQL

from ..queue import current_task

LEASE_SECONDS = 900


class IntegrationLease(models.Model):
    """Who works on a batch of claimed tasks, and until when that is believed without a sign of life.

    Leases live apart from the tasks: renewing one must not touch a row that the effect's own
    transaction will settle (REPEATABLE READ would refuse the settlement).
    """

    _name = "integration.lease"
    _description = "Integration Lease"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "token"

    token = fields.Char(required=True, readonly=True)
    lane_id = fields.Integer(help="Cron record that runs the batch, 0 outside a cron", readonly=True)
    worker = fields.Char(help="Host and process", readonly=True)
    expires_at = fields.Datetime(required=True, readonly=True)
    failed_ids = fields.Json(readonly=True, help="Tasks that have failed and are not settled yet")

    _token_uniq = models.Constraint("UNIQUE (token)", "A lease has a token of its own.")
    _expires_idx = models.Index("(expires_at)")

    @api.model
    def _new_token(self):
        return uuid.uuid4().hex

    @api.model
    def _open(self, token):
        """Record a lease for the batch that ``token`` claims in this transaction.

        :return: the lease's id
        """
        self.env.cr.execute(
            """
            INSERT INTO integration_lease (token, lane_id, worker, expires_at)
            VALUES (%s, %s, %s, (now() AT TIME ZONE 'UTC') + make_interval(secs => %s)) RETURNING id
            """,
            (
                token,
                self.env.context.get("cron_id") or 0,
                f"{socket.gethostname()}:{os.getpid()}",
                LEASE_SECONDS,
            ),
        )
        return self.env.cr.fetchone()[0]

    @api.model
    def _renew(self, token):
        """Prolong a lease through a cursor of its own, so that it shows whatever the caller's does.

        :return: False if the lease is gone: its tasks were taken back
        """
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                UPDATE integration_lease
                   SET expires_at = (now() AT TIME ZONE 'UTC') + make_interval(secs => %s)
                 WHERE token = %s
                """,
                (LEASE_SECONDS, token),
            )
            return cr.rowcount == 1

    @api.model
    def _keep_alive(self):
        """Show that the running task lives: for the steps of a task that may outlast its lease."""
        if task := current_task():
            self._renew(task.token)

    @api.model
    def _note_failed(self, token, task_id):
        """Note that a task was run to its end and failed, though it is not settled yet.

        :return: False if the lease is gone
        """
        self.env.cr.execute(
            """
            UPDATE integration_lease SET failed_ids = COALESCE(failed_ids, '[]') || to_jsonb(%s)
             WHERE token = %s
            """,
            (task_id, token),
            log_exceptions=False,
        )
        return self.env.cr.rowcount == 1

    @api.model
    def _close(self, token):
        """End a lease, unless a task is still claimed under it: without a lease nobody would take it back."""
        self.env.cr.execute(
            """
            DELETE FROM integration_lease
             WHERE token = %s
               AND NOT EXISTS (SELECT FROM integration_task WHERE state = 'running' AND claim_token = %s)
            """,
            (token, token),
            log_exceptions=False,
        )

    @api.model
    def _lost_tokens(self):
        """Return the tokens whose worker is gone: expired, or of this lane's earlier run.

        A lane's cron record is locked for as long as the lane runs, so whatever this lane left
        behind belongs to a process that no longer lives.
        """
        self.env.cr.execute(SQL("SELECT token FROM integration_lease WHERE %s", self._lost()))
        return [row[0] for row in self.env.cr.fetchall()]

    @api.model
    def _lock_lost(self, token):
        """Lock a lease that is lost, unless another lane takes its tasks back.

        :return: the ids of the tasks that failed and were not settled, None if it cannot be locked
        """
        self.env.cr.execute(
            SQL(
                "SELECT failed_ids FROM integration_lease WHERE token = %s AND (%s) FOR UPDATE SKIP LOCKED",
                token,
                self._lost(),
            ),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        return row and (row[0] or [])

    def _lost(self):
        return SQL(
            "expires_at < (now() AT TIME ZONE 'UTC') OR (lane_id = %s AND lane_id <> 0)",
            self.env.context.get("cron_id") or 0,
        )
