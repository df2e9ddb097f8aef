"""Who we say we are: passwords, keys, access tokens, signatures."""

import base64
import hashlib
import hmac
import threading
import time
import traceback

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    PublicFormat,
)
from http_endpoints import endpoint, partner_and_endpoint, refused

from odoo.addons.healthcare_integration_base.errors import TransientError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError
from odoo.addons.healthcare_integration_base.transports.http.messages import Answer, Request
from odoo.addons.healthcare_integration_base.transports.http.oauth2 import MemoryTokenStore, parse_token
from odoo.addons.healthcare_integration_base.transports.http.signing import Signer
from odoo.addons.healthcare_integration_base.transports.http.transport import _token_refused

from tests.sandbox.http_partner import Client, running

SECRET = "k!eep&this=secret"


def key_pair(kind):
    key = rsa.generate_private_key(65537, 2048) if kind == "RSA" else ec.generate_private_key(ec.SECP384R1())
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"pass")).decode()
    return private, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def oauth(partner, **values):
    return {
        "authentication": "client_secret_basic",
        "token_url": partner.url + "/token",
        "username": "hospital",
        "password": SECRET,
        **values,
    }


class TestStatic:
    @pytest.mark.parametrize(
        ("values", "name", "value"),
        [
            (
                {"authentication": "basic", "username": "ana", "password": "p:\u00e4"},
                "authorization",
                "Basic " + base64.b64encode("ana:p:\u00e4".encode()).decode(),
            ),
            ({"authentication": "bearer", "password": "abc"}, "authorization", "Bearer abc"),
            ({"authentication": "api_key_header", "password": "abc"}, "x-api-key", "abc"),
            (
                {"authentication": "api_key_header", "api_key_name": "Ocp-Key", "password": "abc"},
                "ocp-key",
                "abc",
            ),
        ],
    )
    def test_headers(self, values, name, value):
        with partner_and_endpoint(**values) as (partner, transport):
            transport.request("GET", "/echo")
            assert partner.seen[0].headers[name] == value

    def test_a_key_in_the_query(self):
        values = {"authentication": "api_key_query", "api_key_name": "key", "password": "a&b"}
        with partner_and_endpoint(**values) as (partner, transport):
            transport.request("GET", "/echo?x=1")
            assert partner.seen[0].query == {"x": "1", "key": "a&b"}

    @pytest.mark.parametrize(
        "values",
        [
            {"authentication": "basic", "username": "ana"},
            {"authentication": "basic", "password": "x"},
            {"authentication": "bearer"},
            {"authentication": "client_secret_post", "username": "a", "password": "b"},
            {"authentication": "private_key_jwt", "username": "a", "token_url": "https://x.test/token"},
        ],
    )
    def test_what_is_missing_is_told(self, values):
        with refused("http.setting", ConfigurationError):
            endpoint("https://api.example.com", **values)


