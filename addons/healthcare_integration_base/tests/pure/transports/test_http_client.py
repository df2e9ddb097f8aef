"""The client against a real server: time, size, repeats, redirects, and what may be said of an error."""

import socket
import time
from datetime import datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from http_endpoints import endpoint, partner_and_endpoint, refused

from odoo.addons.healthcare_integration_base.errors import (
    BusinessRuleError,
    DocumentError,
    TransientError,
)
from odoo.addons.healthcare_integration_base.transports import ConfigurationError
from odoo.addons.healthcare_integration_base.transports.http.errors import (
    LostAnswerError,
    NotConnectedError,
)
from odoo.addons.healthcare_integration_base.transports.http.headers import check_headers
from odoo.addons.healthcare_integration_base.transports.http.retries import parse_retry_after

from tests.sandbox.http_partner import running


class TestTime:
    @pytest.mark.parametrize("fault", ["drip", "drip-headers"])
    def test_the_total_time_ends_an_answer_that_never_pauses(self, fault):
        with partner_and_endpoint(total_timeout=1.0, attempts=1) as (_partner, transport):
            began = time.monotonic()
            with refused("http.total_timeout", TransientError):
                transport.request("GET", f"/fault/{fault}")
            assert 0.3 < time.monotonic() - began < 6.0

    def test_silence_ends_at_the_read_timeout(self):
        values = {"read_timeout": 0.3, "attempts": 1}
        with (
            partner_and_endpoint(**values) as (_partner, transport),
            refused("http.timeout", LostAnswerError),
        ):
            transport.request("GET", "/fault/silent")

    def test_a_name_service_that_does_not_answer_ends_at_the_connect_timeout(self):
        transport = endpoint("http://slow.example", connect_timeout=0.3, attempts=1)
        transport.resolver = lambda host, port: time.sleep(3)
        with transport, refused("http.timeout", NotConnectedError):
            transport.request("GET", "/")

    def test_what_is_left_of_the_total_time_bounds_the_repeats(self):
        with partner_and_endpoint(total_timeout=1.0, attempts=10) as (partner, transport):
            partner.failures = [(503, {})] * 10
            began = time.monotonic()
            with refused("http.server_error", TransientError):
                transport.request("GET", "/fault/then-good")
            assert time.monotonic() - began < 6.0


class TestSize:
    @pytest.mark.parametrize("fault", ["large", "announced-large"])
    def test_an_answer_beyond_the_limit_is_refused(self, fault):
        with partner_and_endpoint(maximum_response_mib=1) as (partner, transport):
            with refused("http.answer_too_large", ConfigurationError):
                transport.request("GET", f"/fault/{fault}")
            assert len(partner.seen) == 1

    def test_a_document_beyond_the_limit_is_not_sent(self):
        with partner_and_endpoint(maximum_request_mib=1) as (partner, transport):
            with refused("http.document_too_large", DocumentError):
                transport.send("a", [b"x" * 2**20, b"x"])
            assert not partner.seen


