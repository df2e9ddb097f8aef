import datetime

from odoo import api, fields, models

from ..errors import BusinessRuleError, TransientError
from .access import require_group
from .integration_exception_silence import OVERDUE_CODE

ACKNOWLEDGEABLE_STATES = ("queued", "sent", "overdue", "failed", "refused", "acknowledged")
CONFIRMABLE_STATES = ("sent", "overdue", "failed", "refused")
OVERDUE_BATCH = 500


class IntegrationMessageAcknowledgement(models.Model):
    """What a partner says to a message that it was sent, and what follows when it says nothing."""

    _inherit = "integration.message"

    acknowledge_by = fields.Datetime(
        "Acknowledgement due", readonly=True, copy=False, help="When the message becomes overdue."
    )

    _unacknowledged_idx = models.Index("(acknowledge_by) WHERE state = 'sent' AND acknowledge_by IS NOT NULL")

    def _expects_acknowledgement(self):
        return self.flow_id.acknowledgement != "none"

    def _acknowledgement_deadline(self, sent_at):
        """Return until when the partner has time, naive UTC; False if it may take any."""
        hours = self.flow_id.acknowledgement_hours if self._expects_acknowledgement() else 0
        return sent_at + datetime.timedelta(hours=hours) if hours else False

    def _acknowledge(self, ok, reason=""):
        """Note the partner's answer; it may come late, and more than once.

        :param bool ok: whether the partner takes the message
        :param str reason: why it does not; shown to people, never private data
        :raise BusinessRuleError: if the message was never sent
        """
        if unexpected := self - self._answerable():
            raise unexpected[0]._not_expected()
        # Whoever works on a refusal works on its repeat as well.
        answered = self if ok else self.filtered(lambda message: message.state != "refused")
        # Whoever brings the partner's answer ends what only these messages waited for.
        answered.sudo().exception_ids._leave(answered, self.env._("The partner has answered."))
        if ok:
            answered._set_state("acknowledged")
        else:
            answered._refuse(reason)
        # A sending that died would hold those behind it, and be repeated with its exception.
        answered._end_sendings()
        self.env["integration.audit.entry"]._record(
            "message.acknowledged" if ok else "message.refused", self, None if ok else {"reason": reason}
        )

    def _answerable(self):
        """Return those of the messages that the partner may have got."""
        outgoing = self._outgoing().filtered(lambda message: message.state in ACKNOWLEDGEABLE_STATES)
        queued = outgoing.filtered(lambda message: message.state == "queued")
        return (outgoing - queued) | queued._perhaps_arrived()

    def _perhaps_arrived(self):
        """Return those that somebody has begun to send, now or before they were queued again."""
        attempted = self.filtered("is_attempted")
        # Which tasks a message has is the kernel's matter; the queue moves them past the cache.
        tasks_sudo = self.env["integration.task"].sudo()
        tasks_sudo.invalidate_model(["state", "attempts"])
        begun = ["|", ("attempts", ">", 0), ("state", "=", "running")]
        tasks_sudo = tasks_sudo.search([("message_id", "in", (self - attempted).ids), *begun])
        return attempted | (self & tasks_sudo.message_id)

    def action_mark_acknowledged(self):
        """Note that the partner has confirmed messages in another way: by telephone, in its portal.

        :raise UserError: if a message has not left
        """
        require_group(self, "group_operator")
        self._require_outgoing(CONFIRMABLE_STATES)
        self.env["integration.audit.entry"]._record("message.acknowledged_by_hand", self)
        self._acknowledge(True)

    def _not_expected(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return BusinessRuleError(
            "acknowledgement.not_expected",
            self.env._("The acknowledged message was not sent from here."),
            subject=self.uuid,
            location=self.name,
            expected=self.env._("a message that was sent"),
            found=labels[self.state],
            remedy=self.env._("Ask the partner which message is meant."),
        )

    def _refuse(self, reason):
        for message in self:
            exception = self.env["integration.exception"]._report(
                message._refusal(reason), company=message.company_id, message=message
            )
            message._set_state("refused", exception.name)

    def _refusal(self, reason):
        return BusinessRuleError(
            "acknowledgement.refused",
            self.env._("The partner refuses the message: %s", reason or self.env._("no reason given")),
            subject=self.uuid,
            location=self.name,
            expected=self.env._("a positive acknowledgement"),
            found=reason or self.env._("a refusal"),
            remedy=self.env._("Correct the records and send them anew, or send this message again."),
        )

    # === DEADLINES === #

    @api.model
    def _cron_mark_overdue(self):
        """Mark the messages whose partners are silent for too long."""
        queue = self.env["integration.queue"]
        while queue._in_own_transaction(self._mark_overdue) == OVERDUE_BATCH:
            pass

    @api.model
    def _mark_overdue(self):
        """Mark a batch of overdue messages, with one exception for each flow.

        :return: how many were marked
        """
        overdue = self.search(
            [
                ("state", "=", "sent"),
                ("acknowledge_by", "<", self.env.cr.now()),
                ("flow_id", "!=", False),
            ],
            limit=OVERDUE_BATCH,
        )
        for flow, messages in overdue.grouped("flow_id").items():
            error = messages[0]._silence(flow)
            messages._set_state("overdue", error.message)
            exception = self.env["integration.exception"]._report(
                error, company=flow.company_id, flow=flow, record=flow
            )
            exception._link_messages(messages)
        return len(overdue)

    def _await_answer_again(self):
        """Give partners their time once more: a person has asked them."""
        now = self.env.cr.now()
        for messages in self.grouped("flow_id").values():
            deadline = messages[0]._acknowledgement_deadline(now)
            messages.write({"state": "sent", "state_reason": False, "acknowledge_by": deadline})

    def _settle_unanswered(self, reason):
        """Settle messages as sent whose answer nobody waits for any more."""
        self.write(
            {
                "state": "sent",
                "state_reason": reason,
                "acknowledge_by": False,
                "closed_at": self.env.cr.now(),
            }
        )

    def _silence(self, flow):
        return TransientError(
            OVERDUE_CODE,
            self.env._("The partner has not acknowledged messages of the flow %s in time.", flow.name),
            subject=flow.code,
            location=flow.name,
            expected=self.env._("an acknowledgement within %s hours", flow.acknowledgement_hours),
            found=self.env._("none"),
            remedy=self.env._(
                "Ask the partner whether the messages arrived. Its answer closes this; else mark them as "
                "acknowledged, or send them again."
            ),
        )
