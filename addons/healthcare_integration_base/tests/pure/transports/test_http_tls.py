"""TLS against a real server: whom we trust, and who we are."""

import ssl
import tempfile
from pathlib import Path

import pytest
from http_endpoints import endpoint, refused

from odoo.addons.healthcare_integration_base.transports import ConfigurationError
from odoo.addons.healthcare_integration_base.transports.http import tls

from tests.sandbox.authority import Authority
from tests.sandbox.http_partner import running


@pytest.fixture(scope="module")
def server(authority):
    return authority.issue("api", "127.0.0.1", "localhost")


class TestServer:
    def test_an_authority_of_the_partners_own(self, authority, server):
        with (
            running(server) as partner,
            endpoint(partner.url, authorities=authority.certificate) as transport,
        ):
            assert transport.request("GET", "/echo").status == 200

    def test_an_authority_that_nobody_named(self, server):
        with running(server) as partner, endpoint(partner.url) as transport:
            with refused("http.certificate_refused", ConfigurationError):
                transport.request("GET", "/echo")
            assert not partner.seen

    def test_the_named_authority_is_the_only_one(self, server):
        other = Authority("Other")
        with running(server) as partner:
            transport = endpoint(partner.url, authorities=other.certificate)
            with transport, refused("http.certificate_refused"):
                transport.request("GET", "/echo")

    def test_a_certificate_of_another_host(self, authority):
        issued = authority.issue("api", "api.example.com")
        with (
            running(issued) as partner,
            endpoint(partner.url, authorities=authority.certificate) as transport,
        ):
            with refused("http.certificate_refused") as caught:
                transport.request("GET", "/echo")
            assert "127.0.0.1" in caught[0].found

    def test_an_expired_certificate(self, authority):
        issued = authority.issue("api", "127.0.0.1", expired=True)
        with (
            running(issued) as partner,
            endpoint(partner.url, authorities=authority.certificate) as transport,
        ):
            with refused("http.certificate_refused") as caught:
                transport.request("GET", "/echo")
            assert "expired" in caught[0].found

    def test_an_authority_without_key_identifiers(self):
        old = Authority("Old", has_identifiers=False)
        values = {"authorities": old.certificate}
        with running(old.issue("api", "127.0.0.1")) as partner:
            transport = endpoint(partner.url, **values)
            with transport, refused("http.certificate_form", ConfigurationError) as caught:
                transport.request("GET", "/echo")
            error = caught[0]
            assert not partner.seen and "Key Identifier" in error.found and "127.0.0.1" in error.location
            assert "Older certificates" in error.remedy
            with endpoint(partner.url, **values, older_certificates=True) as transport:
                assert transport.request("GET", "/echo").status == 200

    @pytest.mark.parametrize(
        "case", [{"addresses": ["api.example.com"]}, {"addresses": ["127.0.0.1"], "expired": True}, {}]
    )
    def test_older_certificates_are_checked_all_the_same(self, case):
        old, stranger = (Authority("Old", has_identifiers=False) for _number in range(2))
        issuer = old if case else stranger
        issued = issuer.issue(
            "api", *case.get("addresses", ["127.0.0.1"]), expired=case.get("expired", False)
        )
        with running(issued) as partner:
            transport = endpoint(partner.url, authorities=old.certificate, older_certificates=True)
            with transport, refused("http.certificate_refused"):
                transport.request("GET", "/echo")
            assert not partner.seen

    def test_public_authorities_are_always_held_to_the_present_form(self):
        for context in (tls.make_context(), tls.make_context(older_certificates=True)):
            assert context.verify_flags & ssl.VERIFY_X509_STRICT

    def test_a_server_that_speaks_no_tls(self):
        with running() as partner:
            url = partner.url.replace("http:", "https:")
            with endpoint(url, attempts=1, read_timeout=0.5) as transport, refused("http.protocol"):
                transport.request("GET", "/echo")

    def test_the_total_time_holds_under_tls(self, authority, server):
        with running(server) as partner:
            values = {"authorities": authority.certificate, "total_timeout": 1.0, "attempts": 1}
            with endpoint(partner.url, **values) as transport, refused("http.total_timeout"):
                transport.request("GET", "/fault/drip")

    def test_old_protocols_are_not_spoken(self):
        assert tls.make_context().minimum_version == ssl.TLSVersion.TLSv1_2


class TestClient:
    @pytest.mark.parametrize("passphrase", ["", "open sesame"])
    def test_a_client_certificate(self, authority, server, passphrase):
        own = authority.issue("hospital", passphrase=passphrase)
        values = {
            "authorities": authority.certificate,
            "certificate": own.key + own.certificate,
            "certificate_passphrase": passphrase,
        }
        with running(server, authority.certificate) as partner, endpoint(partner.url, **values) as transport:
            transport.request("GET", "/echo")
            assert partner.seen[0].certificate == "hospital"

    def test_without_a_certificate_or_with_a_strangers(self, authority, server):
        stranger = Authority("Stranger").issue("hospital").bundle
        for certificate in ("", stranger):
            values = {"authorities": authority.certificate, "certificate": certificate}
            with running(server, authority.certificate) as partner:
                transport = endpoint(partner.url, **values, attempts=1)
                with transport, refused("http.client_certificate_refused", ConfigurationError):
                    transport.request("GET", "/echo")
                assert not partner.seen

    def test_the_key_is_never_on_the_disk_in_plain_and_nothing_stays(self, authority, monkeypatch, tmp_path):
        monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
        own, written = authority.issue("hospital", passphrase="p"), []
        load = ssl.SSLContext.load_cert_chain

        def watched(context, path, password=None):
            file = Path(path)
            written.append((file.read_text(), file.stat().st_mode & 0o777, password))
            return load(context, path, password=password)

        monkeypatch.setattr(ssl.SSLContext, "load_cert_chain", watched)
        tls.make_context(certificate=own.bundle, passphrase="p")
        [(text, mode, password)] = written
        assert mode == 0o600 and "BEGIN ENCRYPTED PRIVATE KEY" in text and password != "p"
        assert list(tmp_path.iterdir()) == []

    @pytest.mark.parametrize("case", ["no key", "no certificate", "other key", "passphrase", "garbage"])
    def test_what_does_not_fit_is_told_without_showing_it(self, authority, case):
        own = authority.issue("hospital", passphrase="right" if case == "passphrase" else "")
        texts = {
            "no key": own.certificate,
            "no certificate": own.key,
            "other key": own.certificate + authority.issue("other").key,
            "passphrase": own.bundle,
            "garbage": "not PEM",
        }
        with refused("http.setting", ConfigurationError) as caught:
            endpoint("https://api.example.com", certificate=texts[case], certificate_passphrase="")
        assert caught[0].location == "certificate" and "BEGIN EC" not in str(caught[0])


def test_a_check_shows_each_step(authority, server):
    own = authority.issue("hospital")
    values = {"authorities": authority.certificate, "certificate": own.bundle, "check_path": "/echo"}
    with running(server, authority.certificate) as partner:
        steps = endpoint(partner.url, **values).check()
        assert [(step.name, step.result) for step in steps] == [
            ("Name resolved", "passed"),
            ("Address allowed", "passed"),
            ("Connected", "passed"),
            ("TLS agreed", "passed"),
            ("Server answered", "passed"),
        ]
        assert "TLSv1.3" in steps[3].detail and steps[4].detail.startswith("200, ")
        steps = endpoint(partner.url, **{**values, "allowed_networks": ""}).check()
        assert [step.result for step in steps] == ["passed", "failed", "skipped", "skipped", "skipped"]
        assert steps[1].code == "http.address_refused"
