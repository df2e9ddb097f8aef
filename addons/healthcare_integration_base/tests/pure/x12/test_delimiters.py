import pytest
from x12_files import FILE, GROUP, HEADER, TRANSACTION

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12.delimiters import Delimiters, find_header


def found(text: str) -> tuple[Delimiters, list[str]]:
    header = find_header(text.encode("latin-1"))
    return header.delimiters, [finding.code for finding in header.findings]


def test_standard_header():
    assert found(FILE) == (Delimiters("*", ":", "~", "^"), [])


def test_any_delimiters():
    text = FILE.translate(str.maketrans("*:~^", "|>'!"))
    assert found(text) == (Delimiters("|", ">", "'", "!"), [])


def test_control_characters_as_delimiters():
    text = FILE.translate(str.maketrans("*:~", "\x1d\x1f\x1c"))
    assert found(text) == (Delimiters("\x1d", "\x1f", "\x1c", "^"), [])


def test_no_repetition_separator_before_00402():
    assert found(FILE.replace("*^*00501*", "*U*00401*")) == (Delimiters("*", ":", "~", ""), [])


@pytest.mark.parametrize("line_break", ["\n", "\r\n", "\n\n"])
def test_line_breaks_behind_terminators(line_break):
    assert found(FILE.replace("~", "~" + line_break)) == (Delimiters("*", ":", "~", "^"), [])


@pytest.mark.parametrize(("line_break", "terminator"), [("\n", "\n"), ("\r\n", "\n"), ("\r", "\r")])
def test_line_break_as_only_terminator(line_break, terminator):
    assert found(FILE.replace("~", line_break)) == (Delimiters("*", ":", terminator, "^"), [])


def test_byte_order_mark_is_skipped():
    header = find_header(b"\xef\xbb\xbf" + FILE.encode())
    assert header.start == 3
    assert [finding.code for finding in header.findings] == ["x12.byte_order_mark"]


def test_white_space_in_front_is_skipped():
    header = find_header(b"\r\n  " + FILE.encode())
    assert (header.start, header.findings) == (4, [])


def test_wrong_width_is_read_by_separators():
    delimiters, codes = found(FILE.replace("PAYER          *", "PAYER*").replace("*:~", "*>~"))
    assert delimiters == Delimiters("*", ">", "~", "^")
    assert codes == ["x12.isa_width"]


def test_wrong_width_and_blank_segments():
    delimiters, codes = found(FILE.replace("PAYER          *", "PAYER*").replace("~", "~~\n~"))
    assert delimiters == Delimiters("*", ":", "~", "^")
    assert codes == ["x12.isa_width"]


def test_wrong_width_names_the_width_found():
    header = find_header(FILE.replace("PAYER          *", "PAYER*", 1).encode())
    assert header.findings[0].found == "95 bytes, the terminator not counted"


@pytest.mark.parametrize("line_break", ["", "\n", "\r\n"])
def test_missing_component_separator(line_break):
    text = FILE.replace("*P*:~", "*P*~").replace("~", "~" + line_break)
    assert found(text) == (Delimiters("*", ":", "~", "^"), ["x12.component_separator_missing"])


def test_missing_component_separator_with_line_breaks_as_terminators():
    text = FILE.replace("*P*:~", "*P*~").replace("~", "\n")
    assert found(text) == (Delimiters("*", ":", "\n", "^"), ["x12.component_separator_missing"])


def test_header_alone():
    assert found(HEADER) == (Delimiters("*", ":", "~", "^"), [])


@pytest.mark.parametrize("text", [GROUP + TRANSACTION, TRANSACTION, TRANSACTION.replace("~", "\n")])
def test_missing_interchange_header(text):
    delimiters, codes = found(text)
    assert delimiters == Delimiters("*", ":", "\n" if "\n" in text else "~", "")
    assert codes == ["x12.interchange_missing"]


@pytest.mark.parametrize(
    ("data", "code", "what"),
    [
        (b"", "x12.empty", "no data"),
        (b" \r\n\t", "x12.empty", "no data"),
        (b"%PDF-1.7 ISA*00*", "x12.not_x12", "a PDF document"),
        (b"PK\x03\x04\x14", "x12.not_x12", "a ZIP archive"),
        (FILE.encode("utf-16"), "x12.not_x12", "text in UTF-16"),
        (b"<?xml version='1.0'?>", "x12.not_x12", "XML or HTML"),
        (b"UNB+UNOA:1+A+B'", "x12.not_x12", "an EDIFACT interchange"),
        (b"claim;amount\n1;2\n", "x12.not_x12", "other text"),
        (b"\x00\x01\x02", "x12.not_x12", "binary data"),
        (b"garbage " + FILE.encode(), "x12.not_x12", "other text"),
        (b"ST*835", "x12.not_x12", "other text"),
        (b"ISA*00*          *00*", "x12.isa_malformed", "4 elements"),
        (HEADER[:-2].encode(), "x12.isa_malformed", "no terminator and segment behind its sixteenth element"),
    ],
)
def test_what_is_no_interchange_says_what_it_is(data, code, what):
    with pytest.raises(DocumentError) as caught:
        find_header(data, offset=40)
    error = caught.value
    assert (error.code, error.found) == (code, what)
    assert error.location and error.expected and error.remedy
    assert "garbage" not in str(error)


def test_missing_element_is_not_guessed():
    with pytest.raises(DocumentError) as caught:
        find_header(FILE.replace("*00501*", "*").encode())
    assert caught.value.code == "x12.isa_malformed"


@pytest.mark.parametrize(
    "delimiters",
    [
        ("*", "*", "~", ""),
        ("*", ":", ":", ""),
        ("*", ":", "~", "~"),
        ("A", ":", "~", ""),
        ("*", "1", "~", ""),
        ("*", ":", " ", ""),
        ("*", ":", "\xa7", ""),
        ("", ":", "~", ""),
    ],
)
def test_unusable_delimiters_are_refused(delimiters):
    with pytest.raises(DocumentError) as caught:
        Delimiters(*delimiters)
    assert caught.value.code == "x12.delimiters"


def test_repetition_equal_to_another_delimiter_is_none():
    assert found(FILE.replace("*^*", "*:*"))[0] == Delimiters("*", ":", "~", "")
