from odoo import models


class IntegrationMessageUpload(models.Model):
    """Tells who brought a message by hand."""

    _inherit = "integration.message"

    def _taken_in_sentence(self):
        if entry_sudo := self._audited("message.uploaded"):
            return self.env._("Uploaded by %s", entry_sudo.actor_login)
        return super()._taken_in_sentence()
