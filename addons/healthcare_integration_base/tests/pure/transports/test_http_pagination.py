"""Walking through a collection, stopping anywhere, and going on from there."""

import json
from decimal import Decimal

import pytest
from http_endpoints import endpoint, partner_and_endpoint, refused
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.transports import ConfigurationError
from odoo.addons.healthcare_integration_base.transports.http import Watermark, json_records

ITEMS = {
    "list_path": "/items",
    "records_pointer": "/data",
    "size_parameter": "size",
    "page_size": 2,
    "payload": "record",
}
STRATEGIES = {
    "link": {},
    "cursor": {"cursor_pointer": "/meta/next"},
    "page": {},
    "offset": {},
}
WAYS = [{**ITEMS, "pagination": name, **values} for name, values in STRATEGIES.items()] + [
    {**ITEMS, "pagination": "cursor", "cursor_pointer": "/meta/next_url"}
]


def records(*numbers):
    return [{"id": number, "at": f"2026-03-{number:02d}T08:00:00Z"} for number in numbers]


def ids(pages):
    return [json.loads(payload)["id"] for page in pages for payload in page.payloads]


class TestWalk:
    @pytest.mark.parametrize("values", WAYS)
    def test_every_record_once(self, values):
        with partner_and_endpoint(**values) as (partner, transport):
            partner.records = records(1, 2, 3, 4, 5)
            pages = list(transport.pages())
            assert ids(pages) == [1, 2, 3, 4, 5]
            assert [page.is_last for page in pages] == [False] * (len(pages) - 1) + [True]
            assert pages[-1].watermark == Watermark()

    @pytest.mark.parametrize("values", WAYS)
    def test_it_goes_on_where_it_stopped(self, values):
        with partner_and_endpoint(**values) as (partner, transport):
            partner.records = records(1, 2, 3, 4, 5)
            taken, stored = [], {}
            while not taken or stored["position"]:
                transport.watermark = Watermark.from_dict(json.loads(json.dumps(stored)))
                page = next(iter(transport.pages()))
                taken += ids([page])
                stored = page.watermark.as_dict()
            assert taken == [1, 2, 3, 4, 5]

    def test_only_what_changed_since_the_last_pass(self):
        values = {**WAYS[2], "since_parameter": "since", "since_pointer": "/at"}
        with partner_and_endpoint(**values) as (partner, transport):
            partner.records = records(3, 1, 2)
            pages = list(transport.pages())
            transport.watermark = pages[-1].watermark
            assert transport.watermark == Watermark(since="2026-03-03T08:00:00Z")
            partner.records += records(4)
            assert ids(transport.pages()) == [3, 4], "the bound is asked for again"

    def test_an_empty_pass_keeps_the_bound(self):
        values = {**WAYS[1], "since_parameter": "since", "since_pointer": "/at"}
        with partner_and_endpoint(**values) as (_partner, transport):
            transport.watermark = Watermark(since="2026-01-01")
            [page] = transport.pages()
            assert (page.payloads, page.watermark) == ((), Watermark(since="2026-01-01"))

    def test_pages_as_they_are(self):
        with partner_and_endpoint(**{**WAYS[0], "payload": "page"}) as (partner, transport):
            partner.records = records(1, 2, 3)
            files = transport.list()
            contents = [json.loads(b"".join(transport.fetch(file)))["data"] for file in files]
            assert contents == [records(1, 2), records(3)]
            assert files[0].name.startswith("items-") and files[0].name.endswith(".json")
            assert transport.dispose(files[0]).outcome == "left"

    def test_a_single_answer_of_any_kind(self):
        with partner_and_endpoint(list_path="/fault/then-good") as (_partner, transport):
            [page] = transport.pages()
            assert page.payloads == (b"good",) and page.is_last


