import datetime
from decimal import Decimal
from itertools import chain, count, islice

import pytest
from remittance_files import ENVELOPE, HEADER, codes, read

from odoo.addons.healthcare_integration_base.formats.x12 import Delimiters, Interchange, TransactionEnvelope
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Adjustment,
    Claim,
    ServiceLine,
    read_remittance,
)
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance.codes import CLAIM_STATUSES

PAID = "CLP*A1*1*100*80"


def only_claim(*segments: str) -> Claim:
    _, (claim,), _ = read(*segments)
    return claim


def only_line(*segments: str) -> ServiceLine:
    return only_claim(PAID, *segments).service_lines[0]


def test_whole_claim():
    claim = only_claim(
        "CLP* A1 *1*100*80*20*12*PAYER1*11*1",
        "CAS*CO*45*15**131*5",
        "NM1*QC*1*DOE*JOHN*Q**JR*MI*W1",
        "NM1*IL*1*DOE*JANE****MI*W2",
        "NM1*82*1*ROE*MARY****XX*1999999984",
        "NM1*TT*2*NEXT PAYER*****PI*77777",
        "NM1*74*1*DO",
        "MIA*0***5*N1***************N2*N3",
        "MOA***MA01*MA02",
        "REF*1L*GROUP",
        "REF*EA*RECORD",
        "DTM*232*20260101",
        "DTM*233*20260103",
        "DTM*050*20260110",
        "DTM*036*20261231",
        "PER*CX*SERVICES",
        "AMT*AU*80",
        "QTY*CA*2",
    )
    assert claim == Claim(
        position=15,
        claim_id="A1",
        status="1",
        charge=Decimal(100),
        paid=Decimal(80),
        patient_responsibility=Decimal(20),
        filing_indicator="12",
        payer_claim_number="PAYER1",
        facility_type="11",
        frequency="1",
        patient_name="DOE, JOHN Q JR",
        patient_identifier="W1",
        subscriber_identifier="W2",
        rendering_provider="1999999984",
        crossover_payer_name="NEXT PAYER",
        crossover_payer_identifier="77777",
        statement_from=datetime.date(2026, 1, 1),
        statement_to=datetime.date(2026, 1, 3),
        received=datetime.date(2026, 1, 10),
        references={"1L": "GROUP", "EA": "RECORD"},
        adjustments=[
            Adjustment("CO", "45", Decimal(15), position=16),
            Adjustment("CO", "131", Decimal(5), position=16),
        ],
        remarks=("N1", "N2", "N3", "MA01", "MA02"),
        amounts={"AU": Decimal(80)},
    )
    assert claim.adjusted == 20


def test_whole_service_line():
    line = only_line(
        "SVC*HC:99213:25:59*100*80*0510*2*HC:99214*3",
        "DTM*472*20260101",
        "CAS*CO*45*15*1",
        "CAS*PR*2*5",
        "REF*6R*0001",
        "REF*0K*POLICY",
        "AMT*B6*85",
        "QTY*ZK*1",
        "LQ*HE*N130",
        "LQ*HE*M15",
    )
    assert line == ServiceLine(
        position=16,
        qualifier="HC",
        code="99213",
        modifiers=("25", "59"),
        charge=Decimal(100),
        paid=Decimal(80),
        revenue_code="0510",
        units=Decimal(2),
        control_number="0001",
        service_date=datetime.date(2026, 1, 1),
        adjustments=[
            Adjustment("CO", "45", Decimal(15), Decimal(1), 18),
            Adjustment("PR", "2", Decimal(5), None, 19),
        ],
        remarks=("N130", "M15"),
        amounts={"B6": Decimal(85)},
        references={"0K": "POLICY"},
        submitted_procedure="HC:99214",
        submitted_units=Decimal(3),
    )


@pytest.mark.parametrize(
    ("procedure", "expected"),
    [
        ("HC:99213", ("HC", "99213", ())),
        ("AD:D0120", ("AD", "D0120", ())),
        ("N4:00002141301", ("N4", "00002141301", ())),
        ("NU:0120", ("NU", "0120", ())),
        ("HP:A0100", ("HP", "A0100", ())),
        ("ER:1", ("ER", "1", ())),
        ("IV:2", ("IV", "2", ())),
        ("WK:3", ("WK", "3", ())),
        ("HC:99213:25:::59:Office visit", ("HC", "99213", ("25", "59"))),
        ("HC", ("HC", "", ())),
        ("", ("", "", ())),
    ],
)
def test_procedures(procedure, expected):
    line = only_line(f"SVC*{procedure}*100*80")
    assert (line.qualifier, line.code, line.modifiers) == expected


