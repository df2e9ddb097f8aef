from odoo import models
from odoo.exceptions import UserError

from .access import require_group

RESENDABLE_STATES = ("failed", "refused")
CANCELLABLE_STATES = ("draft", "queued")


class IntegrationMessageResend(models.Model):
    """What people do with outgoing messages: send a draft, send again, cancel."""

    _inherit = "integration.message"

    def action_send(self):
        """Send drafts.

        :raise UserError: if a message is no draft
        """
        require_group(self, "group_operator")
        self._require_outgoing(("draft",))
        self._queue_sending()
        self.env["integration.audit.entry"]._record("message.queued", self)

    def action_send_again(self):
        """Send messages again that failed or were refused, under the same name and key.

        :raise UserError: if a message is in another state, or its payload was purged
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
        # Which tasks a message has is the kernel's matter.
        tasks_sudo = self.sudo().task_ids.filtered(
            lambda task: task.state in ("pending", "waiting", "running")
        )
        if begun := tasks_sudo.filtered(lambda task: task.state == "running"):
            raise UserError(self.env._("%s is being sent just now.", begun[0].message_id.name))
        self.env["integration.queue"]._cancel(tasks_sudo)
        self._reject(self.env._("Cancelled by %s before it was sent.", self.env.user.name))
        self.env["integration.audit.entry"]._record("message.cancelled", self)

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
        outgoing._leave_exceptions(self.env._("The messages are sent again."))
        outgoing._mark_queued()
        return super(IntegrationMessageResend, self - outgoing)._reopen()

    def _queue_again(self):
        return self._queue_sending() if self.direction == "out" else super()._queue_again()
