from odoo import api, models

# where an endpoint leads, whom it trusts there, and with which secrets it goes
ADDRESSES = ("transport", "host", "port", "base_path", "base_url", "token_url", "proxy_url")
TRUST = (
    "host_key",
    "authorities",
    "allowed_networks",
    "plain_http_allowed",
    "http_authentication",
    "credential_id",
    "certificate_credential_id",
    "signing_credential_id",
    "proxy_credential_id",
)


class IntegrationEndpointAudit(models.Model):
    """Notes where endpoints lead: a secret could be sent elsewhere and the address be put back."""

    _inherit = "integration.endpoint"

    @api.model_create_multi
    def create(self, vals_list):
        endpoints = super().create(vals_list)
        for endpoint in endpoints:
            endpoint._record_addresses("endpoint.created", [name for name in ADDRESSES if endpoint[name]])
        return endpoints

    def write(self, vals):
        names = [name for name in (*ADDRESSES, *TRUST) if name in vals]
        before = [{name: endpoint[name] for name in names} for endpoint in self]
        result = super().write(vals)
        for endpoint, former in zip(self, before, strict=True):
            if changed := [name for name in names if endpoint[name] != former[name]]:
                endpoint._record_addresses("endpoint.changed", changed)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_with_trace(self):
        self.env["integration.audit.entry"]._record("endpoint.deleted", self)

    def _record_addresses(self, event, names):
        """Write an audit entry with the names of fields, and the values of those that are addresses."""
        addresses = {name: self[name] for name in names if name in ADDRESSES}
        self.env["integration.audit.entry"]._record(event, self, {"fields": sorted(names), **addresses})
