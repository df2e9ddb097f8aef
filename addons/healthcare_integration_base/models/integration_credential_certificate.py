from odoo import api, fields, models
from odoo.exceptions import ValidationError

from ..transports import ConfigurationError
from ..transports.http import tls
from ..transports.http.messages import origin

KEY_KINDS = ("private_key", "signing_key", "client_certificate")
# what may be told to the other side; all other kinds only sign or prove, and never leave
TOLD_KINDS = ("password", "token")
# purpose -> kinds that serve it
HTTP_KINDS = {
    "login": (*TOLD_KINDS, *KEY_KINDS),
    "certificate": ("client_certificate",),
    "signature": (*TOLD_KINDS, "shared_secret"),
    "proxy": TOLD_KINDS,
}


class IntegrationCredentialCertificate(models.Model):
    """What HTTP endpoints need beside passwords and tokens: certificates, keys that sign, shared secrets."""

    _inherit = "integration.credential"

    kind = fields.Selection(
        selection_add=[
            ("shared_secret", "Shared secret for signatures"),
            ("signing_key", "Private key for assertions"),
            ("client_certificate", "Client certificate"),
        ],
        ondelete={
            "shared_secret": "cascade",
            "signing_key": "cascade",
            "client_certificate": "cascade",
        },
    )
    is_key = fields.Boolean(compute="_compute_is_key")
    allowed_hosts = fields.Char(
        "Only for hosts",
        help="Names of hosts, separated by commas, that endpoints may use this secret for, whoever edits "
        "them. Empty: any.",
    )

    @api.depends("kind")
    def _compute_is_key(self):
        for credential in self:
            credential.is_key = credential.kind in KEY_KINDS

    def _set_secret(self, secret, passphrase=""):
        result = super()._set_secret(secret, passphrase)
        if self.kind == "client_certificate":
            self.expires_on = _load_certificate(self.env, secret, passphrase).expires_on.date()
        self.env["integration.token"]._forget(self)
        return result

    def _describe_secret(self, secret, passphrase):
        if self.kind == "signing_key":
            return _describe_signing_key(self.env, secret, passphrase)
        if self.kind == "client_certificate":
            return _describe_certificate(_load_certificate(self.env, secret, passphrase))
        return super()._describe_secret(secret, passphrase)

    @api.ondelete(at_uninstall=False)
    def _unlink_tokens(self):
        self.env["integration.token"]._forget(self)

    @api.private
    def _http_values(self, purpose, urls):
        """Return the secret under the names of the HTTP settings; audited once.

        :param str purpose: ``login``, ``certificate``, ``signature`` or ``proxy``
        :param urls: where it is going to be used
        :raise ConfigurationError: if it must not be used for one of their hosts, or not for this purpose
        """
        self._require_kind("http", HTTP_KINDS[purpose])
        self._require_allowed_hosts("http", {origin(url)[1] for url in urls if url})
        revealed = self._reveal_row()
        login, secret = self.sudo().login, revealed["secret_ciphertext"]
        if purpose == "certificate":
            return {"certificate": secret, "certificate_passphrase": revealed["passphrase_ciphertext"]}
        if purpose == "signature":
            return {"signing_secret": secret, "signing_key_id": login}
        if purpose == "proxy":
            return {"proxy_username": login, "proxy_password": secret}
        if self.sudo().kind in KEY_KINDS:
            return {
                "username": login,
                "private_key": secret,
                "passphrase": revealed["passphrase_ciphertext"],
            }
        return {"username": login, "password": secret}

    def _require_kind(self, transport, kinds):
        """A key, or a secret that only signs, is never told to anybody, whatever an endpoint names it for.

        :param str transport: of the endpoint, where the error's code begins
        :param kinds: those that serve the purpose
        :raise ConfigurationError: if the credential is of another kind
        """
        credential_sudo = self.sudo()
        if credential_sudo.kind in kinds:
            return
        labels = dict(credential_sudo._fields["kind"]._description_selection(self.env))
        raise ConfigurationError(
            code=f"{transport}.credential_kind",
            message="The credential is not of a kind that serves this purpose",
            location=credential_sudo.display_name,
            expected=" or ".join(labels[kind] for kind in kinds),
            found=labels[credential_sudo.kind],
            remedy="Choose a credential of another kind in the endpoint.",
            subject=str(self.id),
        )

    def _require_allowed_hosts(self, transport, hosts):
        """A secret goes where its officer lets it go, not where an endpoint happens to point.

        :param str transport: of the endpoint, where the error's code begins
        :param set hosts: names in lower case
        :raise ConfigurationError: if the secret must not be used for one of them
        """
        allowed = {
            host.strip().lower() for host in (self.sudo().allowed_hosts or "").split(",") if host.strip()
        }
        if allowed and (others := hosts - allowed):
            raise ConfigurationError(
                code=f"{transport}.credential_host",
                message="The credential must not be used for this host",
                location=self.sudo().display_name,
                expected=" or ".join(sorted(allowed)),
                found=" and ".join(sorted(others)),
                remedy="Correct the addresses of the endpoint, or have a secrets officer add the host.",
                subject=str(self.id),
            )


def _load_certificate(env, secret, passphrase):
    try:
        return tls.load_client_certificate(secret, passphrase)
    except ValueError as error:
        raise ValidationError(env._("The certificate cannot be used: %s.", error)) from None


def _describe_certificate(certificate):
    """Return the fingerprint of a certificate and its text, which is public."""
    return tls.certificate_fingerprint(certificate), tls.certificates_pem(certificate)


def _describe_signing_key(env, secret, passphrase):
    """Return the fingerprint of a key and its public part, which the partner registers."""
    try:
        key = tls.load_private_key(secret, passphrase)
    except ValueError as error:
        raise ValidationError(env._("The private key cannot be used: %s.", error)) from None
    return tls.key_fingerprint(key), tls.public_pem(key)
