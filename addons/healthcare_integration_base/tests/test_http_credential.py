import json

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from ..errors import BusinessRuleError
from ..transports import ConfigurationError
from .http_common import HttpCase, load_sandbox, partner


@tagged("post_install", "-at_install")
class TestHttpCredential(HttpCase):
    def test_a_client_certificate_brings_its_end_and_shows_no_key(self):
        own = load_sandbox("authority").Authority().issue("hospital", passphrase="open")
        credential = self.credential("client_certificate", own.bundle, "open")
        self.assertTrue(credential.expires_on)
        self.assertEqual(credential.public_key, own.certificate)
        self.assertTrue(credential.fingerprint.startswith("SHA256:"))
        for wrong in (own.certificate, own.key, "not PEM"):
            with self.assertRaises(ValidationError) as caught:
                self.credential("client_certificate", wrong, "open")
            self.assertNotIn("BEGIN ENC", str(caught.exception))

    def test_a_signing_key_shows_its_public_part(self):
        key = rsa.generate_private_key(65537, 2048)
        pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
        credential = self.credential("signing_key", pem)
        self.assertTrue(credential.public_key.startswith("-----BEGIN PUBLIC KEY-----"))
        with self.assertRaises(ValidationError):
            self.credential("signing_key", pem, "a passphrase that it has not")

    def test_mutual_tls_with_certificates_of_credentials(self):
        authority = load_sandbox("authority").Authority()
        certificate = self.credential("client_certificate", authority.issue("hospital").bundle)
        server = authority.issue("api", "127.0.0.1")
        with partner(issued=server, client_authorities=authority.certificate) as secured:
            endpoint = self.http_endpoint(
                base_url=secured.url,
                authorities=authority.certificate,
                certificate_credential_id=certificate.id,
            )
            with endpoint._transport() as transport:
                transport.request("GET", "/echo")
            self.assertEqual(secured.seen[0].certificate, "hospital")
        self.assertTrue(certificate.last_used_on)

    def test_a_secret_stays_with_the_hosts_of_its_officer(self):
        endpoint = self.http_endpoint(**self.oauth_values())
        credential = endpoint.credential_id
        credential.allowed_hosts = "api.example.org, 127.0.0.1"
        self.assertTrue(endpoint._transport())
        endpoint.base_url = "https://collector.example.net"
        with self.assertRaises(ConfigurationError) as caught:
            endpoint._transport()
        self.assertEqual(
            (caught.exception.code, caught.exception.found), ("http.credential_host", "collector.example.net")
        )

    def test_a_secret_does_not_pass_a_proxy_whose_certificates_are_trusted(self):
        """Who names proxy and authorities could read all that goes to the hosts of the officer."""
        endpoint = self.http_endpoint(**self.oauth_values())
        endpoint.credential_id.allowed_hosts = "127.0.0.1"
        endpoint.proxy_url = "http://proxy.example.net:3128"
        self.assertTrue(endpoint._transport())
        endpoint.authorities = load_sandbox("authority").Authority().certificate
        with self.assertRaises(ConfigurationError) as caught:
            endpoint._transport()
        self.assertEqual(
            (caught.exception.code, caught.exception.found), ("http.credential_host", "proxy.example.net")
        )
        endpoint.credential_id.allowed_hosts = "127.0.0.1, proxy.example.net"
        self.assertTrue(endpoint._transport())

    def test_keys_and_secrets_that_only_sign_are_told_to_nobody(self):
        for kind in ("private_key", "signing_key", "client_certificate", "shared_secret", "signing"):
            credential = self.env["integration.credential"].create(
                {"name": "Key", "system_id": self.system.id, "kind": kind, "login": "hospital"}
            )
            credential._store_secret("what must not leave", "")
            ways = [{"proxy_url": "http://127.0.0.1:1", "proxy_credential_id": credential.id}]
            if kind in ("shared_secret", "signing"):
                ways.append({"http_authentication": "bearer", "credential_id": credential.id})
            if kind != "shared_secret":
                ways.append({"signing_credential_id": credential.id})
            for way in ways:
                endpoint = self.env["integration.endpoint"].create(self.http_values(**way))
                self._assert_kind_refused(endpoint, "http.credential_kind")
            if kind != "private_key":
                values = {"name": "Mailbox", "system_id": self.system.id, "host": "sftp.invalid"}
                mailbox = self.env["integration.endpoint"].create({**values, "credential_id": credential.id})
                self._assert_kind_refused(mailbox, "sftp.credential_kind")

    def test_an_archived_credential_is_not_used(self):
        endpoint = self.http_endpoint(**self.oauth_values())
        endpoint.credential_id.active = False
        with self.assertRaises(BusinessRuleError) as caught:
            endpoint._transport()
        self.assertEqual(caught.exception.code, "credential.archived")

    def test_what_could_lead_a_secret_elsewhere_is_logged(self):
        entries = self.env["integration.audit.entry"]
        endpoint = self.http_endpoint(**self.oauth_values())
        endpoint.base_url = "https://collector.example.net"
        endpoint._note_success()
        [changed] = entries.search([("event", "=", "endpoint.changed"), ("res_id", "=", endpoint.id)])
        self.assertEqual(
            json.loads(changed.detail), {"fields": ["base_url"], "base_url": "https://collector.example.net"}
        )
        [created] = entries.search([("event", "=", "endpoint.created"), ("res_id", "=", endpoint.id)])
        self.assertIn(self.partner.url, created.detail)
        endpoint.credential_id.allowed_hosts = "api.example.org"
        [changed] = entries.search([("event", "=", "credential.changed")])
        self.assertEqual(json.loads(changed.detail), {"fields": ["allowed_hosts"]})
        endpoint.unlink()
        self.assertTrue(entries.search([("event", "=", "endpoint.deleted")]))

    def _assert_kind_refused(self, endpoint, code):
        with self.assertRaises(ConfigurationError) as caught:
            endpoint._transport(for_check=True)
        self.assertEqual(caught.exception.code, code)
        self.assertNotIn("must not leave", str(caught.exception))

    def test_a_shared_secret_signs_and_its_login_is_the_key_id(self):
        endpoint = self.http_endpoint(
            signing_credential_id=self.credential("shared_secret", "shared").id,
            signing_headers="X-Key: {key_id}\nX-Signature: {signature}",
        )
        with endpoint._transport() as transport:
            transport.request("GET", "/echo")
        headers = self.partner.seen[0].headers
        self.assertEqual((headers["x-key"], len(headers["x-signature"])), ("hospital", 64))
