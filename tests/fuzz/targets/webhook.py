"""What anybody may send to a webhook: headers of any make beside a body, then the JSON that was signed."""

from odoo.addons.healthcare_integration_base.doors.json_document import MalformedJson, read_json
from odoo.addons.healthcare_integration_base.doors.signature import SignatureProfile
from odoo.addons.healthcare_integration_base.formats.content import Content

from tests.fuzz.mutations import mutated

SHARE = 15
NOW = 1_774_000_000
SECRETS = ("a secret of sixteen bytes", "whsec_c2l4dGVlbiBieXRlcyBsb25n")
PROFILES = (
    SignatureProfile(),
    SignatureProfile(timestamp_header="", prefix="v1="),
    SignatureProfile(event_header="X-Event", prefix="v1,", encoding="base64"),
)
BODIES = [
    b'{"order": 1, "lines": [{"item": "A", "quantity": 2.50}]}',
    b'[{"name": "Ann", "note": "\\u00e9"}, null, true]',
    b"\xef\xbb\xbf{}",
]
WORDS = (b"{", b"}", b"[" * 200, b'"', b"\\ud800", b",", b"t=", b"v1=", b"v1,", b"=", b" " * 50, b"\xc2\xb2")


def make(chance):
    profile, body = chance.choice(PROFILES), mutated(chance, BODIES, WORDS)
    headers = profile.sign(chance.choice(SECRETS), body, NOW, "event-1")
    forged = chance.choice(sorted(headers))
    changed = mutated(chance, [headers[forged].encode()], WORDS).decode("latin-1")
    return profile, body, headers, {**headers, forged: changed}


def run(data):
    profile, body, headers, changed = data
    assert profile.is_genuine(SECRETS, headers, body, NOW), "what was signed was refused"
    assert not profile.is_genuine(SECRETS, headers, body + b" ", NOW), "another body was let in"
    assert not profile.is_genuine(SECRETS, headers, body, NOW + profile.window_seconds + 1), "it is too old"
    profile.is_genuine(SECRETS, changed, body, NOW)
    Content(body).describe()
    try:
        read_json(body)
    except MalformedJson as error:
        assert error.place.expected
