import re

from odoo import api, fields, models

SHOWN_BYTES = 200_000
_SEGMENT_ON_SAME_LINE = re.compile(r"~(?![\r\n])")


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
        self.payload, self.is_cut = False, False
        for wizard in self.filtered("message_id"):
            message = wizard.message_id
            text = b"".join(message._disclosed_payload("screen", end=SHOWN_BYTES))
            wizard.payload = self._laid_out(message, text.decode("utf-8", errors="replace"))
            wizard.is_cut = message.payload_size > SHOWN_BYTES

    @staticmethod
    def _laid_out(message, text):
        """Return X12 with a line for each segment; a document of another format is shown as it is."""
        is_x12 = message.transaction_set or text.startswith("ISA")
        return _SEGMENT_ON_SAME_LINE.sub("~\n", text) if is_x12 else text