class TestRepeats:
    def test_a_get_is_repeated(self):
        with partner_and_endpoint() as (partner, transport):
            partner.failures = [(503, {}), (502, {})]
            assert transport.request("GET", "/fault/then-good").body == b"good"
            assert len(partner.seen) == 3

    def test_a_post_without_a_key_is_not_repeated_and_a_person_decides(self):
        with partner_and_endpoint() as (partner, transport):
            for fault in ("take-and-cut", "then-good"):
                partner.failures = [(500, {})]
                with refused("http.outcome_unknown", BusinessRuleError):
                    transport.request("POST", f"/fault/{fault}", body=b"pay 100")
            assert len(partner.seen) == 2

    @pytest.mark.parametrize("fault", ["large", "announced-large"])
    def test_a_post_without_a_key_whose_answer_is_not_read_is_decided_by_a_person(self, fault):
        with partner_and_endpoint(maximum_response_mib=1) as (partner, transport):
            with refused("http.outcome_unknown", BusinessRuleError):
                transport.request("POST", f"/fault/{fault}", body=b"pay 100")
            with refused("http.answer_too_large", ConfigurationError):
                transport.request("PUT", f"/fault/{fault}", body=b"pay 100")
            assert len(partner.seen) == 2

    def test_a_post_that_was_refused_for_now_is_left_to_the_queue(self):
        with partner_and_endpoint() as (partner, transport):
            partner.failures = [(429, {"Retry-After": "7"})]
            with refused("http.rate_limited", TransientError) as caught:
                transport.request("POST", "/fault/then-good", body=b"pay 100")
            assert (caught[0].retry_after, len(partner.seen)) == (7, 1)

    def test_a_post_with_a_key_is_repeated_with_the_same_key_and_body(self):
        values = {"send_path": "/fault/then-good", "idempotency_header": "Idempotency-Key"}
        with partner_and_endpoint(**values) as (partner, transport):
            partner.failures = [(500, {})]
            transport.send("invoice-1", [b"pay ", b"100"])
            first, second = partner.seen
            assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
            assert first.body == second.body == b"pay 100"

    def test_a_post_is_repeated_when_nothing_was_sent(self):
        with running() as partner:
            transport = endpoint(partner.url, attempts=2)
            answers = [OSError(), [(2, 1, 6, "", ("127.0.0.1", partner.port))]]
            calls = iter(answers)

            def resolver(_host, _port):
                answer = next(calls)
                if isinstance(answer, OSError):
                    raise answer
                return answer

            transport.resolver = resolver
            with transport:
                assert transport.request("POST", "/documents", body=b"x").status == 201

    def test_a_cut_body_is_repeated_then_transient(self):
        with partner_and_endpoint(attempts=2) as (partner, transport):
            with refused("http.connection_lost", TransientError):
                transport.request("GET", "/fault/cut")
            assert len(partner.seen) == 2

    def test_what_is_no_http_is_told(self):
        with (
            partner_and_endpoint(attempts=1) as (_partner, transport),
            refused("http.protocol", TransientError),
        ):
            transport.request("GET", "/fault/garbage")


class TestRetryAfter:
    def test_seconds_are_waited(self):
        with partner_and_endpoint() as (partner, transport):
            partner.failures = [(429, {"Retry-After": "1"})]
            began = time.monotonic()
            transport.request("GET", "/fault/then-good")
            assert 1.0 <= time.monotonic() - began < 6.0

    def test_a_long_wait_is_the_queues(self):
        moment = format_datetime(datetime.now(timezone.utc) + timedelta(minutes=10), usegmt=True)
        with partner_and_endpoint() as (partner, transport):
            partner.failures = [(503, {"Retry-After": moment})]
            with refused("http.server_error", TransientError) as caught:
                transport.request("GET", "/fault/then-good")
            assert 590 < caught[0].retry_after <= 600 and len(partner.seen) == 1

    @pytest.mark.parametrize(
        ("text", "seconds"),
        [
            ("12", 12.0),
            ("-1", None),
            ("soon", None),
            ("", None),
            (None, None),
            ("9" * 400, 86_400.0),
            ("Wed, 21 Oct 2015 07:28:10 GMT", 10.0),
            ("Wed, 21 Oct 2015 07:27:00 GMT", 0.0),
            ("Wed, 21 Oct 2099 07:27:00 GMT", 86_400.0),
            ("Wed, 99 Oct 2015 07:27:00 GMT", None),
        ],
    )
    def test_notations(self, text, seconds):
        now = datetime(2015, 10, 21, 7, 28, tzinfo=timezone.utc)
        assert parse_retry_after(text, now) == seconds


