import datetime
import json

import pytest
from x12_files import FILE, GROUP, HEADER, TRAILERS, TRANSACTION, chunks, file_of, transaction

from odoo.addons.healthcare_integration_base.errors import DocumentError, Finding
from odoo.addons.healthcare_integration_base.formats.x12 import (
    Delimiters,
    Group,
    Interchange,
    TransactionEnvelope,
    TransactionReader,
    read_transaction,
)

ENVELOPE = TransactionEnvelope(
    set_identifier="835",
    control_number="0001",
    implementation="",
    interchange=Interchange(
        control_number="000000101",
        sender_qualifier="ZZ",
        sender="PAYER",
        receiver_qualifier="ZZ",
        receiver="HOSPITAL",
        created=datetime.datetime(2026, 3, 2, 6, 30),
        version="00501",
        acknowledgement_requested=False,
        usage="P",
        delimiters=Delimiters("*", ":", "~", "^"),
    ),
    group=Group(
        functional_identifier="HP",
        sender="PAYER",
        receiver="HOSPITAL",
        created=datetime.datetime(2026, 3, 2, 6, 30),
        control_number="7",
        agency="X",
        version="005010X221A1",
    ),
    position=3,
)


def read(text: str) -> tuple[list[Finding], list[Finding]]:
    """Return the findings of the file and those of all its transactions."""
    reader = TransactionReader(text.encode())
    of_transactions = []
    for transaction_read in reader:
        list(transaction_read.segments)
        of_transactions += transaction_read.findings.report()
    return reader.findings.report(), of_transactions


def file_codes(text: str) -> list[str]:
    return [finding.code for finding in read(text)[0]]


def test_sound_file():
    assert read(FILE) == ([], [])


def test_envelopes_as_typed_data():
    (only,) = list(TransactionReader(FILE.encode()))
    assert only.envelope == ENVELOPE
    assert only.envelope.version == "005010X221A1"


def test_implementation_of_st_comes_before_that_of_the_group():
    (only,) = list(TransactionReader(FILE.replace("ST*835*0001", "ST*835*0001*005010X221").encode()))
    assert only.envelope.version == "005010X221"


def test_envelope_survives_json():
    assert TransactionEnvelope.from_dict(json.loads(json.dumps(ENVELOPE.as_dict()))) == ENVELOPE
    bare = TransactionEnvelope("835", "0001")
    assert TransactionEnvelope.from_dict(json.loads(json.dumps(bare.as_dict()))) == bare


def test_segments_of_a_transaction_include_st_and_se():
    (only,) = (list(one.segments) for one in TransactionReader(FILE.encode()))
    assert only == [["ST", "835", "0001"], ["BPR", "I", "0", "C", "NON"], ["SE", "3", "0001"]]


def test_a_transaction_that_is_not_used_up_is_passed_over():
    text = file_of(*(transaction(number, "BPR*I", "TRN*1") for number in range(1, 4)))
    reader = TransactionReader(text.encode())
    numbers = [(one.envelope.control_number, next(one.segments)[0]) for one in reader]
    assert numbers == [("0001", "ST"), ("0002", "ST"), ("0003", "ST")]
    assert reader.findings.report() == []


def test_segments_asked_for_too_late_take_nothing_from_the_next_transaction():
    first, second = transaction(1, "BPR*I*10"), transaction(2, "BPR*I*20", "LX*1")
    reader = iter(TransactionReader(file_of(first, second).encode()))
    left, current = next(reader), next(reader)
    assert list(left.segments) == []
    assert [segment[0] for segment in current.segments] == ["ST", "BPR", "LX", "SE"]


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_blank_segments_are_not_counted(size):
    text = file_of(transaction(1, "BPR*I*10"), transaction(2, "LX*1")).replace("~", "~~")
    reader = TransactionReader(chunks(text.encode(), size))
    positions = [one.envelope.position for one in reader]
    assert positions == [3, 6]
    assert reader.findings.report() == []


def test_several_interchanges_and_groups():
    text = file_of(transaction(1), transaction(2), control_number=1) + file_of(
        transaction(3), control_number=2
    )
    numbers = [
        (one.envelope.interchange.control_number, one.envelope.control_number)
        for one in TransactionReader(text.encode())
    ]
    assert numbers == [("000000001", "0001"), ("000000001", "0002"), ("000000002", "0003")]
    assert read(text) == ([], [])


@pytest.mark.parametrize(
    ("old", "new", "code", "location", "expected", "found"),
    [
        ("SE*3*", "SE*4*", "x12.segment_count", "ST 0001, segment 3 (SE), SE01", "3 segments", "4"),
        ("SE*3*", "SE**", "x12.segment_count", "ST 0001, segment 3 (SE), SE01", "3 segments", "nothing"),
        ("SE*3*", "SE*-3*", "x12.segment_count", "ST 0001, segment 3 (SE), SE01", "3 segments", "-3"),
        (
            "SE*3*0001",
            "SE*3*0002",
            "x12.transaction_control_number",
            "ST 0001, segment 3 (SE), SE02",
            "0001",
            "0002",
        ),
        (
            "SE*3*0001~",
            "",
            "x12.se_missing",
            "ST 0001, segment 2",
            "SE",
            "the end of the transaction without it",
        ),
    ],
)
def test_damaged_transaction(old, new, code, location, expected, found):
    of_file, (finding,) = read(FILE.replace(old, new))
    assert of_file == []
    assert (finding.code, finding.location, finding.expected, finding.found) == (
        code,
        location,
        expected,
        found,
    )
    assert finding.remedy