def test_component_separator_of_the_interchange_is_used():
    interchange = Interchange(usage="P", delimiters=Delimiters(component=">"))
    envelope = TransactionEnvelope("835", "0001", interchange=interchange)
    _, (claim,), _ = read(PAID, "SVC*HC>99213>25*100*80***HC>99214", "CAS*CO*45*20", envelope=envelope)
    line = claim.service_lines[0]
    assert (line.code, line.modifiers, line.submitted_procedure) == ("99213", ("25",), "HC:99214")


def test_period_of_service():
    line = only_line("SVC*HC:1*100*80", "DTM*150*20260101", "DTM*151*20260103")
    assert (line.service_date, line.service_date_end) == (
        datetime.date(2026, 1, 1),
        datetime.date(2026, 1, 3),
    )


def test_segments_belong_to_the_innermost_loop():
    claim = only_claim(
        PAID, "REF*1L*CLAIM", "AMT*AU*1", "SVC*HC:1*50*50", "REF*1L*LINE", "AMT*AU*2", "SVC*HC:2*50*30"
    )
    assert (claim.references, claim.amounts) == ({"1L": "CLAIM"}, {"AU": Decimal(1)})
    first, second = claim.service_lines
    assert (first.references, first.amounts) == ({"1L": "LINE"}, {"AU": Decimal(2)})
    assert (second.references, second.amounts) == ({}, {})


@pytest.mark.parametrize("count", [1, 2, 6, 7])
def test_adjustment_triples(count):
    triples = [f"{reason}*{reason}.5*{reason}" for reason in range(1, count + 1)]
    line = only_line("SVC*HC:1*100*80", "CAS*CO*" + "*".join(triples))
    assert line.adjustments == [
        Adjustment("CO", str(reason), Decimal(f"{reason}.5"), Decimal(reason), 17)
        for reason in range(1, count + 1)
    ]


def test_empty_triples_are_none():
    line = only_line("SVC*HC:1*100*80", "CAS*CO*45*20*****131*0***")
    assert [adjustment.reason for adjustment in line.adjustments] == ["45", "131"]


@pytest.mark.parametrize(
    "segment", ["CAS*CO*45*20*", "CAS*CO*45*20**", "CAS*CO*45*20***", "CAS*CO*45*20****"]
)
def test_empty_elements_at_the_end_of_cas(segment):
    _, (claim,), summary = read(PAID, segment)
    assert claim.adjustments == [Adjustment("CO", "45", Decimal(20), None, 16)]
    assert summary.findings == []


def test_repeated_cas_adds_up():
    line = only_line("SVC*HC:1*100*80", "CAS*CO*45*10", "CAS*CO*131*5", "CAS*PR*1*5")
    assert [adjustment.amount for adjustment in line.adjustments] == [10, 5, 5]


def test_unknown_reason_is_kept_without_a_finding():
    _, (claim,), summary = read(PAID, "CAS*CO*ZZ9*20")
    assert claim.adjustments[0].reason == "ZZ9"
    assert summary.findings == []


@pytest.mark.parametrize(
    ("group", "code"),
    [("CR", "remittance.group_former"), ("XX", "remittance.group_unknown"), ("", "remittance.group_unknown")],
)
def test_other_groups_are_kept_with_a_warning(group, code):
    cas = f"CAS*{group}*45*20"
    _, (claim,), summary = read(PAID, cas, "SVC*HC:1*100*80", cas, "SVC*HC:2*-20*-20")
    for adjustment in (*claim.adjustments, *claim.service_lines[0].adjustments):
        assert (adjustment.group, adjustment.amount) == (group, 20)
    of_groups = [finding for finding in summary.findings if finding.code == code]
    assert [(finding.severity, finding.location) for finding in of_groups] == [
        ("warning", "ST 0001, segment 16 (CAS), CAS01"),
        ("warning", "ST 0001, segment 18 (CAS), CAS01"),
    ]
    assert set(of_groups) <= set(claim.findings)