class TestOAuth:
    @pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
    def test_by_a_secret(self, method):
        with running() as partner:
            with endpoint(
                partner.url, **oauth(partner, authentication=method, scope="read write")
            ) as transport:
                for _request in range(3):
                    assert transport.request("GET", "/secure").status == 200
            assert partner.counts["/token"] == 1
            assert b"scope=read+write" in partner.seen[0].body

    @pytest.mark.parametrize("method", ["private_key_jwt", "jwt_bearer"])
    @pytest.mark.parametrize(("kind", "algorithm"), [("RSA", "RS384"), ("EC", "ES384")])
    def test_by_an_assertion(self, method, kind, algorithm):
        private, public = key_pair(kind)
        with running() as partner:
            partner.client = Client(public_key=public, algorithm=algorithm)
            values = oauth(
                partner,
                authentication=method,
                password="",
                private_key=private,
                passphrase="pass",
                assertion_algorithm=algorithm,
                key_id="2026",
            )
            with endpoint(partner.url, **values) as transport:
                assert transport.request("GET", "/secure").status == 200
            with endpoint(partner.url, **values) as transport:
                assert transport.request("GET", "/secure").status == 200
            assert len(partner.assertion_ids) == 2

    def test_a_key_that_does_not_fit_the_algorithm(self):
        with running() as partner:
            values = oauth(
                partner,
                authentication="private_key_jwt",
                private_key=key_pair("EC")[0],
                passphrase="pass",
                assertion_algorithm="RS256",
            )
            with endpoint(partner.url, **values) as transport, refused("http.assertion", ConfigurationError):
                transport.request("GET", "/secure")

    def test_a_refused_token_is_replaced_once(self):
        with running() as partner, endpoint(partner.url, **oauth(partner)) as transport:
            transport.request("GET", "/secure")
            partner.tokens.clear()
            assert transport.request("GET", "/secure").status == 200
            assert partner.counts == {"/token": 2, "/secure": 3}

    def test_a_token_that_is_never_good_ends(self):
        with running() as partner, endpoint(partner.url, **oauth(partner)) as transport:
            partner.failures = [(401, {})] * 10
            with refused("http.authentication_refused", ConfigurationError):
                transport.request("GET", "/fault/then-good")
            assert partner.counts == {"/token": 2, "/fault/then-good": 2}

    def test_a_wrong_secret_is_told_without_the_servers_words(self):
        with running() as partner, endpoint(partner.url, **oauth(partner, password="wr0ng")) as transport:
            with refused("http.token_refused", ConfigurationError) as caught:
                transport.request("GET", "/secure")
            assert caught[0].found == "401 invalid_client" and partner.counts == {"/token": 1}
            shown = "".join(traceback.format_exception(caught[0]))
            assert "wr0ng" not in shown and "error_description" not in shown

    def test_an_answer_that_is_no_token(self):
        with running() as partner:
            values = oauth(partner, token_url=partner.url + "/documents", attempts=1)
            with endpoint(partner.url, **values) as transport, refused("http.token_answer", TransientError):
                transport.request("GET", "/secure")

    @pytest.mark.parametrize(
        "body",
        [
            b"[" * 200_000,
            b'{"access_token": "a", "token_type": "bearer", "expires_in": ' + b"9" * 400 + b"}",
        ],
    )
    def test_an_answer_that_cannot_be_read_is_no_token(self, body):
        with pytest.raises(TransientError) as caught:
            parse_token(Answer(200, "https://x.test/token", {}, body), time.time(), "https://x.test")
        assert caught.value.code == "http.token_answer"

    @pytest.mark.parametrize("body", [b'{"error": []}', b"[" * 200_000])
    def test_a_refusal_in_other_words_is_one(self, body):
        request, answer = (
            Request("POST", "https://x.test/token"),
            Answer(400, "https://x.test/token", {}, body),
        )
        error = _token_refused(request, answer)
        assert (error.code, error.found) == ("http.token_refused", "400")

    def test_a_short_lived_token_is_replaced_before_it_ends(self):
        with running() as partner:
            partner.token_lifetime = 1
            with endpoint(partner.url, **oauth(partner)) as transport:
                transport.request("GET", "/secure")
                time.sleep(0.9)
                transport.request("GET", "/secure")
            assert partner.counts["/token"] == 2

    def test_threads_share_one_token(self):
        with running() as partner:
            partner.token_delay = 0.2
            store, statuses = MemoryTokenStore(), []

            def work():
                with endpoint(partner.url, **oauth(partner)) as transport:
                    transport.token_store = store
                    transport.close()
                    transport.open()
                    statuses.append(transport.request("GET", "/secure").status)

            threads = [threading.Thread(target=work) for _thread in range(5)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            assert statuses == [200] * 5 and partner.counts["/token"] == 1


class TestSignature:
    def test_what_the_partner_verifies(self):
        values = {
            "signing_secret": "shared",
            "signing_algorithm": "sha512",
            "signing_encoding": "base64",
            "signing_key_id": "k1",
            "signing_canonical": r"{method}\n{path}\n{query}\n{date}\n{body_sha256}\n{header:content-type}",
            "signing_headers": "X-Date: {date}\nAuthorization: HMAC {key_id}:{signature}",
            "send_path": "/documents?b=2",
        }
        with partner_and_endpoint(**values) as (partner, transport):
            transport.send("a", [b'{"amount": 1}'])
            [seen] = partner.seen
            lines = ["POST", "/documents", "b=2", seen.headers["x-date"]]
            lines += [hashlib.sha256(seen.body).hexdigest(), "application/json"]
            digest = hmac.new(b"shared", "\n".join(lines).encode(), "sha512").digest()
            assert seen.headers["authorization"] == "HMAC k1:" + base64.b64encode(digest).decode()

    def test_a_fixed_example(self):
        signer = Signer("key", clock=lambda: 1_700_000_000.0)
        signed = signer.sign(Request("POST", "https://x.test/a", {}, b"\xffbody"))
        expected = hmac.new(b"key", b"1700000000.\xffbody", "sha256").hexdigest()
        assert signed.headers == {"X-Timestamp": "1700000000", "X-Signature": expected}

    def test_each_repeat_is_signed_anew(self):
        canonical = "{nonce}"
        values = {
            "signing_secret": "s",
            "signing_canonical": canonical,
            "signing_headers": "X-S: {signature}",
        }
        with partner_and_endpoint(**values) as (partner, transport):
            partner.failures = [(503, {})]
            transport.request("GET", "/fault/then-good")
            assert len({request.headers["x-s"] for request in partner.seen}) == 2

    @pytest.mark.parametrize(
        "values",
        [
            {"signing_canonical": "{__class__}"},
            {"signing_canonical": "{signature}"},
            {"signing_headers": "X-A: {timestamp}"},
            {"signing_headers": "no header"},
            {"signing_headers": "Host: {signature}"},
            {"signing_algorithm": "md5"},
        ],
    )
    def test_templates_are_closed(self, values):
        with refused("http.setting", ConfigurationError):
            endpoint("https://api.example.com", signing_secret="s", **values)
