from odoo import models

from ..formats.remittance import read_remittance_transaction


class RcmRemittanceHandler(models.AbstractModel):
    """Takes in X12 835 transactions: stores the remittance, then posts it in a task of its own.

    The remittance is stored even when it cannot be posted: a biller must see what is held.
    """

    _name = "rcm.remittance.handler"
    _inherit = "integration.handler"
    _description = "X12 835 Handler"

    def _parse(self, message):
        """Return an iterator over header, claims and summary of the message's transaction."""
        return read_remittance_transaction(message._payload_chunks(), message._transaction_envelope())

    def _process(self, message):
        remittance = self.env["rcm.remittance"]._store(message, self._parse(message))
        self.env["integration.message.link"]._link(message, remittance, "remittance")
        message._set_state("parsed")
        remittance._queue_posting()
