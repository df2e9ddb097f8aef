import datetime
from decimal import Decimal

import pytest
from remittance_files import HEADER, codes, read

from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import ProviderAdjustment
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.codes import PROVIDER_ADJUSTMENTS

YEAR_END = datetime.date(2026, 12, 31)


def test_pairs_of_several_segments():
    _, _, summary = read(
        "PLB*1999999976*20261231*WO:A1*20*72:CHECK*-5",
        "PLB*2*20261231*L6*-1.5",
    )
    assert summary.provider_adjustments == [
        ProviderAdjustment(15, "1999999976", YEAR_END, "WO", "A1", Decimal(20), 1),
        ProviderAdjustment(15, "1999999976", YEAR_END, "72", "CHECK", Decimal(-5), 2),
        ProviderAdjustment(16, "2", YEAR_END, "L6", "", Decimal("-1.5"), 1),
    ]
    assert summary.provider_adjustment_total == Decimal("13.5")


@pytest.mark.parametrize("count", [6, 7])
def test_as_many_pairs_as_there_are(count):
    pairs = "*".join(f"CS:{number}*{number}" for number in range(1, count + 1))
    _, _, summary = read(f"PLB*1*20261231*{pairs}")
    assert [(one.ordinal, one.amount) for one in summary.provider_adjustments] == [
        (number, number) for number in range(1, count + 1)
    ]


@pytest.mark.parametrize("end", ["", "*", "**", "***"])
def test_empty_elements_at_the_end_of_plb(end):
    _, _, summary = read("CLP*A*1*85*85", f"PLB*1*20261231*CS:1*5{end}")
    assert [one.amount for one in summary.provider_adjustments] == [5]
    assert summary.findings == []


def test_claims_behind_provider_adjustments_are_read():
    _, claims, summary = read("PLB*1*20261231*CS*5", "CLP*A*1*85*85")
    assert [claim.claim_id for claim in claims] == ["A"]
    assert summary.findings == []


def test_unknown_code_is_kept():
    _, _, summary = read("CLP*A*1*85*85", "PLB*1*20261231*ZZ:1*5")
    assert summary.provider_adjustments[0].code == "ZZ"
    assert summary.findings == []


@pytest.mark.parametrize(
    ("segment", "code", "location"),
    [
        ("PLB*1*20261231*CS:1*x", "x12.decimal", "ST 0001, segment 16 (PLB), PLB04"),
        ("PLB*1*20261231*CS:1", "x12.decimal", "ST 0001, segment 16 (PLB), PLB04"),
        ("PLB*1*20261231*CS:1*0*CS:2*x", "x12.decimal", "ST 0001, segment 16 (PLB), PLB06"),
        ("PLB*1*x*CS:1*0", "x12.date", "ST 0001, segment 16 (PLB), PLB02"),
    ],
)
def test_unreadable_elements(segment, code, location):
    _, (claim,), summary = read("CLP*A*1*80*80", segment)
    (finding,) = summary.findings
    assert (finding.code, finding.location) == (code, location)
    assert claim.findings == []


def test_the_known_codes_include_those_of_the_guide():
    listed = (
        "WO FB 72 L6 PI CS J1 IR LE E3 AP B2 BD BN C5 CR CT CV CW DM FC GO"
        " HM IP IS L3 LS OA OB PL RA RE SL TL AH AM 50 51 90"
    )
    assert set(listed.split()) <= set(PROVIDER_ADJUSTMENTS)


def test_summary_of_the_transaction():
    _, _, summary = read("CLP*A*1*100*80", "CAS*CO*45*20", "PLB*1*20261231*CS*0")
    assert (summary.claim_count, summary.charge_total, summary.paid_total) == (1, 100, 80)
    assert summary.segment_count == len(HEADER) + 6
    assert codes(summary.findings) == []
