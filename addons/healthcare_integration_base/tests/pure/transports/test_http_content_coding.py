"""Answers that are compressed although none was asked for: undone within the limit, or refused."""

import gzip
import tracemalloc
import zlib

import pytest
from http_endpoints import partner_and_endpoint, refused

from odoo.addons.healthcare_integration_base.errors import BusinessRuleError, TransientError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError
from odoo.addons.healthcare_integration_base.transports.http.errors import LostAnswerError

TEXT = b'{"items": [1, 2, 3]}' * 20_000
MEBIBYTE = 1 << 20


def answer_to(coding, body, status=200, **values):
    """Return the body of the answer to a GET that the partner answers in a coding."""
    with partner_and_endpoint(attempts=1, **values) as (partner, transport):
        partner.coded = (coding, body, status)
        answer = transport.request("GET", "/fault/coded").body
        assert partner.seen[0].headers["accept-encoding"] == "identity"
        return answer


@pytest.mark.parametrize(
    ("coding", "body"),
    [
        ("gzip", gzip.compress(TEXT)),
        ("X-GZIP", gzip.compress(TEXT, 0)),
        ("gzip", gzip.compress(TEXT[:1000]) + gzip.compress(TEXT[1000:])),
        ("deflate", zlib.compress(TEXT)),
        ("identity", TEXT),
    ],
)
def test_a_compressed_answer_is_read_all_the_same(coding, body):
    assert answer_to(coding, body) == TEXT


@pytest.mark.parametrize("coding", ["gzip", "br"])
def test_an_answer_without_a_body_has_no_coding(coding):
    assert answer_to(coding, b"") == b""


@pytest.mark.parametrize("size", [1, 65_535, 65_536, 65_537, MEBIBYTE])
def test_an_answer_up_to_the_limit_is_read(size):
    assert len(answer_to("gzip", gzip.compress(bytes(size)), maximum_response_mib=1)) == size


def test_a_bomb_is_refused_within_the_memory_of_the_limit():
    with partner_and_endpoint(maximum_response_mib=1) as (partner, transport):
        tracemalloc.start()
        try:
            with refused("http.answer_too_large", ConfigurationError):
                transport.request("GET", "/fault/gzip-bomb")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert len(partner.seen) == 1
    # The partner's own blocks are of the same process.
    assert peak < 8 * MEBIBYTE


@pytest.mark.parametrize(
    "body",
    [gzip.compress(TEXT)[:-9], b"no gzip at all", gzip.compress(TEXT) + b"more", gzip.compress(TEXT)[:5]],
)
def test_a_damaged_answer_is_not_taken_for_a_whole_one(body):
    with refused("http.protocol", LostAnswerError) as caught:
        answer_to("gzip", body)
    assert "decompress" in caught[0].found


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "x\x07"])
def test_another_coding_is_refused(coding):
    with refused("http.content_coding", ConfigurationError) as caught:
        answer_to(coding, b"anything")
    assert caught[0].found.isprintable()


def test_a_refusal_counts_whatever_its_coding():
    with refused("http.server_error", TransientError):
        answer_to("br", b"anything", status=503)


def test_a_post_without_a_key_whose_answer_cannot_be_read_is_decided_by_a_person():
    with partner_and_endpoint() as (partner, transport):
        partner.coded = ("br", b"anything", 200)
        with refused("http.outcome_unknown", BusinessRuleError):
            transport.request("POST", "/fault/coded", body=b"pay 100")
        assert len(partner.seen) == 1
