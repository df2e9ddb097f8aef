import datetime

from odoo import api, fields, models

from ..errors import TransientError
from .integration_exception_report import DEADLINE_HOURS

# Days before the end at which somebody is told, and how much it matters then.
STAGES = {"0": "critical", "7": "high", "30": "low"}
CODE = "credential.expires"


class IntegrationCredentialExpiry(models.Model):
    """Tells the owner of a system in time that a secret of it ends: 30 days, 7 days and on the day itself."""

    _inherit = "integration.credential"

    expiry_notice = fields.Selection(
        [("30", "30 days before"), ("7", "7 days before"), ("0", "On the day")],
        "Last notice of its end",
        readonly=True,
        copy=False,
    )

    def write(self, vals):
        """A new end makes earlier notices void."""
        result = super().write(vals)
        if "expires_on" in vals:
            self._withdraw_expiry_notices()
        return result

    def _withdraw_expiry_notices(self):
        later = self.filtered(lambda credential: credential.expiry_notice and not credential._expiry_stage())
        # Who sets a new end need not be allowed to close exceptions; this one is over.
        later.sudo().write({"expiry_notice": False})
        later._expiry_exceptions()._resolve_as_over(self.env._("The credential was renewed."))

    def _expiry_exceptions(self):
        return (
            self.env["integration.exception"]
            .sudo()
            .search([("res_model", "=", self._name), ("res_id", "in", self.ids), ("code", "=", CODE)])
        )

    @api.model
    def _cron_notify_expiry(self):
        """Report each credential that has come nearer to its end since its last notice."""
        latest = self.env.cr.now().date() + datetime.timedelta(days=max(map(int, STAGES)))
        for credential in self.search([("expires_on", "<=", latest)]):
            stage = credential._expiry_stage()
            if credential.expiry_notice != stage:
                credential._report_expiry(stage)
                credential.expiry_notice = stage

    def _expiry_stage(self):
        """Return the last stage that the credential has reached, None when its end is further away."""
        self.ensure_one()
        if not self.expires_on:
            return None
        days = (self.expires_on - self.env.cr.now().date()).days
        return next((stage for stage in STAGES if days <= int(stage)), None)

    def _report_expiry(self, stage):
        """Open an exception for the system's technical owner; one that is open becomes more severe."""
        error = TransientError(
            CODE,
            self.env._("A credential ends, and with it the connection: %s.", self.name),
            location=self.system_id.name,
            subject=str(self.id),
            expected=self.env._("a secret that stays valid"),
            found=self.env._("it ends on %s", self.expires_on),
            remedy=self.env._("Ask the partner for a new secret; a secrets officer enters it and its end."),
        )
        exception = self.env["integration.exception"]._report(
            error,
            company=self.company_id,
            system=self.system_id,
            record=self,
            owner=self.system_id.technical_owner_id,
        )
        severity = STAGES[stage]
        if severity != exception.severity:
            hours = datetime.timedelta(hours=DEADLINE_HOURS[severity])
            exception.write({"severity": severity, "deadline": self.env.cr.now() + hours})