class TestTrust:
    @pytest.mark.parametrize("elsewhere", ["https://evil.example", "https://[x"])
    @pytest.mark.parametrize("values", [WAYS[0], WAYS[4]])
    def test_a_next_page_elsewhere_is_not_asked_for(self, values, elsewhere):
        with partner_and_endpoint(**values) as (partner, transport):
            partner.records, partner.elsewhere = records(1, 2, 3), elsewhere
            with refused("http.foreign_link", ConfigurationError):
                list(transport.pages())

    def test_a_circle_ends(self):
        with partner_and_endpoint(**{**WAYS[1], "cursor_parameter": "ignored"}) as (partner, transport):
            partner.records = records(1, 2, 3)
            with refused("http.pagination_loop", ConfigurationError):
                list(transport.pages())

    def test_no_key_is_stored_in_a_watermark(self):
        values = {"authentication": "api_key_query", "api_key_name": "cursor_key", "password": "s3cret"}
        with partner_and_endpoint(**WAYS[0], **values) as (partner, transport):
            partner.records, partner.elsewhere = records(1, 2, 3), ""
            for page in transport.pages():
                assert "s3cret" not in page.watermark.position
            assert all(request.query["cursor_key"] == "s3cret" for request in partner.seen)

    @pytest.mark.parametrize(
        ("values", "code", "kind"),
        [
            ({"records_pointer": "/nothing"}, "http.no_records", DocumentError),
            ({"records_pointer": "/meta"}, "http.no_records", DocumentError),
            ({"list_path": "/fault/then-good"}, "http.page_unreadable", DocumentError),
        ],
    )
    def test_what_is_no_page_is_told(self, values, code, kind):
        with partner_and_endpoint(**{**WAYS[2], **values}) as (_partner, transport), refused(code, kind):
            list(transport.pages())

    @pytest.mark.parametrize("text", ["\ud800", "2026\0"])
    @pytest.mark.parametrize(
        "values",
        [
            {"pagination": "cursor", "cursor_pointer": "/data/0/at"},
            {"pagination": "page", "since_parameter": "since", "since_pointer": "/at"},
        ],
    )
    def test_where_to_go_on_must_be_text_that_can_be_stored(self, values, text):
        with partner_and_endpoint(**ITEMS, **values) as (partner, transport):
            partner.records = [{"id": 1, "at": text}]
            with refused("http.page_unreadable", DocumentError):
                list(transport.pages())

    @pytest.mark.parametrize(
        "values",
        [
            {"pagination": "cursor"},
            {"since_parameter": "since"},
            {"records_pointer": "data"},
            {"pagination": "guess"},
        ],
    )
    def test_settings_that_are_missing(self, values):
        with refused("http.setting", ConfigurationError):
            endpoint("https://api.example.com", **values)


class TestRecords:
    def test_the_text_itself_is_cut(self):
        text = ' { "a" : [9], "x/y": {"rows" :[ {"amount": 1.10, "n": 1e400} , [1, 2],"s\\u0041", null ] } } '
        assert json_records.records(text, "/x~1y/rows") == [
            '{"amount": 1.10, "n": 1e400}',
            "[1, 2]",
            '"s\\u0041"',
            "null",
        ]
        assert json_records.records("[]", "") == [] and json_records.records(" [ 1 ] ", "") == ["1"]

    @pytest.mark.parametrize("text", ["", "{", "[1,]", "[1] [2]", "[1", '{"data": [1}', "[" * 100_000, "nul"])
    def test_damaged_text_is_refused(self, text):
        with pytest.raises(ValueError):
            json_records.records(text, "/data")

    @given(
        st.lists(
            st.recursive(
                st.none()
                | st.booleans()
                | st.integers()
                | st.text()
                | st.floats(allow_nan=False, allow_infinity=False),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
                max_leaves=8,
            ),
            max_size=6,
        ),
        st.sampled_from([None, 1, 2]),
    )
    def test_the_pieces_are_the_records(self, rows, indent):
        text = json.dumps({"before": {"data": 1}, "data": rows, "after": [rows]}, indent=indent)
        pieces = json_records.records(text, "/data")
        assert [json.loads(piece, parse_float=Decimal) for piece in pieces] == json.loads(
            json.dumps(rows), parse_float=Decimal
        )
