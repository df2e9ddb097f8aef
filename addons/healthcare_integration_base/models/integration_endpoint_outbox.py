from odoo import fields, models

from ..queue import integration_task

# Each step is worth the ageing time, ten minutes by default: two years before what waited meanwhile.
BEFORE_ANY_BACKLOG = -100_000


class IntegrationEndpointOutbox(models.Model):
    """What an endpoint tells of its sendings, and learns from one that worked after others had failed."""

    _inherit = "integration.endpoint"

    last_worked_at = fields.Datetime(
        "Last success", compute="_compute_last_worked_at", help="When a look or a sending last worked."
    )

    _sending_ends = models.Constraint(
        "CHECK (direction = 'in' OR total_timeout <= 840)",
        "Where documents are sent, the total timeout is at most 840 seconds: after 900 another worker takes "
        "the sending for lost and begins it anew.",
    )

    def _compute_last_worked_at(self):
        """Take the newest of what was noted and what was sent: no sending writes to its endpoint."""
        self.env["integration.message"].flush_model(["endpoint_id", "sent_at"])
        self.env.cr.execute(
            """
            SELECT endpoint.id,
                   (SELECT max(sent_at) FROM integration_message WHERE endpoint_id = endpoint.id)
              FROM unnest(%s::integer[]) AS endpoint (id)
            """,
            (self._origin.ids,),
        )
        sent_at = dict(self.env.cr.fetchall())
        for endpoint in self:
            moments = filter(None, [endpoint.last_success_at, sent_at.get(endpoint._origin.id)])
            endpoint.last_worked_at = max(moments, default=False)

    def _recognises_repeats(self):
        """Tell whether the partner knows a document that it gets for the second time."""
        return self.transport != "http" or self.send_method == "PUT" or bool(self.idempotency_header)

    def _hear_of_delivery(self):
        """Let it be noted that a sending has worked, unless nothing was wrong or that is queued already.

        Not noted here: sends to one endpoint run side by side, and a conflict would send once more. For the
        same reason the task has no identity key.
        """
        self.ensure_one()
        if self.error_date and not self._has_note_queued():
            self.with_kernel_task(endpoint=self)._note_delivery()

    def _has_note_queued(self):
        # By the index of the claim: an endpoint may have millions of finished tasks.
        self.env.cr.execute(
            """
            SELECT 1 FROM integration_task
             WHERE state = 'pending' AND COALESCE(flow_id, 0) = 0 AND COALESCE(endpoint_id, 0) = %s
               AND method_name = '_note_delivery' LIMIT 1
            """,
            (self.id,),
        )
        return self.env.cr.fetchone() is not None

    @integration_task("Note that a partner can be reached again", priority=BEFORE_ANY_BACKLOG)
    def _note_delivery(self):
        """Forget the last error, and close what was reported of it.

        Messages that failed meanwhile stay failed: a person resolves their exceptions, or sends them again.
        """
        self.ensure_one()
        if self.error_date:
            self._note_success()
