from odoo import models

#: Of partners that have not acknowledged in time, one exception for each flow.
OVERDUE_CODE = "acknowledgement.overdue"


class IntegrationExceptionSilence(models.Model):
    """What a person decides about partners that do not acknowledge: wait on, or ask no more."""

    _inherit = "integration.exception"

    def _release(self):
        """Overdue messages have their time for an answer once more."""
        result = super()._release()
        self._overdue_messages()._await_answer_again()
        return result

    def _give_up(self, reason):
        """Overdue messages are settled as sent; should the partner answer after all, that counts."""
        result = super()._give_up(reason)
        self._overdue_messages()._settle_unanswered(reason)
        return result

    def _overdue_messages(self):
        # Messages belong to the kernel: no role writes them.
        silences_sudo = self.sudo().filtered(lambda exception: exception.code == OVERDUE_CODE)
        return silences_sudo.message_ids.filtered(lambda message: message.state == "overdue")
