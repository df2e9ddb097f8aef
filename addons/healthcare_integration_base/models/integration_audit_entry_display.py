import json

from odoo import api, fields, models

#: Events that name the state which a record came to, and not what was done to it.
STATES_REACHED = ("active", "draft", "live")
#: Of the superuser, as Odoo's own data has it.
SYSTEM_LOGIN = "__system__"


class IntegrationAuditEntryDisplay(models.Model):
    """What the screens tell of an entry: computed at each reading, since the log itself never changes."""

    _inherit = "integration.audit.entry"

    event_label = fields.Char("What Happened", compute="_compute_event_label")
    record_label = fields.Char("Record Now", compute="_compute_record_label")
    actor_label = fields.Char("Who", compute="_compute_actor_label")
    detail_text = fields.Text("Details", compute="_compute_detail_text")
    detail_line = fields.Char("Details in One Line", compute="_compute_detail_text")

    @api.depends("event")
    def _compute_event_label(self):
        for entry in self:
            entry.event_label = self._event_label(entry.event or "")

    @api.depends("event")
    def _compute_display_name(self):
        for entry in self:
            entry.display_name = entry.event_label

    @api.model
    def _event_label(self, event):
        """Return an event's code as words: ``message.payload_read`` is *Message payload read*."""
        subject, _dot, what = event.partition(".")
        what = what.replace("_", " ")
        if subject == "command":
            return self.env._("Command line: %s", what)
        if what in STATES_REACHED:
            what = self.env._("now %s", what)
        return f"{subject.replace('_', ' ')} {what}".strip().capitalize()

    def _web_read_group_groupby_formatter(self, groupby_spec, values):
        """Name a group of entries in words, as its lines do; its domain keeps the code."""
        formatter = super()._web_read_group_groupby_formatter(groupby_spec, values)
        label = {"event": self._event_label, "res_model": self._model_label}.get(groupby_spec)
        if not label:
            return formatter

        def labelled(value):
            formatted, domain = formatter(value)
            return formatted and label(formatted), domain

        return labelled

    @api.model
    def _model_label(self, model_name):
        return self.env[model_name]._description if model_name in self.env else model_name

    @api.depends("actor_login")
    def _compute_actor_label(self):
        """Show the login of that time; what scheduled actions do has no person's."""
        for entry in self:
            is_system = entry.actor_login == SYSTEM_LOGIN
            entry.actor_label = self.env._("Odoo itself") if is_system else entry.actor_login

    @api.depends_context("uid")
    @api.depends("record_name", "res_model", "res_id")
    def _compute_record_label(self):
        """Show the name of that time, else the present one if it is not private and the reader may see it."""
        nameless = self.filtered(lambda entry: entry.res_id and not entry.record_name)
        names = {
            model_name: self._present_names(model_name, entries.mapped("res_id"))
            for model_name, entries in nameless.grouped("res_model").items()
        }
        for entry in self:
            entry.record_label = entry.record_name or names.get(entry.res_model, {}).get(entry.res_id)
            if not entry.record_label and entry.res_model:
                entry.record_label = entry._numbered_label()

    @api.model
    def _present_names(self, model_name, record_ids):
        """Return ``{id: name}`` of the records that still exist and whose name may be shown."""
        if model_name not in self.env:
            return {}
        records = self.env[model_name].browse(record_ids).exists()._filtered_access("read")
        return {record.id: record._integration_audit_name() for record in records}

    def _numbered_label(self):
        kind = self._model_label(self.res_model)
        return f"{kind} {self.res_id}" if self.res_id else kind

    @api.depends("detail")
    def _compute_detail_text(self):
        for entry in self:
            entry.detail_text = self._readable(entry.detail)
            entry.detail_line = "; ".join((entry.detail_text or "").splitlines()) or False

    @api.model
    def _readable(self, detail):
        """Return ``Key: value`` lines of details that were given as a dict; a text as it is."""
        try:
            values = json.loads(detail or "")
        except ValueError:
            return detail
        if not isinstance(values, dict):
            return detail
        return "\n".join(
            f"{key.replace('_', ' ').capitalize()}: {self._readable_value(value)}"
            for key, value in values.items()
        )

    @api.model
    def _readable_value(self, value):
        if isinstance(value, bool):
            return self.env._("yes") if value else self.env._("no")
        if isinstance(value, list):
            return ", ".join(self._readable_value(part) for part in value)
        if isinstance(value, dict):
            return ", ".join(f"{key} {self._readable_value(part)}" for key, part in value.items())
        return "-" if value is None else str(value)
