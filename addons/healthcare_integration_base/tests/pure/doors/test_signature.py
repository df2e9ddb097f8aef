import base64
import hashlib
import hmac

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.doors.signature import SignatureProfile

NOW = 1_700_000_000
SECRET = "a secret of the partner"
PROFILES = [
    SignatureProfile(),
    SignatureProfile(prefix="sha256="),
    SignatureProfile(encoding="base64"),
    SignatureProfile("Partner-Signature", "", "", "v1=", "hex"),
    SignatureProfile("webhook-signature", "webhook-timestamp", "webhook-id", "v1,", "base64"),
]


@pytest.mark.parametrize("profile", PROFILES)
def test_what_a_partner_signs_is_genuine_with_either_secret(profile):
    headers = profile.sign(SECRET, b"body", NOW, "event")
    assert profile.is_genuine([SECRET], headers, b"body", NOW)
    assert profile.is_genuine(["the newer secret", SECRET], headers, b"body", NOW)
    assert not profile.is_genuine(["the newer secret"], headers, b"body", NOW)
    assert not profile.is_genuine([], headers, b"body", NOW)
    assert not profile.is_genuine([""], headers, b"body", NOW)


def test_the_code_is_the_hmac_of_time_and_body():
    code = hmac.new(SECRET.encode(), b"1700000000.body", hashlib.sha256).hexdigest()
    assert SignatureProfile().sign(SECRET, b"body", NOW) == {
        "X-Signature": code, "X-Timestamp": "1700000000",
    }  # fmt: skip


def test_a_secret_of_standard_webhooks_is_base64():
    profile = PROFILES[-1]
    key = b"0123456789abcdef01234567"
    headers = profile.sign("whsec_" + base64.b64encode(key).decode(), b"{}", NOW, "msg_1")
    code = base64.b64encode(hmac.new(key, b"msg_1.1700000000.{}", hashlib.sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{code}"


@pytest.mark.parametrize("profile", PROFILES)
def test_the_window_ends_on_both_sides(profile):
    headers = profile.sign(SECRET, b"body", NOW, "event")
    for offset, genuine in ((-301, False), (-300, True), (300, True), (301, False)):
        assert profile.is_genuine([SECRET], headers, b"body", NOW + offset) is genuine


def test_what_was_signed_cannot_be_parted_in_another_way():
    profile = PROFILES[-1]
    longer = {**profile.sign(SECRET, f"{NOW + 5}.body".encode(), NOW, "event"), "webhook-id": f"event.{NOW}"}
    longer["webhook-timestamp"] = str(NOW + 5)
    assert not profile.is_genuine([SECRET], longer, b"body", NOW)
    assert not profile.is_genuine([SECRET], profile.sign(SECRET, b"body", NOW, "a.b"), b"body", NOW)


def test_while_a_partner_exchanges_its_secret_it_may_send_two_codes():
    profile = PROFILES[-1]
    old = profile.sign("the former secret", b"", NOW, "e")["webhook-signature"]
    headers = profile.sign(SECRET, b"", NOW, "e")
    headers["webhook-signature"] = f"{old} {headers['webhook-signature']}"
    assert profile.is_genuine([SECRET], headers, b"", NOW)


def test_a_code_that_is_shorter_or_in_another_place_is_no_code():
    profile = SignatureProfile()
    headers = profile.sign(SECRET, b"body", NOW)
    for text in (headers["X-Signature"][:-2], headers["X-Signature"] + "00", "", " ", "sha256=" + "0" * 64):
        assert not profile.is_genuine([SECRET], {**headers, "X-Signature": text}, b"body", NOW)
    for text in ("", "-1", "1e9", "１７００００００００", str(NOW) + ".0", "9" * 13):
        assert not profile.is_genuine([SECRET], {**headers, "X-Timestamp": text}, b"body", NOW)


@given(st.text(max_size=200), st.text(max_size=30), st.text(max_size=30), st.binary(max_size=50))
def test_no_header_breaks_the_parser(signature, timestamp, event, body):
    for profile in PROFILES:
        names = (profile.signature_header, profile.timestamp_header or "-", profile.event_header or "-")
        headers = dict(zip(names, (signature, timestamp, event), strict=True))
        assert not profile.is_genuine([SECRET], headers, body, NOW)
