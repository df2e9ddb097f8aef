from odoo import api, fields, models

from .windows import form_window


class IntegrationMessageLink(models.Model):
    """A business record that a message made or changed."""

    _name = "integration.message.link"
    _description = "Integration Message Record"
    _order = "id"
    _log_access = False
    _allow_sudo_commands = False

    message_id = fields.Many2one(
        "integration.message", required=True, index=True, ondelete="cascade", readonly=True
    )
    company_id = fields.Many2one(related="message_id.company_id", store=True, index=True, precompute=True)
    res_model = fields.Char(string="Model", required=True, readonly=True)
    res_id = fields.Many2oneReference(string="Record", model_field="res_model", required=True, readonly=True)
    role = fields.Char(help="What the record is to the message, e.g. remittance", readonly=True)

    _link_uniq = models.Constraint(
        "UNIQUE (message_id, res_model, res_id)", "A record is linked to a message once."
    )
    _record_idx = models.Index("(res_model, res_id)")

    @api.depends_context("uid")
    @api.depends("res_model", "res_id")
    def _compute_display_name(self):
        """Name the records that still exist and that the reader may see; of the others, tell the kind."""
        names = {
            model_name: self._names(model_name, links.mapped("res_id"))
            for model_name, links in self.grouped("res_model").items()
        }
        for link in self:
            name = names.get(link.res_model, {}).get(link.res_id)
            link.display_name = name or link._numbered_label()

    @api.model
    def _names(self, model_name, record_ids):
        if model_name not in self.env:
            return {}
        records = self.env[model_name].browse(record_ids).exists()._filtered_access("read")
        return {record.id: record.display_name for record in records}

    def _numbered_label(self):
        is_known = self.res_model in self.env
        kind = self.env["ir.model"]._get(self.res_model).name if is_known else self.res_model
        return f"{kind} {self.res_id}"

    @api.model
    def _link(self, message, records, role=""):
        """Link records to a message; links that exist stay."""
        self.env.cr.execute(
            """
            INSERT INTO integration_message_link (message_id, company_id, res_model, res_id, role)
            SELECT %s, %s, %s, unnest(%s::int[]), %s ON CONFLICT DO NOTHING
            """,
            (message.id, message.company_id.id, records._name, records.ids, role),
        )
        message.invalidate_recordset(["link_ids"])

    def action_open_record(self):
        self.ensure_one()
        self.check_access("read")
        return form_window(self.res_model, self.res_id)