class TestRedirects:
    def test_within_the_host(self):
        with partner_and_endpoint() as (partner, transport):
            partner.elsewhere = "/echo?a=1"
            answer = transport.request("GET", "/fault/redirect")
            assert answer.status == 200 and partner.seen[-1].query == {"a": "1"}

    @pytest.mark.parametrize(
        "target",
        [
            "{other}/echo",
            "//evil.example/",
            "https://127.0.0.1/",
            "file:///etc",
            "https://[x/",
            "http://127.0.0.1:99999/",
        ],
    )
    def test_not_to_another_host_port_or_scheme(self, target):
        values = {"authentication": "bearer", "password": "s3cret"}
        with running() as other, partner_and_endpoint(**values) as (partner, transport):
            partner.elsewhere = target.format(other=other.url)
            with refused("http.redirect_refused", ConfigurationError):
                transport.request("GET", "/fault/redirect")
            assert not other.seen

    def test_not_of_a_document_and_not_for_ever(self):
        with partner_and_endpoint() as (partner, transport):
            partner.elsewhere = "/fault/redirect"
            with refused("http.redirect_refused"):
                transport.request("PUT", "/fault/redirect", body=b"x")
            with refused("http.redirect_refused"):
                transport.request("GET", "/fault/redirect")
            assert len(partner.seen) < 10

    @pytest.mark.parametrize(
        ("status", "code"),
        [
            (301, "http.redirect_refused"),
            (302, "http.outcome_unknown"),
            (303, "http.outcome_unknown"),
            (308, "http.redirect_refused"),
        ],
    )
    def test_a_post_without_a_key_that_may_have_been_taken_is_decided_by_a_person(self, status, code):
        with partner_and_endpoint() as (partner, transport):
            partner.elsewhere, partner.redirect_status = "/documents/1", status
            with refused(code):
                transport.request("POST", "/fault/redirect", body=b"pay 100")
            assert len(partner.seen) == 1


class TestNames:
    def test_a_name_is_one_part_of_the_path(self):
        with partner_and_endpoint(send_path="/documents/{name}", send_method="PUT") as (partner, transport):
            transport.send("a b?c#d%2e.json", [b"{}"])
            assert (partner.seen[0].method, partner.seen[0].path) == (
                "PUT",
                "/documents/a%20b%3Fc%23d%252e.json",
            )

    @pytest.mark.parametrize("name", ["..", ".", "", "a/../b", "a\r\nX: y"])
    def test_a_name_that_leads_elsewhere_is_refused(self, name):
        with partner_and_endpoint(send_path="/documents/{name}") as (partner, transport):
            with refused("http.unsafe_name", ConfigurationError):
                transport.send(name, [b"{}"])
            assert not partner.seen

    def test_a_path_stays_below_the_base_address(self):
        with partner_and_endpoint() as (partner, transport):
            for path in ("https://evil.example/", "//evil.example/", "@evil.example", "\\evil.example"):
                with refused("http.request_refused"):
                    transport.request("GET", path)
            assert len(partner.seen) == 4


class TestRefusals:
    @pytest.mark.parametrize(
        ("status", "method", "code", "kind"),
        [
            (400, "POST", "http.document_refused", DocumentError),
            (422, "PUT", "http.document_refused", DocumentError),
            (400, "GET", "http.request_refused", ConfigurationError),
            (404, "POST", "http.request_refused", ConfigurationError),
            (401, "GET", "http.authentication_refused", ConfigurationError),
            (403, "POST", "http.forbidden", ConfigurationError),
            (304, "GET", "http.request_refused", ConfigurationError),
        ],
    )
    def test_statuses(self, status, method, code, kind):
        with partner_and_endpoint() as (partner, transport):
            partner.failures = [(status, {})]
            with refused(code, kind) as caught:
                transport.request(method, "/fault/then-good", body=b"x" if method != "GET" else b"")
            assert "private details" not in str(caught[0])

    def test_no_error_shows_a_secret_a_query_or_a_body(self):
        values = {"authentication": "api_key_query", "api_key_name": "key", "password": "s3cret-key"}
        for fault in ("then-good", "cut", "garbage", "silent"):
            with partner_and_endpoint(**values, attempts=1, read_timeout=0.3) as (partner, transport):
                partner.failures = [(500, {})]
                with pytest.raises(TransientError) as caught:
                    transport.request("GET", f"/fault/{fault}?patient=smith")
                error = caught.value
                shown = "".join(map(str, (error, repr(error), error.subject, error.__cause__)))
                assert "s3cret" not in shown and "smith" not in shown and "private" not in shown
                assert partner.seen[0].query == {"patient": "smith", "key": "s3cret-key"}

    def test_nobody_listens(self):
        with running() as partner:
            url = partner.url
        with endpoint(url, attempts=1) as transport, refused("http.connection_refused", NotConnectedError):
            transport.request("GET", "/")


