"""The path languages: what they find, and that they only select."""

import pytest
from lxml import etree

from odoo.addons.healthcare_integration_base.formats.date_patterns import InvalidValue
from odoo.addons.healthcare_integration_base.formats.mapping import ColumnPaths, JsonPaths, XmlPaths

CLAIM = {
    "payer": {"name": "Aetna", "full name": "Aetna Inc"},
    "lines": [{"code": "99213", "units": 1}, {"code": "80053"}],
    "contacts": [{"type": "home", "phone": "1"}, {"type": "work", "phone": "2"}],
}
WORKER = etree.fromstring(
    "<w:Worker xmlns:w='urn:w' id='7'><w:Name>Ann <b>Lee</b></w:Name><w:Phone type='home'>1</w:Phone>"
    "<w:Phone type='work'>2</w:Phone><w:Empty/></w:Worker>"
)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("payer.name", "Aetna"),
        ('payer."full name"', "Aetna Inc"),
        ("lines[1].code", "80053"),
        ("lines[-1].code", "80053"),
        ("lines[*].code", ["99213", "80053"]),
        ("lines[*].units", [1]),
        ("lines[2].code", None),
        ("lines[*].nothing", []),
        ("lines.code", None),
        ("payer[0]", None),
        ("payer.name.first", None),
        ("payer.nothing", None),
        ("contacts[?type=='work'].phone | [0]", "2"),
        ("payer.nothing || payer.name", "Aetna"),
    ],
)
def test_json_paths(path, expected):
    assert JsonPaths().value(path)(CLAIM) == expected


@pytest.mark.parametrize(
    "path",
    [
        "",
        "a..b",
        "a[",
        "length(a)",
        "a[?contains(b, 'c')]",
        "{x: a}",
        "[a, b]",
        "&a",
        "sort_by(a, &b)",
        "a" * 201,
    ],
)
def test_json_paths_that_are_refused(path):
    with pytest.raises(ValueError, match=r".+\."):
        JsonPaths().value(path)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("@id", "7"),
        ("w:Name", "Ann Lee"),
        ("w:Name/text()", "Ann "),
        ("w:Phone", ["1", "2"]),
        ("w:Phone[@type='work']", "2"),
        ("w:Phone[last()]", "2"),
        ('w:Phone[@type="../.."]', None),
        ("w:Empty", ""),
        ("w:Nothing", None),
        (".", "Ann Lee12"),
    ],
)
def test_xml_paths(path, expected):
    assert XmlPaths({"w": "urn:w"}).value(path)(WORKER) == expected


@pytest.mark.parametrize(
    "path",
    [
        "/a",
        "a|/b",
        "..",
        "../a",
        "ancestor::a",
        "a/parent::b",
        "$x",
        "count(a)",
        "document('file:///etc/passwd')",
        "a[document('x')]",
        "string(a)",
        "1+1",
        "x:a",
        "a[",
        "",
    ],
)
def test_xml_paths_that_are_refused(path):
    with pytest.raises(ValueError, match=r".+\."):
        XmlPaths().value(path)


def test_items_are_objects_or_elements():
    assert JsonPaths().items("lines")(CLAIM) == CLAIM["lines"]
    assert JsonPaths().items("payer")(CLAIM) == [CLAIM["payer"]]
    assert [item.text for item in XmlPaths({"w": "urn:w"}).items("w:Phone")(WORKER)] == ["1", "2"]
    for read, record in ((JsonPaths().items("lines[*].code"), CLAIM), (XmlPaths().items("@id"), WORKER)):
        with pytest.raises(InvalidValue):
            read(record)


def test_columns():
    paths = ColumnPaths({"id"}, {"batch"})
    row = {"id": "7", "header": {"batch": "B"}}
    assert paths.value("id")(row) == "7"
    assert paths.value("header.batch")(row) == "B"
    for path in ("other", "header.id", "header"):
        with pytest.raises(ValueError, match="no column"):
            paths.value(path)
    with pytest.raises(ValueError, match="group"):
        paths.items("id")
