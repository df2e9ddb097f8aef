"""What the tests of HTTP endpoints share: a real partner on loopback, and an endpoint to it."""

import importlib
import sys
from contextlib import contextmanager
from pathlib import Path

from .common import IntegrationCase

CHECKOUT = Path(__file__).resolve().parents[3]
SECRET = "k!eep&this=secret"


def load_sandbox(name):
    """Return a module of the sandbox partners, which lie beside the addons."""
    if str(CHECKOUT) not in sys.path:
        sys.path.append(str(CHECKOUT))
    return importlib.import_module(f"tests.sandbox.{name}")


@contextmanager
def partner(**options):
    """Run a partner, see ``tests/sandbox/http_partner.py``."""
    with load_sandbox("http_partner").running(**options) as running:
        yield running


class HttpCase(IntegrationCase):
    """Endpoints over HTTP. What is read stays as it came: nothing splits it here."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.live_system()

    def setUp(self):
        super().setUp()
        self.partner = self.enterContext(partner())

    def http_endpoint(self, **values):
        """Return an active endpoint to the partner of this test."""
        endpoint = self.env["integration.endpoint"].create(self.http_values(**values))
        endpoint.action_activate()
        return endpoint

    def http_values(self, **values):
        return {
            "name": "Partner's API",
            "system_id": self.system.id,
            "transport": "http",
            "direction": "both",
            "base_url": self.partner.url,
            "plain_http_allowed": True,
            "allowed_networks": "127.0.0.1",
            "read_timeout": 2.0,
            **values,
        }

    def credential(self, kind="password", secret=SECRET, passphrase="", **values):
        credential = self.env["integration.credential"].create(
            {"name": "Login", "system_id": self.system.id, "kind": kind, "login": "hospital", **values}
        )
        credential._set_secret(secret, passphrase)
        return credential

    def oauth_values(self, **values):
        return {
            "http_authentication": "client_secret_basic",
            "credential_id": self.credential().id,
            "token_url": self.partner.url + "/token",
            **values,
        }
