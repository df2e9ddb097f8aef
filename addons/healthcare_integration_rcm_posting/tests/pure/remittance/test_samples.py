from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from remittance_files import codes

from odoo.addons.healthcare_integration_base.formats.x12 import FindingLog, TransactionIndex
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    Remittance,
    read_remittance,
    read_remittance_file,
    read_remittance_transaction,
    remittance_segments,
)

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "x12_835"
NOTICE = "azoner-pyx12__pyx12_tests_835_mult_loops.txt"
NOTICE_OLD_VERSION = "azoner-pyx12__H_6bf5859_pyx12_tests_835_mult_loops.txt"
PREFIX = "keironstoddart-edi-835-parser__tests_test_edi_835_files_"
BLUE_CROSS = f"{PREFIX}blue_cross_nc_sample.txt"
MEDICAID = f"{PREFIX}emedny_sample.txt"
UNITED = f"{PREFIX}united_healthcare_legacy_sample.txt"

# usage, payment, (claim, charge, paid, service lines) of each claim, findings of the transaction, of the file
OUTCOMES = {
    NOTICE: ("P", "0", [("2005555A", "915.39", "0", 3)], [], []),
    NOTICE_OLD_VERSION: ("P", "0", [("2005555A", "915.39", "0", 3)], ["remittance.version"], []),
    BLUE_CROSS: (
        "",
        "1922.86",
        [("200200964A52", "2100", "1922.86", 3)],
        ["x12.decimal", "x12.decimal", "x12.segment_count"],
        ["x12.interchange_missing", "x12.gs_missing"],
    ),
    MEDICAID: (
        "T",
        "45.75",
        [
            ("PATIENT ACCOUNT NUMBER", "34.25", "34.25", 4),
            ("PATIENT ACCOUNT NUMBER", "34", "0", 2),
            ("PATIENT ACCOUNT NUMBER", "34.25", "11.5", 4),
        ],
        [],
        [],
    ),
    UNITED: (
        "P",
        "349.99",
        [("001-18573-358", "341.28", "88.92", 2), ("001-18604-358", "816.24", "261.07", 3)],
        [],
        [],
    ),
}


def test_every_sample_has_an_outcome():
    assert {path.name for path in SAMPLES.glob("*.txt")} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome(name):
    usage, payment, expected_claims, transaction_codes, file_codes = OUTCOMES[name]
    file_findings = FindingLog()
    with (SAMPLES / name).open("rb") as file:
        header, *claims, summary = read_remittance_file(file, file_findings)
    assert (header.usage, header.amount) == (usage, Decimal(payment))
    assert [(claim.claim_id, claim.charge, claim.paid, len(claim.service_lines)) for claim in claims] == [
        (claim, Decimal(charge), Decimal(paid), lines) for claim, charge, paid, lines in expected_claims
    ]
    assert summary.paid_total == header.amount
    assert summary.balanced
    assert codes(summary.findings) == transaction_codes
    assert codes(file_findings.report()) == file_codes


@pytest.mark.parametrize("name", OUTCOMES)
def test_part_of_the_file_reads_as_the_file(name):
    data = (SAMPLES / name).read_bytes()
    (entry,) = TransactionIndex(data)
    part = list(read_remittance_transaction(data[entry.start : entry.end], entry.envelope))
    assert part == list(read_remittance_file(data))


@pytest.mark.parametrize("name", set(OUTCOMES) - {BLUE_CROSS})
def test_written_again_it_reads_the_same(name):
    data = (SAMPLES / name).read_bytes()
    (entry,) = TransactionIndex(data)
    header, *claims, summary = read_remittance_file(data)
    segments = [["ST", "835", header.control_number]]
    component = entry.envelope.delimiters.component
    for segment in remittance_segments(Remittance(header, claims, summary.provider_adjustments)):
        segments.append([component.join(value) if isinstance(value, tuple) else value for value in segment])
    again, *claims_again, summary_again = read_remittance(segments, entry.envelope)
    assert again == header
    assert [without_positions(claim) for claim in claims_again] == [
        without_positions(claim) for claim in claims
    ]
    assert summary_again.paid_total == summary.paid_total


def without_positions(claim):
    lines = [
        replace(line, position=0, adjustments=[replace(one, position=0) for one in line.adjustments])
        for line in claim.service_lines
    ]
    own = [replace(one, position=0) for one in claim.adjustments]
    return replace(claim, position=0, adjustments=own, service_lines=lines)
