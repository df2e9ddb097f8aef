from odoo import models

from ..redaction import install


class IntegrationRedaction(models.AbstractModel):
    """Keeps values out of the log of each process that serves a database with this addon."""

    _name = "integration.redaction"
    _description = "Integration Redaction"

    def _register_hook(self):
        """Cover the loggers of addons that were imported after this one."""
        super()._register_hook()
        install()
