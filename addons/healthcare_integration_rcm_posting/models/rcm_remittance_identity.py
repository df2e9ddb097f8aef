import psycopg2

from odoo import models

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError, TransientError

from ..posting.content_difference import first_difference
from ..posting.identity import payment_identity


class RcmRemittanceIdentity(models.Model):
    """Lets a payment be posted once, however often and in whatever files it comes."""

    _inherit = "rcm.remittance"

    def _is_duplicate(self, header):
        """Tell whether this payment is posted already; then this remittance only points to it.

        :raise BusinessRuleError: ``remittance.identity.conflict`` when the same payment has other content
        """
        self.identity_key = payment_identity(self.company_id.id, header, self.content_hash).key
        original = self.search(
            [
                ("company_id", "=", self.company_id.id),
                ("identity_key", "=", self.identity_key),
                ("state", "in", ("posting", "posted")),
                ("id", "!=", self.id),
            ],
            limit=1,
        )
        if not original:
            return False
        if original.content_hash != self.content_hash:
            raise self._conflict(original)
        self.write(
            {
                "state": "duplicate",
                "state_reason": self.env._("Posted before as %s", original.display_name),
                "original_id": original.id,
            }
        )
        self.message_id._set_state("duplicate", self.state_reason)
        return True

    def _conflict(self, original):
        difference = None
        if not original.message_id._purged_owner():
            difference = first_difference(original._documents(), self._documents())
        expected, found = difference or ("", "")
        return BusinessRuleError(
            "remittance.identity.conflict",
            self.env._("The payment %s was posted before with other content.", self.trace_number),
            location=f"ST {self.control_number}, TRN02",
            subject=f"remittance:{self.id}",
            expected=": ".join(filter(None, (original._content_summary(), expected))),
            found=": ".join(filter(None, (self._content_summary(), found))),
            remedy=self.env._(
                "Compare both. To replace the first one, undo it, then resolve this exception."
            ),
            amount=abs(self.amount),
        )

    def _content_summary(self):
        return self.env._(
            "%(claims)s claims, charged %(charged)s, paid %(paid)s, provider adjustments %(adjustments)s",
            claims=self.claim_count,
            charged=self.charge_total,
            paid=self.paid_total,
            adjustments=self.provider_adjustment_total,
        )

    def _begin(self, header):
        """Take the identity: the unique index lets one remittance of a payment through.

        :raise TransientError: when another worker took it at this moment
        """
        self.accounting_date = self._open_day(header.payment_date, header)
        self.flush_recordset()
        try:
            self.env.cr.execute(
                "UPDATE rcm_remittance SET state = 'posting', state_reason = NULL WHERE id = %s",
                (self.id,),
                log_exceptions=False,
            )
        except psycopg2.errors.UniqueViolation as error:
            raise TransientError(
                "remittance.identity.race",
                "The same payment is being posted by another worker.",
                subject=str(self.id),
                remedy="Nothing to do: the next attempt finds it posted.",
            ) from error
        self.invalidate_recordset(["state", "state_reason"])
