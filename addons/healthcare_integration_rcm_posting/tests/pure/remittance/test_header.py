import datetime
from decimal import Decimal

import pytest
from remittance_files import CLAIM, ENVELOPE, HEADER, codes, read

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import Group, TransactionEnvelope
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Party,
    RemittanceHeader,
    read_remittance,
)


def without(name: str) -> tuple[str, ...]:
    return tuple(segment for segment in HEADER if not segment.startswith(name))


def test_whole_header():
    header, _, summary = read(*CLAIM)
    assert header == RemittanceHeader(
        control_number="0001",
        usage="P",
        version="005010X221A1",
        interchange_control_number="000000101",
        sender="PAYER",
        receiver="HOSPITAL",
        handling="I",
        amount=Decimal(80),
        credit_debit="C",
        method="ACH",
        payment_date=datetime.date(2026, 3, 4),
        trace_number="EFT1",
        payer_identifier="1999999999",
        payer_supplemental="SUPP",
        production_date=datetime.date(2026, 3, 2),
        receiver_identifier="RECEIVER",
        payer=Party(
            name="HEALTH PLAN",
            qualifier="XV",
            identifier="99999",
            references={"2U": "12345"},
            contact="SERVICES TE 8005550100 EM claims@example.com\nTECHNICAL",
            address=("1 PLAZA", "SUITE 2"),
            city="DULUTH",
            state="MN",
            postal_code="55802",
        ),
        payee=Party("HOSPITAL", "XX", "1999999976", references={"TJ": "123456789"}),
    )
    assert summary.findings == []


def test_currency():
    header, _, _ = read(*CLAIM, header=(*HEADER[:2], "CUR*PR*CAD", *HEADER[2:]))
    assert header.currency == "CAD"


def test_usage_is_empty_without_an_interchange():
    header, _, _ = read(*CLAIM, envelope=TransactionEnvelope("835", "0001"))
    assert header.usage == ""


@pytest.mark.parametrize(
    ("name", "expected"),
    [("BPR", "BPR"), ("TRN", "TRN"), ("N1*PR", "N1*PR"), ("N1*PE", "N1*PE")],
)
def test_missing_segment(name, expected):
    _, _, summary = read(*CLAIM, header=without(name))
    (finding,) = [one for one in summary.findings if one.code == "remittance.segment_missing"]
    assert finding.expected == expected
    assert finding.severity == "error"
    assert finding.remedy


@pytest.mark.parametrize("segment", ["BPR*I*999*C*CHK", "TRN*1*OTHER", "N1*PR*OTHER", "N1*PE*OTHER"])
def test_the_first_of_repeated_segments_counts(segment):
    header, _, summary = read(*CLAIM, header=(*HEADER, segment))
    assert header == read(*CLAIM)[0]
    assert codes(summary.findings) == ["remittance.segment_repeated"]


def test_further_party_is_passed_over_with_its_loop():
    header, _, summary = read(*CLAIM, header=(*HEADER, "N1*RM*BANK*XV*1", "REF*TJ*9", "N3*X", "N4*X"))
    assert header == read(*CLAIM)[0]
    assert summary.findings == []


@pytest.mark.parametrize("date", ["", "20261302", "X"])
def test_unreadable_payment_date(date):
    header, _, summary = read(*CLAIM, header=(HEADER[0].replace("20260304", date), *HEADER[1:]))
    assert header.payment_date is None
    assert "remittance.payment_date_missing" in codes(summary.findings)
    assert ("x12.date" in codes(summary.findings)) == bool(date)


def test_unreadable_payment_amount():
    header, _, summary = read(*CLAIM, header=(HEADER[0].replace("*80*", "*8O*"), *HEADER[1:]))
    assert header.amount == 0
    assert header.payment_date == datetime.date(2026, 3, 4)
    assert codes(summary.findings) == ["x12.decimal", "remittance.balance.transaction"]
    assert summary.findings[0].location == "ST 0001, segment 2 (BPR), BPR02"
    assert summary.findings[0].found == "8O"


@pytest.mark.parametrize(("handling", "method"), [("H", "ACH"), ("I", "NON")])
def test_amount_of_a_remittance_that_pays_nothing(handling, method):
    bpr = HEADER[0].replace("*I*", f"*{handling}*").replace("*ACH*CCP", f"*{method}*")
    _, _, summary = read(*CLAIM, header=(bpr, *HEADER[1:]))
    (finding,) = summary.findings
    assert (finding.code, finding.amount) == ("remittance.payment_contradiction", Decimal(80))


def test_notification_of_nothing_is_sound():
    bpr = "BPR*H*0*C*NON************20260304"
    _, claims, summary = read("CLP*A1*4*100*0", "CAS*CO*45*100", header=(bpr, *HEADER[1:]))
    assert summary.findings == []
    assert len(claims) == 1


def test_other_implementation_guide_is_read_with_a_warning():
    envelope = TransactionEnvelope("835", "0001", group=Group(version="004010X091A1"))
    _, claims, summary = read(*CLAIM, envelope=envelope)
    assert claims[0].paid == 80
    (finding,) = summary.findings
    assert (finding.code, finding.severity) == ("remittance.version", "warning")


@pytest.mark.parametrize("segments", [[["ST", "850", "0001"]], [["BPR", "I"]], [["ST"]], []])
def test_other_transaction_sets_are_refused(segments):
    with pytest.raises(DocumentError) as caught:
        list(read_remittance(segments, ENVELOPE))
    assert caught.value.code == "remittance.transaction_set"
    assert caught.value.expected == "835"


def test_header_without_claims():
    header, claims, summary = read(header=(HEADER[0].replace("*80*", "*0*"), *HEADER[1:]))
    assert (header.amount, claims, summary.claim_count) == (0, [], 0)
    assert summary.findings == []


def test_transaction_of_st_only():
    header, summary = read_remittance([["ST", "835", "0001"]], ENVELOPE)
    assert header.control_number == "0001"
    assert codes(summary.findings) == ["remittance.segment_missing"] * 4
    assert summary.segment_count == 1
