from odoo import api, fields, models
from odoo.exceptions import AccessError

SHOWN_BYTES = 200_000


class IntegrationMessagePayload(models.TransientModel):
    """Shows a payload without storing it anywhere: the text is read when the dialog opens."""

    _name = "integration.message.payload"
    _description = "Integration Message Payload"

    message_id = fields.Many2one("integration.message", required=True, readonly=True)
    payload = fields.Text(compute="_compute_payload")
    is_cut = fields.Boolean(compute="_compute_payload")

    @api.depends_context("uid")
    @api.depends("message_id")
    def _compute_payload(self):
        for wizard in self:
            wizard._check_allowed()
            # The group was checked above; chunks are no field that rights could be set on.
            message = wizard.message_id.sudo()
            text = b""
            for chunk in message._payload_chunks(end=SHOWN_BYTES):
                text += chunk
            wizard.payload = text.decode("utf-8", errors="replace").replace("~", "~\n")
            wizard.is_cut = message.payload_size > SHOWN_BYTES
            self.env["integration.audit.entry"]._record("message.payload_read", message)

    def _check_allowed(self):
        if not self.env.user.has_group("healthcare_integration_base.group_phi"):
            raise AccessError(
                self.env._("The payload may hold private data: ask for the group that may read it.")
            )
        self.message_id.check_access("read")
