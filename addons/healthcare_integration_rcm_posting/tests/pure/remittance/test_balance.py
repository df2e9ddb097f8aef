from decimal import Decimal

import pytest
from remittance_files import HEADER, codes, read

SERVICE = "remittance.balance.service"
CLAIM = "remittance.balance.claim"
TRANSACTION = "remittance.balance.transaction"


def paying(amount: str) -> tuple[str, ...]:
    return HEADER[0].replace("*80*", f"*{amount}*"), *HEADER[1:]


@pytest.mark.parametrize(
    ("amount", "segments"),
    [
        pytest.param("80", ["CLP*A*1*100*80", "CAS*CO*45*20"], id="claim level only"),
        pytest.param(
            "80", ["CLP*A*1*100*80", "SVC*HC:1*100*80", "CAS*CO*45*15", "CAS*PR*2*5"], id="service level"
        ),
        pytest.param(
            "75", ["CLP*A*1*100*75", "CAS*OA*23*5", "SVC*HC:1*100*80", "CAS*CO*45*20"], id="both levels"
        ),
        pytest.param("110", ["CLP*A*1*100*110", "CAS*CO*94*-10"], id="negative adjustment pays more"),
        pytest.param("0", ["CLP*A*1*100*0", "CAS*PR*1*100"], id="all deductible"),
        pytest.param("0", ["CLP*A*1*0*0"], id="nothing"),
        pytest.param(
            "20",
            ["CLP*A*22*-100*-80", "CAS*CO*45*-20", "CLP*A*1*100*100"],
            id="reversal and correction",
        ),
        pytest.param("0.3", ["CLP*A*1*.1*.1", "CLP*B*1*0.20*0.2"], id="no binary fractions"),
        pytest.param("60", ["CLP*A*1*80*80", "PLB*1*20261231*WO:A*20"], id="positive PLB reduces"),
        pytest.param("92.5", ["CLP*A*1*80*80", "PLB*1*20261231*L6*-12.5"], id="negative PLB adds"),
        pytest.param("80", ["CLP*A*1*80*80", "PLB*1*20261231*WO:A*200*72:B*-200"], id="PLB pairs"),
        pytest.param("-5", ["PLB*1*20261231*WO:A*5"], id="PLB only"),
        pytest.param(
            "80",
            ["CLP*A*1*100*80*99", "CAS*CO*45*20", "AMT*AU*1", "AMT*I*5"],
            id="CLP05 and AMT do not count",
        ),
    ],
)
def test_balanced(amount, segments):
    _, claims, summary = read(*segments, header=paying(amount))
    assert summary.findings == []
    assert summary.balanced
    assert all(claim.findings == [] for claim in claims)


@pytest.mark.parametrize(
    "worked",
    [
        ("612.5", ["CLP*A*1*600*600", "CLP*B*1*50*0", "CAS*CO*96*50", "PLB*1*20261231*L6*-12.5"]),
        ("400", ["CLP*A*22*-600*-600", "CLP*A*1*400*400", "CLP*C*1*400*400", "PLB*1*20261231*WO:A*-200"]),
        ("195", ["CLP*D*1*400*400", "PLB*1*20261231*WO:A*200*L6*5"]),
        ("0", ["CLP*E*22*-200*-200", "PLB*1*20261231*FB:EFT1*-200"]),
        ("400", ["CLP*F*1*600*600", "PLB*1*20261231*FB:EFT1*200"]),
        ("400", ["CLP*G*1*400*400", "PLB*1*20261231*WO:A*200*72:CHECK*-200"]),
    ],
)
def test_worked_examples(worked):
    amount, segments = worked
    assert read(*segments, header=paying(amount))[2].balanced


def test_service_level():
    _, (claim,), summary = read(
        "CLP*A1*1*100*80", "SVC*HC:1*60*50", "CAS*CO*45*15", "SVC*HC:2*40*30", "CAS*CO*45*5"
    )
    first, second = summary.findings
    assert (first.code, second.code) == (SERVICE, SERVICE)
    assert first.location == "ST 0001, loop 2110, segment 16 (SVC of CLP A1), SVC03"
    assert first.expected == "45 = SVC02 60 - CAS 15"
    assert first.found == "50"
    assert first.message == "Service line does not balance: difference 5"
    assert first.amount == Decimal(5)
    assert second.message == "Service line does not balance: difference -5"
    assert second.amount == Decimal(5)
    assert claim.findings == [first, second]
    assert not summary.balanced


def test_claim_level():
    _, (claim,), summary = read("CLP*A1*1*100*80", "CAS*CO*45*7.5")
    (finding,) = summary.findings
    assert finding.code == CLAIM
    assert finding.location == "ST 0001, loop 2100, segment 15 (CLP A1), CLP04"
    assert finding.expected == "92.5 = CLP03 100 - CAS 7.5"
    assert (finding.found, finding.amount) == ("80", Decimal("12.5"))
    assert "difference -12.5" in finding.message
    assert claim.findings == [finding]


def test_transaction_level():
    _, (claim,), summary = read("CLP*A1*1*80*80", "PLB*1*20261231*WO:A*30", header=paying("60"))
    (finding,) = summary.findings
    assert finding.code == TRANSACTION
    assert finding.location == "ST 0001, before loop 2000 (BPR), BPR02"
    assert finding.expected == "50 = CLP04 80 - PLB 30"
    assert (finding.found, finding.amount) == ("60", Decimal(10))
    assert claim.findings == []


def test_all_levels_at_once():
    _, _, summary = read("CLP*A1*1*100*90", "SVC*HC:1*100*80", "CAS*CO*45*15")
    assert codes(summary.findings) == [SERVICE, CLAIM, TRANSACTION]


def test_many_unbalanced_claims_are_summed_up_but_each_knows_its_own():
    segments = [f"CLP*A{number}*1*100*80" for number in range(250)]
    _, claims, summary = read(*segments, header=paying("20000"))
    assert all(codes(claim.findings) == [CLAIM] for claim in claims)
    assert codes(summary.findings) == [CLAIM] * 100 + ["findings.omitted"]
    assert not summary.balanced


def test_a_flood_of_findings_of_one_claim_is_bounded():
    _, (claim,), summary = read("CLP*A*1*80*70", *("ZZ*1" for _ in range(500)))
    expected = ["remittance.segment_unknown"] * 100 + [CLAIM]
    assert codes(claim.findings) == [*expected, "findings.omitted"]
    assert summary.findings[:101] == claim.findings[:101]


def test_a_flood_of_other_findings_does_not_hide_the_balance():
    segments = ["CLP*A*1*80*80", *("ZZ*1" for _ in range(500)), "CLP*B*1*1*0"]
    _, _, summary = read(*segments)
    assert CLAIM in codes(summary.findings)
    assert not summary.balanced
