import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.formats.content import HEAD_SIZE, Content

DOCUMENT = {"kind": "order", "header": {"type": "A/B", "n": [1, {"x": "deep"}, True]}, "é~": None, "e": {}}
NAMES = st.text(st.characters(codec="utf-8"), max_size=5)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(st.characters(codec="utf-8"), max_size=8)
JSON_VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES, inner, max_size=4)
)


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        (b"ISA*00*", "x12"),
        (b"UNA:+.? '", "edifact"),
        (b"MSH|^~\\&|", "hl7"),
        (b"\xef\xbb\xbf <Invoice/>", "xml"),
        (b"\n {}", "json"),
        (b"item;quantity\n1;2", "csv"),
        (b"one word", ""),
        (b"\0\0,\0", ""),
        (b"", ""),
    ],
)
def test_kinds(head, kind):
    assert Content(head).kind == kind


@pytest.mark.parametrize(
    ("pointer", "value"),
    [
        ("/kind", "order"),
        ("/header/type", "A/B"),
        ("/header/n/0", "1"),
        ("/header/n/1/x", "deep"),
        ("/header/n/2", "true"),
        ("/é~0", "null"),
        ("/header", ""),
        ("/e", ""),
        ("", ""),
        ("/none", None),
        ("/header/n/3", None),
        ("kind", None),
    ],
)
def test_json_values(pointer, value):
    for body in (json.dumps(DOCUMENT), json.dumps(DOCUMENT, indent=2, ensure_ascii=False)):
        assert Content(body.encode()).json_value(pointer) == value


def _scalars(document, pointer=""):
    if isinstance(document, (dict, list)):
        pairs = document.items() if isinstance(document, dict) else enumerate(document)
        for name, child in pairs:
            yield from _scalars(child, f"{pointer}/{str(name).replace('~', '~0').replace('/', '~1')}")
    else:
        yield pointer, document if isinstance(document, str) else json.dumps(document)


@given(st.dictionaries(NAMES, JSON_VALUES, max_size=4))
def test_every_scalar_is_found_where_json_has_it(document):
    content = Content(json.dumps(document).encode())
    for pointer, value in _scalars(document):
        assert content.json_value(pointer) == value


def test_a_document_that_goes_on_behind_the_head_is_read_as_far_as_it_goes():
    body = json.dumps({"kind": "order", "lines": ["x" * 100] * 2000, "end": 1}).encode()
    assert len(body) > HEAD_SIZE
    assert Content(body).json_value("/kind") == "order"
    assert Content(body).json_value("/end") is None


@given(st.binary(max_size=300), st.sampled_from([b"", b"{", b"<a", b"[", b'{"a":', b"a,b\n"]))
def test_no_bytes_break_it(noise, start):
    content = Content(start + noise)
    assert isinstance(content.kind, str)
    content.describe()
    content.json_value("/a")
    content.has_root("a")
    content.has_columns("a, b")


def test_roots_with_and_without_namespace():
    content = Content(b'<?xml version="1.0"?>\n<!-- c --><n:Invoice xmlns:n="urn:x" a="1"><n:Line/>')
    assert content.has_root("Invoice") and content.has_root("{urn:x}Invoice")
    assert not content.has_root("Line") and not content.has_root("{urn:y}Invoice")
    assert Content(b"<Order/>").has_root("Order")


def test_a_document_type_declaration_is_not_read():
    bomb = b'<!DOCTYPE a [<!ENTITY b "bbbb"><!ENTITY c "&b;&b;">]><a>&c;</a>'
    assert not Content(bomb).has_root("a")


def test_columns_in_any_order_and_case():
    content = Content("Item;Größe;quantity\r\n1;2;3".encode("latin-1"))
    assert content.has_columns("quantity, ITEM") and content.has_columns("größe")
    assert not content.has_columns("price") and not content.has_columns(" , ")


def test_a_description_holds_no_value():
    assert Content(b"Alex,Testcase,1980\n").describe() == "CSV of 3 columns"
    assert Content(b'{"Alex": 1}').describe() == "JSON"
