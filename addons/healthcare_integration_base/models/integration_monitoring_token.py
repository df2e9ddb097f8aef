import hashlib
import hmac
import secrets

from odoo import api, models

TOKEN_PARAMETER = "healthcare_integration.monitoring_token_sha256"
TOKEN_BYTES = 32


class IntegrationMonitoringToken(models.AbstractModel):
    """The token with which a monitoring system reads metrics and the details of health.

    Only its hash is stored. It is made here and never chosen by a person, so that a fast hash is enough.
    """

    _name = "integration.monitoring.token"
    _description = "Integration Monitoring Token"

    @api.model
    def _renew(self):
        """Replace the token; the former one opens nothing from then on.

        :return: the new token, which is never shown again
        """
        token = secrets.token_urlsafe(TOKEN_BYTES)
        # Whoever calls this was checked; parameters belong to administrators.
        self.env["ir.config_parameter"].sudo().set_param(TOKEN_PARAMETER, _digest(token))
        self.env["integration.audit.entry"]._record("monitoring.token_renewed")
        return token

    @api.model
    def _revoke(self):
        """Let no token open metrics and details any more."""
        self.env["ir.config_parameter"].sudo().set_param(TOKEN_PARAMETER, False)
        self.env["integration.audit.entry"]._record("monitoring.token_revoked")

    @api.model
    def _is_set(self):
        return bool(self.env["ir.config_parameter"].sudo().get_param(TOKEN_PARAMETER))

    @api.model
    def _opens(self, authorization):
        """Tell whether the value of an Authorization header carries the token.

        :param str authorization: ``Bearer TOKEN``, or None; without a token set nothing opens
        """
        expected = self.env["ir.config_parameter"].sudo().get_param(TOKEN_PARAMETER) or ""
        scheme, _separator, token = (authorization or "").partition(" ")
        is_equal = hmac.compare_digest(_digest(token.strip()), expected)
        return bool(expected) and scheme.lower() == "bearer" and is_equal


def _digest(token):
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