def test_missing_reason_is_kept_with_a_warning():
    _, (claim,), summary = read("CLP*A1*1*100*60", "CAS*CO**20", "SVC*HC:1*100*80", "CAS*CO**20")
    assert claim.adjustments == [Adjustment("CO", "", Decimal(20), None, 16)]
    assert claim.service_lines[0].adjustments == [Adjustment("CO", "", Decimal(20), None, 18)]
    assert codes(claim.findings) == ["remittance.reason_missing"] * 2
    assert claim.findings == summary.findings[:2]


def test_repeated_claim_numbers_are_claims_of_their_own():
    _, claims, summary = read("CLP*A1*22*-100*-80", "CAS*CO*45*-20", "CLP*A1*1*100*90", "CAS*CO*45*10")
    assert [(claim.claim_id, claim.status, claim.paid) for claim in claims] == [
        ("A1", "22", -80),
        ("A1", "1", 90),
    ]
    assert (summary.claim_count, summary.charge_total, summary.paid_total) == (2, 0, 10)


def test_claims_in_several_sections():
    _, claims, _ = read("TS3*1*11*20261231*1*100", "CLP*A1*1*1*1", "LX*2", "TS2*1", "CLP*A2*1*1*1")
    assert [claim.claim_id for claim in claims] == ["A1", "A2"]


@pytest.mark.parametrize("status", CLAIM_STATUSES)
def test_known_statuses(status):
    assert only_claim(f"CLP*A1*{status}*100*80", "CAS*CO*45*20").findings == []


@pytest.mark.parametrize("status", ["", "99", "X"])
def test_unknown_status(status):
    claim = only_claim(f"CLP*A1*{status}*100*80", "CAS*CO*45*20")
    assert claim.status == status
    assert codes(claim.findings) == ["remittance.claim_status_unknown"]


def test_missing_claim_number():
    claim = only_claim("CLP**1*100*80", "CAS*CO*45*20")
    assert codes(claim.findings) == ["remittance.claim_id_missing"]


def test_repeated_qualifiers_keep_the_first_value():
    repeated = ("REF*1L*A", "REF*1L*B", "AMT*AU*1", "AMT*AU*2")
    claim = only_claim(PAID, *repeated, "SVC*HC:1*100*80", "CAS*CO*45*20", *repeated)
    for loop in (claim, claim.service_lines[0]):
        assert (loop.references, loop.amounts) == ({"1L": "A"}, {"AU": Decimal(1)})
    assert codes(claim.findings) == ["remittance.qualifier_repeated"] * 4


@pytest.mark.parametrize(
    ("segment", "attribute", "value"),
    [("MOA***MA01", "remarks", ("MA01",)), ("NM1*82*1******XX*1", "rendering_provider", "1")],
)
def test_claim_segment_behind_a_service_line(segment, attribute, value):
    claim = only_claim(PAID, "SVC*HC:1*100*80", "CAS*CO*45*20", segment, "REF*6R*1")
    assert getattr(claim, attribute) == value
    assert claim.service_lines[0].control_number == "1"
    assert codes(claim.findings) == ["remittance.segment_misplaced"]
    assert claim.findings[0].severity == "warning"


@pytest.mark.parametrize(
    "segment", ["CAS*CO*45*20", "SVC*HC:1*1*1", "AMT*AU*1", "LQ*HE*M1", "MOA***M1", "BPR*I*1"]
)
def test_segment_outside_its_loop(segment):
    _, _, summary = read(segment, "CLP*A1*1*80*80")
    (finding,) = summary.findings
    assert (finding.code, finding.severity) == ("remittance.segment_misplaced", "error")
    assert finding.location == f"ST 0001, segment 15 ({segment[:3].strip('*')})"


def test_unknown_segment_leaves_the_loops_open():
    claim = only_claim(PAID, "SVC*HC:1*100*80", "ZZ*1", "CAS*CO*45*20")
    assert claim.service_lines[0].adjustments[0].amount == 20
    assert codes(claim.findings) == ["remittance.segment_unknown"]
    assert claim.findings[0].severity == "warning"


