from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import format_datetime

from .findings_table import findings_table
from .integration_exception import OPEN_STATES

SHOWN_EVENTS = 50


class IntegrationMessageTimeline(models.Model):
    """What happened to a message, in the order in which it happened, for the person who asks."""

    _inherit = "integration.message"

    timeline = fields.Html(compute="_compute_timeline", sanitize=False)
    findings_table = fields.Html("Findings in detail", compute="_compute_findings_table", sanitize=False)
    remedy = fields.Text(compute="_compute_remedy", help="Of the exceptions that are open for the message.")

    @api.depends("findings")
    def _compute_findings_table(self):
        for message in self:
            message.findings_table = findings_table(self.env, message.findings)

    @api.depends("exception_ids.state", "exception_ids.remedy")
    def _compute_remedy(self):
        for message in self:
            unresolved = message.exception_ids.filtered(lambda exception: exception.state in OPEN_STATES)
            message.remedy = "\n".join(filter(None, dict.fromkeys(unresolved.mapped("remedy"))))

    def _compute_timeline(self):
        for message in self:
            events = sorted(message._timeline_events(), key=lambda event: event[0])
            message.timeline = message._timeline_table(events[-SHOWN_EVENTS:])

    def _timeline_events(self):
        """Return ``[(datetime, sentence)]`` in any order; addons add what their records know."""
        self.ensure_one()
        events = [(self.received_at, self._taken_in_sentence()), (self.sent_at, self._sent_sentence())]
        if self.state != "sent":
            events.append((self.closed_at, self._closed_sentence()))
        for task in self.task_ids[:SHOWN_EVENTS]:
            events += self._task_events(task)
        for exception in self.exception_ids[:SHOWN_EVENTS]:
            events += self._exception_events(exception)
        events += self._replay_events()
        return [event for event in events if event[0]]

    def _audited(self, event, limit=1):
        """Return what the audit log holds of an event of the message, the last first."""
        # What happened to a message is shown to whoever sees the message; the log is not.
        about = [("res_model", "=", self._name), ("res_id", "=", self.id), ("event", "=", event)]
        return self.env["integration.audit.entry"].sudo().search(about, limit=limit)

    def _taken_in_sentence(self):
        if self.direction == "out":
            return self.env._("Created")
        if self.parent_id:
            return self.env._("Split from %s", self.parent_id.name)
        return self.env._(
            "Received from %s", self.endpoint_id.name or self.system_id.name or self.env._("a person")
        )

    def _sent_sentence(self):
        return self.env._(
            "Sent to %(endpoint)s as %(name)s", endpoint=self.endpoint_id.name, name=self.file_name
        )

    def _closed_sentence(self):
        labels = dict(self._fields["state"]._description_selection(self.env))
        return labels[self.state] + (f": {self.state_reason}" if self.state_reason else "")

    def _task_events(self, task):
        labels = dict(task._fields["state"]._description_selection(self.env))
        finished = self.env._(
            "%(task)s: %(state)s after attempt %(attempts)s",
            task=task.description,
            state=labels[task.state].lower(),
            attempts=task.attempts,
        )
        return [
            (task.enqueued_at, self.env._("%s: queued", task.description)),
            (task.finished_at, f"{finished}: {task.error_summary}" if task.error else finished),
        ]

    def _exception_events(self, exception):
        labels = dict(exception._fields["state"]._description_selection(self.env))
        closed = self.env._(
            "Exception %(state)s by %(person)s: %(resolution)s",
            state=labels[exception.state].lower(),
            person=exception.resolved_by_id.name or "",
            resolution=exception.resolution or "",
        )
        return [
            (exception.first_seen_at, self.env._("Exception: %s", exception.name)),
            (exception.resolved_on, closed),
        ]

    def _timeline_table(self, events):
        rows = Markup("").join(
            Markup("<tr><td class='text-nowrap text-muted pe-4' style='width: 1%%'>%s</td><td>%s</td></tr>")
            % (format_datetime(self.env, moment), sentence)
            for moment, sentence in events
        )
        return Markup("<table class='table table-sm'><tbody>%s</tbody></table>") % rows