@pytest.mark.parametrize(
    ("old", "new", "code", "location"),
    [
        ("GE*1*7", "GE*2*7", "x12.transaction_count", "interchange 000000101, segment 6 (GE), GE01"),
        ("GE*1*7", "GE", "x12.transaction_count", "interchange 000000101, segment 6 (GE), GE01"),
        ("GE*1*7", "GE*1*8", "x12.group_control_number", "interchange 000000101, segment 6 (GE), GE02"),
        ("GE*1*7~", "", "x12.ge_missing", "group 7, segment 6"),
        ("IEA*1*", "IEA*3*", "x12.group_count", "interchange 000000101, segment 7 (IEA), IEA01"),
        ("IEA*1*000000101", "IEA*1*9", "x12.interchange_control_number", "segment 7 (IEA), IEA02"),
        ("IEA*1*000000101~", "", "x12.iea_missing", "interchange 000000101, segment 6"),
        ("*P*:~", "*X*:~", "x12.usage", "interchange 000000101, segment 1 (ISA), ISA15"),
        ("*260302*0630*", "*260302*9930*", "x12.time", "interchange 000000101, segment 1 (ISA), ISA10"),
        ("*20260302*", "*20261302*", "x12.date", "interchange 000000101, segment 2 (GS), GS04"),
        (TRANSACTION, "BPR*I~" + TRANSACTION, "x12.segment_outside_transaction", "segment 3 (BPR)"),
        (TRANSACTION, "SE*1*1~" + TRANSACTION, "x12.trailer_without_header", "segment 3 (SE)"),
        (GROUP, "GE*0*1~" + GROUP, "x12.trailer_without_header", "segment 2 (GE)"),
    ],
)
def test_damage_around_transactions(old, new, code, location):
    of_file, of_transactions = read(FILE.replace(old, new))
    assert of_transactions == []
    assert code in [finding.code for finding in of_file]
    (finding,) = [finding for finding in of_file if finding.code == code]
    assert location in finding.location
    assert finding.remedy and finding.expected and finding.found


def test_leading_zeros_of_numeric_control_numbers_do_not_count():
    assert read(FILE.replace("GE*1*7", "GE*01*007").replace("IEA*1*000000101", "IEA*1*101")) == ([], [])


def test_transaction_without_group():
    text = HEADER + TRANSACTION + "IEA*0*000000101~"
    assert file_codes(text) == ["x12.gs_missing"]


def test_trailer_without_interchange():
    assert file_codes(FILE + "IEA*1*000000101~") == ["x12.trailer_without_header"]


def test_interchange_services_are_no_fault():
    assert read(FILE.replace(GROUP, f"TA1*000000001*260302*0630*A*000~{GROUP}")) == ([], [])


def test_next_interchange_closes_what_is_open():
    text = HEADER + GROUP + TRANSACTION.replace("SE*3*0001~", "") + FILE
    of_file, of_transactions = read(text)
    assert [finding.code for finding in of_transactions] == ["x12.se_missing"]
    assert [finding.code for finding in of_file] == ["x12.ge_missing", "x12.iea_missing"]


def test_next_st_closes_a_transaction_without_se():
    text = file_of(transaction(1, "BPR*I").replace("SE*3*0001~", ""), transaction(2, "TRN*1"))
    transactions = [(list(one.segments), one.findings.report()) for one in TransactionReader(text.encode())]
    assert [segment[0] for segment in transactions[0][0]] == ["ST", "BPR"]
    assert [finding.code for finding in transactions[0][1]] == ["x12.se_missing"]
    assert [segment[0] for segment in transactions[1][0]] == ["ST", "TRN", "SE"]
    assert transactions[1][1] == []


def test_file_without_transactions():
    assert list(TransactionReader((HEADER + "IEA*0*000000101~").encode())) == []


def test_transaction_alone():
    one = read_transaction(TRANSACTION.encode(), ENVELOPE)
    assert one.envelope == ENVELOPE
    assert len(list(one.segments)) == 3
    assert one.findings.report() == []


def test_damaged_transaction_alone():
    one = read_transaction(TRANSACTION.replace("SE*3", "SE*9").encode(), ENVELOPE)
    list(one.segments)
    assert [finding.code for finding in one.findings.report()] == ["x12.segment_count"]


def test_transaction_alone_without_trailer():
    one = read_transaction(b"ST*835*0001~BPR*\xe9", ENVELOPE)
    assert list(one.segments) == [["ST", "835", "0001"], ["BPR", "é"]]
    codes = [finding.code for finding in one.findings.report()]
    assert codes == ["x12.encoding", "x12.segment_unterminated", "x12.se_missing"]


def test_transaction_alone_that_is_none():
    with pytest.raises(DocumentError) as caught:
        read_transaction(b"BPR*I~", ENVELOPE)
    assert caught.value.code == "x12.st_missing"


def test_flood_of_findings_is_bounded():
    findings, _ = read(HEADER + GROUP + "XX*1~" * 5000 + TRANSACTION + TRAILERS)
    assert len(findings) == 101
    assert findings[-1].code == "findings.omitted"
    assert "4900 more findings x12.segment_outside_transaction" in findings[-1].message
