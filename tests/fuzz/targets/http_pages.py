"""Answers of a partner's REST interface: the pages of a collection, and where they say to go on."""

import json
from itertools import islice

import requests  # noqa: F401 (what reads links imports it at its first call, which is no input's time)

from odoo.addons.healthcare_integration_base.formats.text import is_storable
from odoo.addons.healthcare_integration_base.transports.http.messages import Answer
from odoo.addons.healthcare_integration_base.transports.http.pagination import (
    STRATEGIES,
    CollectionSettings,
    Walk,
    Watermark,
)

from tests.fuzz.mutations import mutated
from tests.fuzz.values import value

SHARE = 15
BASE = "https://partner.example/v1/items?active=1"
MOST_PAGES = 3
BODIES = [
    b'{"data": [{"id": 1.50, "at": "2026-03-01T08:00:00Z"}, {"at": "7"}], "meta": {"next": "c2", "a/b": {}}}',
    b'{"data": {"items": [[], {"at": "2026-03-02"}]}, "meta": {"next": "/v1/items?page=2"}, "data ": null}',
    b'[{"id": 1}, {"id": 2, "at": "10"}]',
]
LINKS = [
    b'<https://partner.example/v1/items?page=2>; rel="next", </v1/items>; rel=first',
    b"<?page=3>; rel=next",
]
WORDS = (
    *(b"{", b"}", b"[", b"]", b'"', b",", b":", b"[" * 200, b'{"data":' * 100, b"\\ud800", b"\\u0000", b"\\"),
    *(
        b'"data":',
        b'"meta":',
        b'"next":',
        b'"at":',
        b"https://[x",
        b"//evil.example",
        b"://",
        b"?",
        b"#",
        b"@",
    ),
    *(
        b"<",
        b">",
        b";",
        b"=",
        b"rel",
        b":99999",
        b"%",
        b"9999-12-31T23:59:59-14:00",
        b"sNaN",
        b"\xef\xbb\xbf",
    ),
)
NAMES = ("data", "items", "meta", "next", "at", "a/b", "")
SCALARS = (
    *(None, True, 0, -1, 10**30, 1.5, float("nan"), "", "c3", "7", "1e99", "2026-03-05", "\ud800", "\0", "é"),
    *(
        "0001-01-01T00:00:00+14:00",
        "/v1/items?page=9",
        "?page=\ud801",
        "//evil.example",
        "https://[x",
        "/\r\n",
    ),
    *("https://partner.example:99999/", "https://user@partner.example/x", "x" * 500, "٣", "1_0", "-Infinity"),
)
POINTERS = ("", "/data", "/data/items", "/meta", "/meta/next", "/meta/a~1b", "/0/at", f"/{'9' * 30}")


def make(chance):
    settings = CollectionSettings(
        pagination=chance.choice(STRATEGIES),
        records=chance.choice(POINTERS if chance.random() < 0.3 else ("/data", "/data", "/data/items", "")),
        payload=chance.choice(("page", "record")),
        cursor=chance.choice(POINTERS if chance.random() < 0.3 else ("/meta/next",)),
        since_parameter=chance.choice(("", "since")),
        since="/at",
    )
    return settings, _body(chance), mutated(chance, LINKS, WORDS, 3).decode("latin-1")


def _body(chance):
    if chance.random() < 0.5:
        return mutated(chance, BODIES, WORDS, 3)
    records = [{"at": chance.choice(SCALARS)} for _record in range(chance.randint(0, 3))]
    document = {
        "data": chance.choice((records, {"items": records}, value(chance, NAMES, SCALARS, 3))),
        "meta": {"next": chance.choice(SCALARS), "a/b": value(chance, NAMES, SCALARS, 3)},
    }
    return json.dumps(chance.choice((document, document, records))).encode()


def run(data):
    settings, body, link = data

    def send(request):
        request.url.encode()
        return Answer(200, BASE, {"content-type": "application/json", "link": link}, body)

    for page in islice(Walk(settings, BASE, send, Watermark()), MOST_PAGES):
        assert all(map(is_storable, page.watermark.as_dict().values()))
        assert all(payload in body for payload in page.payloads)
