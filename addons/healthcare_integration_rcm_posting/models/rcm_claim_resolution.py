from odoo import models
from odoo.exceptions import UserError

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError
from odoo.addons.healthcare_integration_base.models.access import require_group
from odoo.addons.healthcare_integration_base.models.integration_exception import OPEN_STATES

from ..formats.remittance.documents import Claim
from ..posting.claims import entry_of, plan_claim, plan_resolution
from ..posting.context import location
from ..posting.ledger import PARKED_KINDS

MATCH_CODES = ("remittance.claim.unmatched", "remittance.claim.ambiguous")


class RcmClaimResolution(models.Model):
    """Lets a biller match a claim to its invoice; money that waited for that is then applied."""

    _inherit = "rcm.claim"

    def action_match(self):
        """Ask for the invoice of the claim."""
        require_group(self, "group_operator")
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Match to Invoice"),
            "res_model": "rcm.claim.match",
            "res_id": self.env["rcm.claim.match"]._of(self).id,
            "view_mode": "form",
            "target": "new",
            "context": {"dialog_size": "extra-large"},
        }

    def _match_by_hand(self, invoice):
        """Match the claim and, if its remittance is posted, apply what waits for it.

        :raise UserError: if the claim is matched already, its remittance is being posted, the invoice is not
            of its company, or what waits cannot be applied
        """
        self.ensure_one()
        if self.match_state == "matched":
            raise UserError(self.env._("The claim is matched to %s already.", self.invoice_id.name))
        if (
            invoice.company_id != self.company_id
            or invoice.move_type != "out_invoice"
            or invoice.state != "posted"
        ):
            raise UserError(self.env._("Choose a posted customer invoice of %s.", self.company_id.name))
        # Claims are the system's records; the entry below is posted with the user's rights (rcm.ledger).
        claim = self.sudo()
        remittance = claim.remittance_id
        if remittance.state == "posting":
            raise UserError(
                self.env._("%s is being posted. Match the claim when that is done.", remittance.display_name)
            )
        claim.write({"invoice_id": invoice.id, "match_state": "matched", "match_basis": "manual"})
        if remittance.state == "posted":
            claim._apply_waiting_in_dialog()
        claim._resolve_match_exceptions(invoice)

    def _apply_waiting_in_dialog(self):
        """:raise UserError: with what forbids to post, and what to do about it"""
        try:
            self._apply_waiting()
        except BusinessRuleError as error:
            details = (finding.message for finding in error.findings if finding.message != error.message)
            raise UserError("\n".join(filter(None, (error.message, *details, error.remedy)))) from error

    def _apply_waiting(self):
        """Post what the claim would have posted, the money that waits taking the place of clearing."""
        remittance = self.remittance_id
        context = remittance._posting_context()
        account = self._claim_accounts()[self._account_key()]
        key_prefix = f"match{self.id}."
        document = self._document()
        if waiting := self._waiting_item():
            entry = plan_resolution(document, account, waiting, context, key_prefix)
        else:
            entry = entry_of([plan_claim(document, account, context, key_prefix)], context)
        remittance._require_accounts(context)
        remittance._require_precision([entry], context)
        # It was planned anew as a whole.
        self.has_exceptions = False
        remittance._apply_entries([entry], {self.position: self}, key_prefix=f"match/{self.id}/")

    def _document(self):
        """Return the claim as the payer wrote it."""
        return next(
            document
            for document in self.remittance_id._documents()
            if isinstance(document, Claim) and document.position == self.position
        )

    def _waiting_item(self):
        """Return the claim's open line on unapplied cash or takebacks, None when no money waits."""
        line = self.line_ids.filtered(lambda line: line.rcm_role in PARKED_KINDS and not line.reconciled)[:1]
        return self._as_item(line, PARKED_KINDS[line.rcm_role]) if line else None

    def _resolve_match_exceptions(self, invoice):
        """Resolve what asked for the match; it stays open for another claim of the number that waits."""
        message = self.remittance_id.message_id
        exceptions = self.env["integration.exception"].search(
            [
                ("message_ids", "in", message.ids),
                ("subject", "=", self.claim_number or self.payer_claim_number),
                ("code", "in", MATCH_CODES),
                ("state", "in", OPEN_STATES),
            ]
        )
        resolution = self.env._("Matched to %s by hand.", invoice.name)
        for exception in exceptions:
            waiting = self._waiting_alike(exception)
            if not waiting:
                exception._close("resolved", resolution)
                continue
            if message in waiting.remittance_id.message_id:
                place = location(self.remittance_id.control_number or "", self.position, "CLP")
                self.env["integration.exception.stake"]._drop(exception, message, [place])
            else:
                exception._leave(message, resolution)
            exception.write({"rcm_claim_id": waiting[0].id, "rcm_remittance_id": waiting[0].remittance_id.id})

    def _waiting_alike(self, exception):
        """Return the claims of this number that an exception of their match is about."""
        if self.claim_number:
            same_number = [("claim_number", "=", self.claim_number)]
        else:
            same_number = [
                ("claim_number", "in", [False, ""]),
                ("payer_claim_number", "=", self.payer_claim_number),
            ]
        return self.search(
            [
                *same_number,
                ("match_state", "=", exception.code.rpartition(".")[2]),
                ("outcome", "!=", False),
                ("remittance_id.message_id", "in", exception.message_ids.ids),
            ],
            order="id",
        )
