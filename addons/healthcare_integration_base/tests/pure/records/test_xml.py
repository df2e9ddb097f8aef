"""XML records: what is read, how it is bounded, and that the parser is closed."""

import socket
import threading
import tracemalloc

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.mapping import XmlPaths
from odoo.addons.healthcare_integration_base.formats.xml_records import (
    parse_namespaces,
    read_xml,
    write_xml,
)

LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
BOMB = f'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY l0 "ha">{LAUGHS}]><a>&l9;</a>'


def pieces(data, size):
    return (data[start : start + size] for start in range(0, len(data), size))


def read(data, path="", namespaces=None, size=1_000, value="."):
    pick = XmlPaths(namespaces).value(value)
    return [pick(record.data) for record in read_xml(pieces(data, size), path, namespaces)]


def refusal(data, size=1_000):
    with pytest.raises(DocumentError) as caught:
        read(data, size=size)
    return caught.value


@pytest.mark.parametrize(
    ("data", "path", "expected"),
    [
        ("<a>1</a>", "", ["1"]),
        ("<?xml version='1.0'?><!-- x --><?p i?>\n<r><w>1</w><x><w>2</w></x></r>", "w", ["1", "2"]),
        ("<r><w>1</w><x><w>2</w></x></r>", "r/w", ["1"]),
        ("<r><x><w>2</w></x><w/></r>", "r/x/w", ["2"]),
        ("<r><w>1<w>2</w></w><w>3</w></r>", "w", ["12", "3"]),
        ("<r/>", "w", []),
        ("<r xmlns='urn:n'><w>1</w></r>", "n:w", ["1"]),
        ("<r><w><![CDATA[<!DOCTYPE a>]]>&lt;&#228;</w></r>", "w", ["<!DOCTYPE a><ä"]),
    ],
)
@pytest.mark.parametrize("size", [1, 5, 1_000])
def test_records_are_found(data, path, expected, size):
    assert read(data.encode(), path, {"n": "urn:n"}, size) == expected


@pytest.mark.parametrize(
    "data",
    [
        "<a>é</a>".encode(),
        "\ufeff<a>é</a>".encode(),
        "<?xml version='1.0' encoding='ISO-8859-1'?><a>é</a>".encode("latin-1"),
        "<?xml version='1.0' encoding='windows-1252'?><a>é</a>".encode("cp1252"),
        "<?xml version='1.0' encoding='UTF-16'?><a>é</a>".encode("utf-16"),
    ],
)
def test_encodings(data):
    assert read(data) == ["é"]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (BOMB.encode(), "xml.doctype"),
        (BOMB.encode("utf-16"), "xml.doctype"),
        (b"<!DOCTYPE a SYSTEM 'file:///etc/passwd'><a/>", "xml.doctype"),
        (b"<!DOCTYPE a [<!ENTITY x SYSTEM 'file:///etc/passwd'>]><a>&x;</a>", "xml.doctype"),
        (b"<!DOCTYPE a [<!ENTITY % x SYSTEM 'http://127.0.0.1/x'> %x;]><a/>", "xml.doctype"),
        (b"<!-- x --><!DOCTYPE a><a/>", "xml.doctype"),
        (b"<!ENTITY x 'y'><a/>", "xml.doctype"),
        (b"<a>&x;</a>", "xml.syntax"),
        (b"<a>&#0;</a>", "xml.syntax"),
        (b"<a><b></a>", "xml.syntax"),
        (b"<a b='1' b='2'/>", "xml.syntax"),
        (b"<x:a/>", "xml.syntax"),
        (b"<a/><b/>", "xml.syntax"),
        (b"", "xml.syntax"),
        (b"<a>" * 65 + b"</a>" * 65, "xml.too_deep"),
        (b"<a>" * 1_000_000, "xml.too_deep"),
        (b"<a>\xff</a>", "text.encoding"),
        (b"<a>\0</a>", "text.nul"),
        (b"<?xml version='1.0' encoding='utf-7'?><a/>", "xml.encoding"),
        (b"<?xml version='1.0' encoding='cp037'?><a/>", "xml.encoding"),
        (b"<!--" + b"x" * 100_000, "xml.prolog"),
        (b" " * 100_000, "xml.prolog"),
        (b"<a>" + b"x" * 9_000_000 + b"</a>", "xml.too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_refused(data, code):
    assert refusal(data, 50_000).code == code


def test_a_reference_to_the_network_is_not_followed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.3)
        calls = []

        def accept():
            try:
                server.accept()
                calls.append(True)
            except TimeoutError:
                pass

        listener = threading.Thread(target=accept)
        listener.start()
        address = f"http://127.0.0.1:{server.getsockname()[1]}/x.dtd"
        refusal(f"<!DOCTYPE a SYSTEM '{address}'><a/>".encode())
        include = f"<a xmlns:i='http://www.w3.org/2001/XInclude'><i:include href='{address}'/></a>"
        assert read(include.encode()) == [""]
        listener.join()
        assert not calls


def test_a_long_document_needs_the_memory_of_one_record():
    def chunks():
        yield b"<r>"
        for number in range(200):
            yield b"<w><a>" + b"x" * 100_000 + b"</a></w>" if number % 2 else b"<other/>"
        yield b"</r>"

    tracemalloc.start()
    assert sum(1 for _ in read_xml(chunks(), "r/w")) == 100
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 4_000_000


def test_records_are_released():
    data = b"<r>" + b"<w>1</w>" * 5 + b"</r>"
    for record in read_xml([data], "r/w"):
        root = record.data.getparent()
        assert len(list(root.iterchildren("w"))) <= 5
    assert len(root) <= 1


@pytest.mark.parametrize(
    ("document", "path", "code"),
    [
        ({"a": "\0"}, "r/w", "xml.value"),
        ({"a": "\ud800"}, "r/w", "xml.value"),
        ({"a": object}, "r/w", "xml.value"),
        ({"a": {"@x": ["1"]}}, "r/w", "xml.value"),
        ({"a b": "1"}, "r/w", "xml.name"),
        ({"x:a": "1"}, "r/w", "xml.name"),
        ({"a": "1"}, "w", "xml.name"),
        ({"a": "1"}, "r/", "xml.name"),
    ],
)
def test_what_xml_cannot_hold_is_not_written(document, path, code):
    with pytest.raises(DocumentError) as caught:
        list(write_xml([document], path))
    assert caught.value.code == code


def test_names_have_namespaces():
    data = b"".join(write_xml([{"n:a": {"@n:b": "1", "#text": "x"}}], "n:r/n:w", {"n": "urn:n"}))
    assert data.count(b"xmlns") == 1
    assert read(data, "n:r/n:w", {"n": "urn:n"}, value="n:a/@n:b") == ["1"]


def test_namespaces_are_written_as_lines():
    assert parse_namespaces("a = urn:a\n\nb=http://x?y=z") == {"a": "urn:a", "b": "http://x?y=z"}
    for text in ("a", "a=", "1=x", "xmlns=x", "=x"):
        with pytest.raises(ValueError, match="write a prefix"):
            parse_namespaces(text)
