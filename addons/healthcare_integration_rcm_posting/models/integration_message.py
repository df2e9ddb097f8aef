from odoo import models


class IntegrationMessage(models.Model):
    _inherit = "integration.message"

    def _hold(self, exception):
        """A held message holds its remittance, and the exception leads to it."""
        result = super()._hold(exception)
        remittances = self._remittances()
        waiting = remittances.filtered(lambda remittance: remittance.state == "received")
        waiting.state = "held"
        remittances.write({"state_reason": exception.name})
        if remittances and not exception.rcm_remittance_id:
            exception.rcm_remittance_id = remittances[0]
        return result

    def _unhold(self):
        result = super()._unhold()
        self._remittances().filtered(lambda remittance: remittance.state == "held").write(
            {"state": "received", "state_reason": False}
        )
        return result

    def _reject(self, reason):
        result = super()._reject(reason)
        self._remittances().filtered(lambda remittance: remittance.state in ("received", "held")).write(
            {"state": "rejected", "state_reason": reason}
        )
        return result

    def _remittances(self):
        # The state of a remittance follows its message, whoever moves that.
        return self.env["rcm.remittance"].sudo().search([("message_id", "in", self.ids)])
