import datetime
from decimal import Decimal

import pytest

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import Group, Interchange
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Adjustment,
    Claim,
    Party,
    ProviderAdjustment,
    Remittance,
    RemittanceHeader,
    ServiceLine,
    remittance_segments,
    write_remittance_file,
)

CREATED = datetime.datetime(2026, 3, 2, 6, 30)
YEAR_END = datetime.date(2026, 12, 31)
HEADER = RemittanceHeader(
    "0001",
    handling="I",
    amount=Decimal("80.00"),
    credit_debit="C",
    method="ACH",
    payment_date=datetime.date(2026, 3, 4),
    trace_number="EFT1",
    payer_identifier="1999999999",
    payer=Party("HEALTH PLAN", "XV", "99999", {"2U": "1"}, "SERVICES", ("1 PLAZA",), "DULUTH", "MN", "55802"),
    payee=Party("HOSPITAL", "XX", "1999999976"),
)


def claim(**values) -> Claim:
    return Claim(0, "A1", "1", Decimal(100), Decimal(80), **values)


def segments(*claims: Claim, provider_adjustments=()) -> list[list]:
    """Return the segments behind the header."""
    written = list(remittance_segments(Remittance(HEADER, claims, provider_adjustments)))
    return written[len(list(remittance_segments(Remittance(HEADER)))) :]


def test_whole_file():
    interchange = Interchange("101", "ZZ", "PAYER", "ZZ", "HOSPITAL", CREATED, "00501", False, "P")
    group = Group("HP", "PAYER", "HOSPITAL", CREATED, "7", "X", "005010X221A1")
    line = ServiceLine(0, "HC", "99213", ("25",), Decimal(100), Decimal(80), units=Decimal(1))
    line.adjustments.append(Adjustment("CO", "45", Decimal(20)))
    data = b"".join(
        write_remittance_file(interchange, group, [Remittance(HEADER, [claim(service_lines=[line])])], "\n")
    )
    assert data.decode().splitlines()[2:-2] == [
        "ST*835*0001~",
        "BPR*I*80*C*ACH*CCP***********20260304~",
        "TRN*1*EFT1*1999999999~",
        "N1*PR*HEALTH PLAN*XV*99999~",
        "N3*1 PLAZA~",
        "N4*DULUTH*MN*55802~",
        "REF*2U*1~",
        "PER*BL*SERVICES~",
        "N1*PE*HOSPITAL*XX*1999999976~",
        "LX*1~",
        "CLP*A1*1*100*80~",
        "SVC*HC:99213:25*100*80**1~",
        "CAS*CO*45*20~",
        "SE*14*0001~",
    ]


def test_claims_need_a_section_and_no_claims_need_none():
    assert [segment[0] for segment in segments(claim(), claim())] == ["LX", "CLP", "CLP"]
    assert segments() == []


def test_six_adjustments_fit_a_segment():
    adjustments = [Adjustment("CO", str(number), Decimal(number)) for number in range(1, 8)]
    _, _, first, second = segments(claim(adjustments=adjustments))
    assert (len(first), first[2], first[-3]) == (20, "1", "6")
    assert second == ["CAS", "CO", "7", "7", ""]


def test_groups_have_segments_of_their_own_in_the_order_of_the_adjustments():
    adjustments = [Adjustment(group, "1", Decimal(1)) for group in ("PR", "CO", "CO", "PR")]
    assert [segment[1] for segment in segments(claim(adjustments=adjustments))[2:]] == ["PR", "CO", "PR"]


def test_six_provider_adjustments_fit_a_segment():
    adjustments = [
        ProviderAdjustment(0, "1", YEAR_END, "CS", str(number), Decimal(number)) for number in range(7)
    ]
    first, second = segments(provider_adjustments=adjustments)
    assert len(first) == 15
    assert second == ["PLB", "1", "20261231", ("CS", "6"), "6"]


def test_providers_have_segments_of_their_own():
    adjustments = [ProviderAdjustment(0, provider, YEAR_END, "CS", "", Decimal(1)) for provider in "112"]
    assert [segment[1] for segment in segments(provider_adjustments=adjustments)] == ["1", "2"]


def test_more_remarks_than_a_claim_can_hold():
    with pytest.raises(DocumentError) as caught:
        segments(claim(remarks=("M1",) * 11))
    assert caught.value.code == "remittance.too_many_remarks"


def test_delimiters_in_names_are_refused():
    header = RemittanceHeader("0001", payer=Party("A*B"))
    interchange = Interchange("101", "ZZ", "PAYER", "ZZ", "HOSPITAL", CREATED, "00501", False, "P")
    group = Group("HP", "PAYER", "HOSPITAL", CREATED, "7", "X", "005010X221A1")
    with pytest.raises(DocumentError) as caught:
        list(write_remittance_file(interchange, group, [Remittance(header)]))
    assert (caught.value.code, caught.value.location) == ("x12.delimiter_in_value", "N102")
