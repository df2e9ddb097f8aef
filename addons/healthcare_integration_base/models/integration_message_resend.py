from odoo import models
from odoo.exceptions import UserError

from ..errors import BusinessRuleError
from .access import require_group

RESENDABLE_STATES = ("failed", "refused", "overdue")
CANCELLABLE_STATES = ("draft", "queued")


class IntegrationMessageResend(models.Model):
    """What people do with outgoing messages: send a draft, send again, cancel."""

    _inherit = "integration.message"

    def action_send(self):
        """Send drafts.

        :raise UserError: if a message is no draft, or its flow as it stands now must not send it
        """
        require_group(self, "group_operator")
        self._require_outgoing(("draft",))
        self._take_present_version()
        self._queue_sending()
        self.env["integration.audit.entry"]._record("message.queued", self)

    def action_send_again(self):
        """Send messages again that failed, were refused or are overdue, under the same name and key.

        :raise UserError: if a message is in another state, its payload was purged, or its flow as it stands
            now must not send it
        """
        require_group(self, "group_operator")
        self._require_outgoing(RESENDABLE_STATES)
        self._replay(self.env._("Sent again by hand."))

    def action_cancel_sending(self):
        """Give up messages that have not left.

        :raise UserError: if a message is being sent just now, or has been
        """
        require_group(self, "group_operator")
        self._require_outgoing(CANCELLABLE_STATES)
        tasks_sudo = self._unfinished_tasks()
        if begun := tasks_sudo.filtered(lambda task: task.state == "running"):
            raise UserError(self.env._("%s is being sent just now.", begun[0].message_id.name))
        self.env["integration.queue"]._cancel(tasks_sudo)
        self._reject(self.env._("Cancelled by %s before it was sent.", self.env.user.name))
        self.env["integration.audit.entry"]._record("message.cancelled", self)

    def _take_present_version(self):
        """Let messages leave under their flows as these stand now: a person has decided so.

        :raise UserError: if a flow sends elsewhere now, or must not share the document
        """
        # Flows and endpoints are not everybody's; that they allow the sending concerns whoever sends.
        for message_sudo in self.sudo():
            flow_sudo, former = message_sudo.flow_id, message_sudo.flow_version
            if flow_sudo.endpoint_id != message_sudo.endpoint_id:
                raise UserError(
                    self.env._(
                        "%(message)s was made for %(former)s, and its flow sends to %(present)s now. Make it "
                        "anew from its records.",
                        message=message_sudo.name,
                        former=message_sudo.endpoint_id.name,
                        present=flow_sudo.endpoint_id.name,
                    )
                )
            try:
                flow_sudo._check_sharing()
            except BusinessRuleError as error:
                raise UserError(str(error)) from None
            if former != flow_sudo.version:
                message_sudo.flow_version = flow_sudo.version
                self.env["integration.audit.entry"]._record(
                    "message.version_taken", message_sudo, {"former": former, "present": flow_sudo.version}
                )

    def _require_outgoing(self, states):
        """:raise UserError: naming the first message that is incoming or in another state"""
        labels = dict(self._fields["state"]._description_selection(self.env))
        if wrong := self.filtered(lambda message: message.direction != "out" or message.state not in states):
            raise UserError(
                self.env._(
                    "%(message)s is %(state)s. This is for outgoing messages that are: %(states)s.",
                    message=wrong[0].name,
                    state=labels[wrong[0].state],
                    states=", ".join(labels[state] for state in states),
                )
            )

    # === REPLAY === #

    def _reopen(self):
        outgoing = self._outgoing()
        outgoing._take_present_version()
        # Whoever sends again ends what only these messages waited for.
        outgoing.sudo().exception_ids._leave(outgoing, self.env._("The messages are sent again."))
        outgoing._mark_queued()
        return super(IntegrationMessageResend, self - outgoing)._reopen()

    def _queue_again(self):
        outgoing = self._outgoing()
        outgoing._queue_sending()
        return super(IntegrationMessageResend, self - outgoing)._queue_again()
