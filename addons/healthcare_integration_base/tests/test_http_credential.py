from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from odoo.exceptions import ValidationError
from odoo.tests import tagged

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

    def test_a_shared_secret_signs_and_its_login_is_the_key_id(self):
        endpoint = self.http_endpoint(
            signing_credential_id=self.credential("shared_secret", "shared").id,
            signing_headers="X-Key: {key_id}\nX-Signature: {signature}",
        )
        with endpoint._transport() as transport:
            transport.request("GET", "/echo")
        headers = self.partner.seen[0].headers
        self.assertEqual((headers["x-key"], len(headers["x-signature"])), ("hospital", 64))