@pytest.mark.parametrize(
    ("segments", "location", "code"),
    [
        (["CLP*A1*1*x*80"], "ST 0001, segment 15 (CLP), CLP03", "x12.decimal"),
        (["CLP*A1*1*100"], "ST 0001, segment 15 (CLP), CLP04", "x12.decimal"),
        (["CLP*A1*1*100*80*x"], "ST 0001, segment 15 (CLP), CLP05", "x12.decimal"),
        ([PAID, "CAS*CO*45"], "ST 0001, segment 16 (CAS), CAS03", "x12.decimal"),
        ([PAID, "CAS*CO*45*20**131*x"], "ST 0001, segment 16 (CAS), CAS06", "x12.decimal"),
        ([PAID, "CAS*CO*45*20**131"], "ST 0001, segment 16 (CAS), CAS06", "x12.decimal"),
        ([PAID, "CAS*CO*45*20*x"], "ST 0001, segment 16 (CAS), CAS04", "x12.decimal"),
        ([PAID, "AMT*AU*x"], "ST 0001, segment 16 (AMT), AMT02", "x12.decimal"),
        ([PAID, "DTM*232*x"], "ST 0001, segment 16 (DTM), DTM02", "x12.date"),
        ([PAID, "SVC*HC:1**80"], "ST 0001, segment 16 (SVC), SVC02", "x12.decimal"),
        ([PAID, "SVC*HC:1*100"], "ST 0001, segment 16 (SVC), SVC03", "x12.decimal"),
        ([PAID, "SVC*HC:1*100*80**x"], "ST 0001, segment 16 (SVC), SVC05", "x12.decimal"),
        ([PAID, "SVC*HC:1*100*80", "DTM*472*20260230"], "ST 0001, segment 17 (DTM), DTM02", "x12.date"),
    ],
)
def test_unreadable_elements_name_their_place(segments, location, code):
    _, (claim,), summary = read(*segments)
    assert code in codes(claim.findings)
    (finding,) = [one for one in claim.findings if one.code == code]
    assert finding.location == location
    assert finding.expected and finding.found and finding.remedy
    assert finding in summary.findings


def test_what_is_readable_of_a_damaged_segment_is_read():
    line = only_line("SVC*HC:99213*1OO*80*0510*2", "CAS*CO*45*2O**131*15*3")
    assert (line.code, line.charge, line.paid, line.revenue_code, line.units) == ("99213", 0, 80, "0510", 2)
    assert [(one.reason, one.amount, one.quantity) for one in line.adjustments] == [
        ("45", 0, None),
        ("131", 15, 3),
    ]


def test_findings_of_a_damaged_claim_are_its_own():
    _, (first, second), _ = read("CLP*A1*1*80*80", "CLP*A2*1*x*0")
    assert first.findings == []
    assert codes(second.findings) == ["x12.decimal"]


@pytest.mark.parametrize(
    "segment",
    ["NM1", "REF", "REF*6R", "DTM", "AMT", "CAS", "SVC", "CLP", "LQ", "MIA", "MOA", "PLB", "LX", "QTY"],
)
def test_segments_without_elements_end_nothing(segment):
    _, claims, summary = read("CLP*A1*1*100*80", "SVC*HC:1*100*80", segment, "CLP*A2*1*1*1")
    assert claims[-1].claim_id == "A2"
    assert summary.segment_count == len(HEADER) + 7
    assert ENVELOPE.control_number == summary.control_number


def test_names_are_not_in_findings():
    claim = only_claim(
        "CLP*A1*99*x*80", "NM1*QC*1*SECRET*NAME*****x", "CAS*ZZ*1*x", "ZZZ*SECRET", "SVC*HC:1*x"
    )
    assert claim.patient_name == "SECRET, NAME"
    assert not any("SECRET" in str(finding) for finding in claim.findings)


def test_claims_come_one_by_one_from_an_endless_transaction():
    numbers = count()
    claims = (
        segment.split("*")
        for number in numbers
        for segment in (f"CLP*A{number}*1*100*80", "SVC*HC:1*100*80", "CAS*CO*45*20")
    )
    documents = read_remittance(chain([["ST", "835", "0001"], ["LX", "1"]], claims), ENVELOPE)
    next(documents)
    assert [claim.claim_id for claim in islice(documents, 1000)] == [f"A{number}" for number in range(1000)]
    assert next(numbers) <= 1002
