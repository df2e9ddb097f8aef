from odoo import models

from ..errors import IntegrationError
from ..queue import PostponedTask, current_task
from ..transports.http.errors import OUTCOME_UNKNOWN, outcome_unknown


class IntegrationMessageOutboxHandover(models.Model):
    """Keeps a document from reaching a partner twice that does not recognise repeats.

    Before the bytes leave, the task is marked through a cursor of its own. The mark goes when the partner is
    known not to have taken the document; what finds it there asks a person instead of sending.
    """

    _inherit = "integration.message"

    def _require_not_handed_over(self):
        """:raise BusinessRuleError: if an attempt was cut off after the bytes may have left"""
        task = current_task()
        if task and self.env["integration.task.progress"]._was_handed_over(task.id):
            error = outcome_unknown(self.endpoint_id.display_name, self.env._("an attempt that was cut off"))
            error.subject = self.uuid
            raise error

    def _hand_over(self, transport):
        task = current_task()
        if task is None or self.endpoint_id._recognises_repeats():
            return super()._hand_over(transport)
        progress = self.env["integration.task.progress"]
        progress._mark_handed_over(task.id, True)
        try:
            return super()._hand_over(transport)
        except (IntegrationError, PostponedTask) as error:
            # The transport tells apart what has not arrived and what nobody knows of.
            if getattr(error, "code", "") != OUTCOME_UNKNOWN:
                progress._mark_handed_over(task.id, False)
            raise
