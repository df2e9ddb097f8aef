"""What the tests of HTTP share: an endpoint on a partner of the test."""

from contextlib import contextmanager

import pytest

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.transports import create

from tests.sandbox.http_partner import running

LOOPBACK = {
    "allowed_networks": "127.0.0.1",
    "plain_allowed": True,
    "direction": "both",
    "connect_timeout": 2.0,
    "read_timeout": 2.0,
    "total_timeout": 10.0,
}


def endpoint(url, **values):
    """Return a transport to ``url`` that may reach loopback, not yet open."""
    return create("http", {"base_url": url, **LOOPBACK, **values})


@contextmanager
def partner_and_endpoint(**values):
    """Yield a running partner and an open transport to it."""
    with running() as partner, endpoint(partner.url, **values) as transport:
        yield partner, transport


@contextmanager
def refused(code, kind=IntegrationError):
    """Expect an error of a code and a class; yields a list that then holds it."""
    caught = []
    with pytest.raises(kind) as information:
        yield caught
    assert information.value.code == code, str(information.value)
    caught.append(information.value)
