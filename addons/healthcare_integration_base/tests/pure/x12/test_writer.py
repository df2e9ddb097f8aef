import datetime
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import (
    Delimiters,
    Group,
    Interchange,
    SegmentWriter,
    TransactionEnvelope,
    TransactionReader,
    date_text,
    decimal_text,
    write_group,
    write_interchange,
    write_transaction,
)

CREATED = datetime.datetime(2026, 3, 2, 6, 30)
INTERCHANGE = Interchange(
    "101", "ZZ", "PAYER", "30", "HOSPITAL", CREATED, "00501", True, "T", Delimiters(repetition="^")
)
GROUP = Group("HP", "PAYER", "HOSPITAL", CREATED, "7", "X", "005010X221A1")


def write(writer: SegmentWriter, *bodies, interchange=INTERCHANGE, group=GROUP) -> bytes:
    transactions = [
        write_transaction(writer, TransactionEnvelope("835", f"{number:04}"), body)
        for number, body in enumerate(bodies, start=1)
    ]
    return b"".join(write_interchange(writer, interchange, [write_group(writer, group, transactions)]))


def test_whole_file():
    data = write(SegmentWriter(INTERCHANGE.delimiters), [["BPR", "I", "0"]], [])
    assert data.decode() == (
        "ISA*00*          *00*          *ZZ*PAYER          *30*HOSPITAL       *260302*0630*^*00501*000000101*1*T*:~"  # noqa: E501 (a header has a fixed width)
        "GS*HP*PAYER*HOSPITAL*20260302*0630*7*X*005010X221A1~"
        "ST*835*0001~BPR*I*0~SE*3*0001~ST*835*0002~SE*2*0002~GE*2*7~IEA*1*000000101~"
    )


def test_what_is_written_reads_without_findings():
    writer = SegmentWriter(Delimiters("|", ">", "\n"), line_break="")
    data = write(writer, [["SVC", ("HC", "99213", "25"), "100"]])
    reader = TransactionReader(data)
    ((envelope, segments),) = [(one.envelope, list(one.segments)) for one in reader]
    assert reader.findings.report() == []
    assert segments[1] == ["SVC", "HC>99213>25", "100"]
    assert envelope.interchange.created == CREATED
    assert envelope.group == GROUP
    assert envelope.interchange.acknowledgement_requested
    assert envelope.delimiters == Delimiters("|", ">", "\n")


def test_line_breaks_for_people():
    lines = write(SegmentWriter(INTERCHANGE.delimiters, "\r\n"), []).decode().splitlines()
    assert [line[:3] for line in lines] == ["ISA", "GS*", "ST*", "SE*", "GE*", "IEA"]


@pytest.mark.parametrize(
    ("segment", "text"),
    [
        (["REF", "6R", "1", "", ""], "REF*6R*1~"),
        (["REF", "", "1"], "REF**1~"),
        (["SVC", ("HC", "1", "", "")], "SVC*HC:1~"),
        (["SVC", ("", "1")], "SVC*:1~"),
        (["SVC", ()], "SVC~"),
        (["HI", [("BK", "1"), ("BF", "2")]], "HI*BK:1^BF:2~"),
        (["HI", ["1"]], "HI*1~"),
        (["HI", []], "HI~"),
        (["N1", "PR", "Café"], "N1*PR*Café~"),
    ],
)
def test_segments(segment, text):
    assert SegmentWriter(Delimiters(repetition="^")).write(segment) == text.encode()


@pytest.mark.parametrize(
    ("segment", "code", "location", "found"),
    [
        (["N1", "PR", "A*B"], "x12.delimiter_in_value", "N102", "'*'"),
        (["N1", "PR", "A:B"], "x12.delimiter_in_value", "N102", "':'"),
        (["N1", "PR", "A~B"], "x12.delimiter_in_value", "N102", "'~'"),
        (["N1", "PR", "A^B"], "x12.delimiter_in_value", "N102", "'^'"),
        (["SVC", ("HC", "A:B")], "x12.delimiter_in_value", "SVC01", "':'"),
        (["HI", [("A", "B~")]], "x12.delimiter_in_value", "HI01", "'~'"),
        (["N1", "PR", "A\nB"], "x12.control_character", "N102", "at least one"),
        (["N1", "PR", "A\ud800"], "x12.control_character", "N102", "at least one"),
    ],
)
def test_values_that_cannot_be_written(segment, code, location, found):
    with pytest.raises(DocumentError) as caught:
        SegmentWriter(Delimiters(repetition="^")).write(segment)
    error = caught.value
    assert (error.code, error.location, error.found) == (code, location, found)
    assert error.remedy


def test_repetition_without_a_separator():
    with pytest.raises(DocumentError) as caught:
        SegmentWriter(Delimiters()).write(["HI", ["1", "2"]])
    assert caught.value.code == "x12.delimiter_in_value"


@pytest.mark.parametrize(
    ("field", "value", "location"),
    [
        ("sender", "A SENDER OF MORE THAN FIFTEEN", "ISA06"),
        ("version", "0050100", "ISA12"),
        ("control_number", "1234567890", "ISA13"),
        ("sender", "é", "ISA06"),
    ],
)
def test_values_that_do_not_fit_the_header(field, value, location):
    interchange = Interchange(
        **{**{name: getattr(INTERCHANGE, name) for name in INTERCHANGE.__slots__}, field: value}
    )
    with pytest.raises(DocumentError) as caught:
        write(SegmentWriter(INTERCHANGE.delimiters), interchange=interchange)
    assert (caught.value.code, caught.value.location) == ("x12.element_length", location)


def test_envelope_without_moment():
    with pytest.raises(DocumentError) as caught:
        write(SegmentWriter(INTERCHANGE.delimiters), [], group=Group("HP"))
    assert caught.value.code == "x12.created_missing"


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("0", "0"),
        ("-0", "0"),
        ("0.00", "0"),
        ("100", "100"),
        ("100.00", "100"),
        ("12.50", "12.5"),
        ("-0.5", "-0.5"),
        ("1E+3", "1000"),
    ],
)
def test_decimals(number, text):
    assert decimal_text(Decimal(number)) == text


def test_dates():
    assert date_text(datetime.date(2026, 3, 2)) == "20260302"
    assert date_text(None) == ""
