from odoo import models

from odoo.addons.healthcare_integration_base.errors import Finding
from odoo.addons.healthcare_integration_base.models.integration_exception import OPEN_STATES

from .rcm_claim_account import as_decimal


class RcmRemittancePairing(models.Model):
    """Keeps exceptions of provider adjustments in step with what later remittances pair up."""

    _inherit = "rcm.remittance"

    def _resolve_paired(self, entry):
        """Resolve the exceptions of earlier provider adjustments that an entry has settled."""
        targets = {
            target
            for plan in entry.provider_adjustments
            for line in plan.lines
            for target in line.reconcile
            if isinstance(target, int)
        }
        settled = self.env["account.move.line"].browse(sorted(targets)).filtered("reconciled")
        for adjustment in settled.rcm_provider_adjustment_id:
            if not adjustment._alike().line_ids.filtered(lambda line: not line.reconciled):
                adjustment._unpaired_exceptions(OPEN_STATES)._resolve_as_over(
                    self.env._("Paired up with %s.", self.display_name)
                )

    @staticmethod
    def _paired_lines(entries):
        """Return the journal items of other entries that provider adjustments of these settle."""
        own = entries.line_ids.filtered("rcm_provider_adjustment_id")
        others = own.matched_debit_ids.debit_move_id | own.matched_credit_ids.credit_move_id
        return others.filtered("rcm_provider_adjustment_id") - own

    def _report_unpaired(self, lines):
        """Report again what was resolved by pairing up, now that it is open again."""
        exceptions = self.env["integration.exception"]
        for adjustment in lines.filtered(lambda line: not line.reconciled).rcm_provider_adjustment_id:
            for former in adjustment._unpaired_exceptions(("resolved",))[:1]:
                finding = Finding(
                    code=former.code,
                    message=former.name,
                    location=former.location or "",
                    expected=former.expected or "",
                    found=former.found or "",
                    remedy=former.remedy or "",
                    amount=as_decimal(former.amount, former.currency_id),
                )
                remittance = adjustment.remittance_id
                again = exceptions._report(
                    finding,
                    company=remittance.company_id,
                    message=remittance.message_id,
                    record=remittance,
                    subject=former.subject,
                )
                again.rcm_remittance_id = remittance
