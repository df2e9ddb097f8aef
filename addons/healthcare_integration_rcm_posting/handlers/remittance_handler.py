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

    def _preview(self, message):
        """Return the journal items that posting would make; whoever asks undoes what this stores."""
        remittance = self.env["rcm.remittance"]._store(message, self._parse(message))
        # A preview is planned with the system's rights, as posting is.
        preview_sudo = self.env["rcm.remittance.preview"].sudo()._of(remittance)
        items = [
            f"{line.part}  {line.role}  {line.label or ''}  {line.debit:.2f}  {line.credit:.2f}"
            for line in preview_sudo.line_ids
        ]
        return "\n".join(filter(None, [preview_sudo.hold, *items, preview_sudo.notes]))
