import json

from odoo import api, fields, models
from odoo.exceptions import UserError

from .access import require_group

GIVEABLE_STATES = ("held", "failed")
REPLAYABLE_STATES = ("held", "rejected", "failed", "refused", "overdue")


class IntegrationMessageReplay(models.Model):
    """Runs messages again that did not reach their end, for a reason that an auditor can read.

    A message whose effect is there is never run again: it has one effect.
    """

    _inherit = "integration.message"

    may_be_replayed = fields.Boolean(compute="_compute_may_be_replayed")

    @api.depends("state", "child_ids.state")
    def _compute_may_be_replayed(self):
        files = {
            file.id
            for [file] in self._read_group(
                [("parent_id", "in", self._origin.ids), ("state", "in", REPLAYABLE_STATES)], ["parent_id"]
            )
        }
        for message in self:
            stopped_itself = message.state in REPLAYABLE_STATES
            message.may_be_replayed = stopped_itself or message._origin.id in files

    def action_replay(self):
        """Ask for the reason of running these messages again.

        :raise UserError: if one of them has its effect, or is under way
        """
        require_group(self, "group_operator")
        messages = self._to_replay()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Replay"),
            "res_model": "integration.message.replay",
            "view_mode": "form",
            "target": "new",
            "context": {"default_message_ids": messages.ids},
        }

    def _replay(self, reason, **detail):
        """Run messages again, of a file those of its transactions that were stopped.

        :param str reason: for the audit log; never private data
        :param detail: what the audit log notes beside the reason
        :return: the integration.message records that are run
        :raise UserError: if one of them has its effect, is under way, or its payload was purged
        """
        messages = self._to_replay()
        messages._reopen()
        # Which tasks a message has is the kernel's matter; whoever may replay it need not see them.
        messages_sudo = messages.sudo()
        stopped = messages_sudo.mapped(lambda message: message._stopped_tasks())
        self.env["integration.queue"]._requeue(stopped, self.env._("Replayed: %s", reason))
        (messages_sudo - stopped.message_id)._queue_again()
        self.env["integration.audit.entry"]._record(
            "message.replayed", messages, {"reason": reason, **detail}
        )
        return messages

    def action_give_up(self):
        """Close messages that were stopped and that nobody will run again; their payloads stay.

        :raise UserError: if a message was not stopped, or is worked on just now
        """
        require_group(self, "group_operator")
        if wrong := self.filtered(lambda message: message.state not in GIVEABLE_STATES):
            raise UserError(
                self.env._("Only held and failed messages can be given up: %s is neither.", wrong[0].name)
            )
        tasks_sudo = self._unfinished_tasks()
        if running := tasks_sudo.filtered(lambda task: task.state == "running"):
            raise UserError(self.env._("%s is worked on just now.", running[0].message_id.name))
        reason = self.env._("Given up by %s.", self.env.user.name)
        self.env["integration.queue"]._cancel(tasks_sudo, reason)
        self.sudo()._reject(reason)
        self.env["integration.audit.entry"]._record("message.given_up", self)

    def _to_replay(self):
        """Return what a replay runs: a file's stopped transactions stand for the file.

        :raise UserError: see :meth:`_replay`
        """
        files = self.filtered("child_ids")
        parts = files.child_ids.filtered(lambda part: part.state in REPLAYABLE_STATES)
        messages = (self - files) | parts
        if wrong := (self - files).filtered(lambda message: message.state not in REPLAYABLE_STATES):
            labels = dict(self._fields["state"]._description_selection(self.env))
            raise UserError(
                self.env._(
                    "%(message)s is %(state)s. Only messages that are held, rejected, failed, refused or "
                    "overdue can be replayed: what was applied has had its effect.",
                    message=wrong[0].name,
                    state=labels[wrong[0].state],
                )
            )
        for message in messages.filtered(lambda message: message._has_effect()):
            # Without a task of its own left, the whole message would have its effect once more.
            if not message.sudo()._stopped_tasks():
                raise UserError(
                    self.env._("%s was applied before, and nothing of it is left to be run.", message.name)
                )
        if not messages:
            raise UserError(self.env._("Nothing of these messages was stopped: there is nothing to replay."))
        return messages

    def _reopen(self):
        """Mark messages, and the files that they are part of, as under way again."""
        # Messages belong to the kernel: no role writes them.
        anew_sudo = self.sudo().filtered(lambda message: not message._has_effect())
        anew_sudo.write({"state": "received", "state_reason": False, "closed_at": False})
        anew_sudo.parent_id._unsettle_interchange()

    def _queue_again(self):
        """Queue what brings messages to their end; their former tasks are gone."""
        for company, messages in self.grouped("company_id").items():
            parts = messages.with_company(company).filtered("parent_id")
            files = messages.with_company(company) - parts
            for siblings in parts.grouped("flow_id").values():
                siblings._queue_processing()
            files.with_kernel_task(
                each=True,
                identity_key=lambda file: f"message.open:{file.id}",
                message=lambda file: file,
            )._open_interchange()

    def _replay_events(self):
        """Return when and why the message was replayed, for its timeline."""
        return [
            (
                entry.logged_at,
                self.env._(
                    "Replayed by %(person)s: %(reason)s",
                    person=entry.actor_login,
                    reason=json.loads(entry.detail)["reason"],
                ),
            )
            for entry in self._audited("message.replayed", limit=10)
        ]