class TestHeaders:
    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("X-A", "one\r\nX-B: two"),
            ("X-A", "one\ntwo"),
            ("X-A\r\nX-B", "s3cret"),
            ("X A", "s3cret"),
            ("X-A", "nul\0"),
            ("X-A", "\u20ac"),
            ("", "s3cret"),
            ("X-A", " folded"),
        ],
    )
    def test_no_line_break_gets_into_a_header(self, name, value):
        with refused("http.header", ConfigurationError) as caught:
            check_headers({name: value})
        assert value not in str(caught[0])

    @pytest.mark.parametrize(
        "name", ["X-A\r\nX-B", "X-A\x1b[2J", "X-A\u2028", "X-A: s3cret", "X-\u20ac", "X" * 5_000]
    )
    def test_a_bad_name_does_not_get_into_a_log(self, name):
        with refused("http.header", ConfigurationError) as caught:
            check_headers({name: "bad\n"})
        texts = (caught[0].subject, caught[0].location, str(caught[0]))
        assert all(text.isprintable() and text.isascii() and len(text) < 500 for text in texts)
        assert not any("s3cret" in text for text in texts)

    def test_a_credential_with_a_line_break_sends_nothing(self):
        values = {"authentication": "bearer", "password": "s3cret\r\nX-Admin: yes"}
        with partner_and_endpoint(**values) as (partner, transport):
            with refused("http.header") as caught:
                transport.request("GET", "/echo")
            assert not partner.seen and "s3cret" not in str(caught[0])

    def test_headers_of_the_endpoint_are_sent(self):
        with partner_and_endpoint(headers="Accept-Language: en\nX-Tenant: north") as (partner, transport):
            transport.request("GET", "/echo")
            assert partner.seen[0].headers["x-tenant"] == "north"

    def test_the_environment_has_no_say(self, monkeypatch, tmp_path):
        (tmp_path / "netrc").write_text("machine 127.0.0.1 login eve password eve\n")
        monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
        monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
        with partner_and_endpoint() as (partner, transport):
            transport.request("GET", "/echo")
            assert "authorization" not in partner.seen[0].headers


class TestProxy:
    def _values(self, proxy, **values):
        return {
            "proxy_url": proxy.url,
            "proxy_username": "proxy",
            "proxy_password": proxy.client.secret,
            **values,
        }

    def test_https_goes_through_a_tunnel(self, authority):
        issued = authority.issue("api", "127.0.0.1")
        with running() as proxy, running(issued) as partner:
            values = self._values(proxy, authorities=authority.certificate)
            with endpoint(partner.url, **values) as transport:
                assert transport.request("GET", "/echo").status == 200
            assert proxy.seen[0].path == f"127.0.0.1:{partner.port}"
            assert "proxy-authorization" not in partner.seen[0].headers

    def test_a_wrong_password_is_told(self, authority):
        with running() as proxy, running(authority.issue("api", "127.0.0.1")) as partner:
            values = self._values(proxy, proxy_password="wrong", authorities=authority.certificate)
            with endpoint(partner.url, **values) as transport:
                with refused("http.authentication_refused", ConfigurationError) as caught:
                    transport.request("GET", "/echo")
                assert "407" in caught[0].found

    def test_a_proxy_does_not_choose_among_addresses_one_of_which_is_refused(self):
        with running() as proxy:
            transport = endpoint("https://partner.test", **self._values(proxy))
            addresses = {"partner.test": ("8.8.8.8", "10.0.0.1"), "127.0.0.1": ("127.0.0.1",)}
            transport.resolver = lambda host, port: [
                (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses[host]
            ]
            with transport, refused("http.address_refused", ConfigurationError):
                transport.request("GET", "/")
            assert not proxy.seen

    def test_a_refused_address_is_not_reached_through_a_proxy(self):
        with running() as proxy:
            transport = endpoint("https://169.254.169.254", **self._values(proxy))
            with transport, refused("http.address_refused", ConfigurationError):
                transport.request("GET", "/latest/meta-data")
            assert not proxy.seen
