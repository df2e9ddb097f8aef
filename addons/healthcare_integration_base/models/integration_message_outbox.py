from odoo import fields, models

from ..errors import BusinessRuleError, DocumentError
from ..queue import PostponedTask, current_task, integration_task
from ..transports.http.errors import OUTCOME_UNKNOWN

UNCONFIRMED_SECONDS = 300
#: How the code ends with which a partner says no to a document; whatever else ends a sending is a failure.
REFUSAL = ".document_refused"
UNENDED_STATES = ("pending", "waiting", "dead")
STOPPED_STATES = ("failed", "refused", "held")


class IntegrationMessageOutbox(models.Model):
    """Sends queued messages: draft, queued, sent, and refused or failed.

    The message and its task are committed before a byte leaves, and so is each attempt, by the claim of the
    task. Whatever happens between the bytes and the commit is repeated under the same file name and key, by
    which the partner, or its folder, knows the repeat.
    """

    _inherit = "integration.message"

    sent_at = fields.Datetime(readonly=True, copy=False)
    is_attempted = fields.Boolean(
        "Attempted", readonly=True, copy=False, help="An attempt to send it has failed: it may have arrived."
    )
    flow_version = fields.Integer(
        readonly=True, copy=False, aggregator=None, help="Of the flow, under which the message may leave."
    )
    _sent_idx = models.Index("(endpoint_id, sent_at) WHERE sent_at IS NOT NULL")

    waits_because = fields.Text(compute="_compute_waits_because", help="Why it is not sent yet.")

    def _compute_waits_because(self):
        for message in self:
            is_waiting = message.direction == "out" and message.state == "queued"
            # Tasks and endpoints are not everybody's; why a message waits is told to whoever sees it.
            message.waits_because = is_waiting and message.sudo()._waiting_reason()

    def _waiting_reason(self):
        if self.endpoint_id.state != "active":
            inactive = self.env._("%s is not active.", self.endpoint_id.display_name)
            return self.endpoint_id.state_reason or inactive
        if self.flow_id.state == "paused":
            return self.env._("The flow %s is paused.", self.flow_id.name)
        return self.task_ids.filtered(lambda task: task.state == "waiting")[:1].error

    # === MAKE === #

    def _claim_sending_key(self, key):
        """Enter a new message under the key of its business event; return the message that holds the key."""
        if not key:
            return self
        return self.env["integration.message.key"]._claim(self, f"send:{self.flow_id.id}:{key}")

    def _sending_handler(self):
        """Return the handler that builds the document; a mapping or JSON alone needs none of its own.

        :raise BusinessRuleError: if the addon that handles the document type is gone
        """
        return self._handler() if self.document_type_id.handler else self.env["integration.handler"]

    def _queue_sending(self):
        """Queue messages that are composed, each in a task of its own; they leave after the commit.

        What is ordered leaves in the order in which it was made.
        """
        self._mark_queued()
        messages_sudo = self.sudo().sorted("id")
        by_way = messages_sudo.grouped(
            lambda message: (message.company_id, message.flow_id, message.endpoint_id)
        )
        for (company, flow, endpoint), messages in by_way.items():
            messages.with_company(company).with_kernel_task(
                each=True,
                identity_key=lambda message: f"message.send:{message.id}",
                ordering_key=(lambda message: message._ordering_key()) if flow.is_ordered else None,
                message=lambda message: message,
                flow=flow,
                endpoint=endpoint,
            )._send_queued()

    def _mark_queued(self):
        # No role writes messages: whoever may send one asks for this.
        self.sudo().write({"state": "queued", "state_reason": False, "closed_at": False})
        # Tasks are inserted past the cache.
        self.flush_recordset(["state", "state_reason", "closed_at"])

    # === SEND === #

    @integration_task("Send a message", priority=8)
    def _send_queued(self):
        """Hand the payload to the partner; a message that is not queued any more is left as it is.

        :raise PostponedTask: while the partner, its endpoint or this database must not be used
        :raise BusinessRuleError: if the flow is not live or was revised, the endpoint is not cleared any
            more, or nobody knows whether an earlier attempt arrived
        """
        self.ensure_one()
        if not self._lock_queued():
            return
        self._require_original_database()
        self.endpoint_id._wait_while_paused()
        self._require_not_handed_over()
        self._require_present_flow()
        self.endpoint_id._require_cleared(self.document_type_id)
        with self.endpoint_id._transport() as transport:
            self._note_sent(self._hand_over(transport))

    def _lock_queued(self):
        """Tell whether the message is still to be sent, and see to it that it stays so until the commit.

        A partner may acknowledge before we have committed: a conflict then would send once more.
        """
        self.env.cr.execute(
            "SELECT state FROM integration_message WHERE id = %s FOR NO KEY UPDATE",
            (self.id,),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        return bool(row) and row[0] == "queued"

    def _require_original_database(self):
        """:raise PostponedTask: in a copy, where the message waits for an administrator who confirms it"""
        if not self.env["integration.instance"]._is_confirmed():
            raise PostponedTask(
                self.env._("This database was copied or moved: it sends nothing until that is confirmed."),
                UNCONFIRMED_SECONDS,
            )

    def _require_present_flow(self):
        """:raise BusinessRuleError: unless the flow is live as it was approved when the message was made"""
        if self.flow_id.state != "live":
            raise self.flow_id._not_live(self.name)
        if self.flow_version != self.flow_id.version:
            raise self.flow_id._revised(self)

    def _hand_over(self, transport):
        task = current_task()
        if task and task.attempts > 1:
            transport.remove_unfinished(self.file_name)
        try:
            return transport.send(self.file_name, self._payload_chunks(), idempotency_key=self.uuid)
        except (DocumentError, BusinessRuleError) as error:
            if isinstance(error, DocumentError) or error.code == OUTCOME_UNKNOWN:
                # Two documents are two causes, though the place is the same: each is decided by itself.
                error.subject = self.uuid
            raise

    def _note_sent(self, sent):
        now, task = self.env.cr.now(), current_task()
        self.sudo().write(
            {
                "state": "sent",
                "state_reason": False,
                "sent_at": now,
                "closed_at": False if self._expects_acknowledgement() else now,
                "acknowledge_by": self._acknowledgement_deadline(now),
            }
        )
        detail = {"sha256": sent.sha256, "size": sent.size, "name": sent.name, "repeat": sent.already_there}
        self.env["integration.audit.entry"]._record(
            "message.sent", self, {**detail, "attempt": task.attempts if task else 1}
        )
        self.endpoint_id._hear_of_delivery()

    # === WHAT BECOMES OF IT === #

    def _outgoing(self):
        return self.filtered(lambda message: message.direction == "out")

    def _hold(self, exception):
        """An outgoing message does not wait in held: the partner refused it, or sending it failed."""
        outgoing = self._outgoing()
        unsent = outgoing.filtered(lambda message: message.state == "queued")
        unsent.sudo().is_attempted = True
        unsent._set_state("refused" if exception.code.endswith(REFUSAL) else "failed", exception.name)
        (outgoing - unsent)._end_answered(exception)
        return super(IntegrationMessageOutbox, self - outgoing)._hold(exception)

    def _end_answered(self, exception):
        """End the failed sendings of messages that were answered or given up while that was settled."""
        tasks_sudo = self._unended_sendings().filtered(lambda task: task.exception_id == exception)
        self.env["integration.queue"]._cancel(tasks_sudo, self.env._("The messages are not sent any more."))

    def _end_sendings(self):
        """Cancel what would send these messages: what waits behind it goes on."""
        self.env["integration.queue"]._cancel(self._unended_sendings())

    def _unended_sendings(self):
        # Which tasks a message has is the kernel's matter; the queue moves them past the cache.
        tasks_sudo = self.env["integration.task"].sudo()
        tasks_sudo.invalidate_model(["state", "exception_id"])
        return tasks_sudo.search(
            [
                ("message_id", "in", self.ids),
                ("method_name", "=", "_send_queued"),
                ("state", "in", UNENDED_STATES),
            ]
        )

    def _hold_unprocessed(self, reason):
        outgoing = self._outgoing()
        outgoing.filtered(lambda message: message.state == "queued")._set_state("failed", reason)
        return super(IntegrationMessageOutbox, self - outgoing)._hold_unprocessed(reason)

    def _unhold(self):
        outgoing = self._outgoing()
        outgoing.filtered(lambda message: message.state in STOPPED_STATES)._mark_queued()
        return super(IntegrationMessageOutbox, self - outgoing)._unhold()

    def _integration_task_failed(self, method_name, error):
        result = super()._integration_task_failed(method_name, error)
        # Transports also say what a partner has against a document.
        is_documents = isinstance(error, (DocumentError, BusinessRuleError))
        if method_name == "_send_queued" and not is_documents:
            self.endpoint_id._note_failure_of_address(error)
        return result

    def _integration_task_cancelled(self, method_name):
        result = super()._integration_task_cancelled(method_name)
        if method_name == "_send_queued":
            self._hold_unprocessed(self.env._("Its task was cancelled."))
        return result
