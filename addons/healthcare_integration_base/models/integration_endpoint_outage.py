import datetime

from odoo import api, models

from ..errors import TransientError

OUTAGE_HOURS_PARAMETER = "healthcare_integration.outage_hours"
OUTAGE_HOURS = 4


class IntegrationEndpointOutage(models.Model):
    """Reports an endpoint that has not worked for hours, whatever its single errors are."""

    _inherit = "integration.endpoint"

    @api.model
    def _cron_report_outages(self):
        """Open one exception for each active endpoint that has only had errors for too long.

        The next success closes it (:meth:`_resolve_outage`).
        """
        hours = self._outage_hours()
        before = self.env.cr.now() - datetime.timedelta(hours=hours)
        failing = self.search([("state", "=", "active"), ("failing_since", "<", before)])
        for endpoint in failing:
            endpoint._report_outage(hours)

    @api.model
    def _outage_hours(self):
        # System parameters are an administrator's to read; this one is no secret.
        return int(self.env["ir.config_parameter"].sudo().get_param(OUTAGE_HOURS_PARAMETER, OUTAGE_HOURS))

    def _note_success(self):
        for endpoint in self:
            if endpoint.error_date:
                endpoint._resolve_outage()
        return super()._note_success()

    def _report_outage(self, hours):
        error = TransientError(
            "endpoint.outage",
            self.env._("A partner has not been reached for hours: %s.", self.name),
            location=self.system_id.name,
            subject=str(self.id),
            expected=self.env._("a success within %s hours", hours),
            found=self.env._("nothing but errors since %s", self.failing_since),
            remedy=self.env._("Read the last error on the endpoint, then call the partner's support."),
        )
        self.env["integration.exception"]._report(
            error,
            company=self.company_id,
            system=self.system_id,
            record=self,
            owner=self.system_id.technical_owner_id,
        )
