from odoo import models


class IntegrationMessageUpload(models.Model):
    """Tells who brought a message by hand."""

    _inherit = "integration.message"

    def _taken_in_sentence(self):
        # That somebody uploaded a message is shown to whoever sees the message; the audit log is not.
        entry_sudo = (
            self.env["integration.audit.entry"]
            .sudo()
            .search(
                [
                    ("res_model", "=", self._name),
                    ("res_id", "=", self.id),
                    ("event", "=", "message.uploaded"),
                ],
                limit=1,
            )
        )
        if entry_sudo:
            return self.env._("Uploaded by %s", entry_sudo.actor_login)
        return super()._taken_in_sentence()
