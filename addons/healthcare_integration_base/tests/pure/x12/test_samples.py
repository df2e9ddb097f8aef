from pathlib import Path

import pytest

from odoo.addons.healthcare_integration_base.formats.x12 import (
    TransactionIndex,
    TransactionReader,
    read_transaction,
)

SAMPLES = Path(__file__).resolve().parents[2] / "samples" / "x12"
NET = "indice-co-EDI.Net__test_indice.Edi.Tests_Samples_x12."
STAEDI = "xlate-staedi__"
RESOURCES = "src_test_resources_x12_"
# the published .NET samples were saved with an editor, and their headers lost their padding
EDITED = ["x12.byte_order_mark", "x12.isa_width"]
RENUMBERED = "x12.interchange_control_number"
MISCOUNTED = ["x12.segment_count"]

# file: (transaction set, segments, findings) of each transaction; findings of the file
OUTCOMES = {
    f"{NET}810.mandatory-conditions.edi": ([("850", 6, MISCOUNTED)], [*EDITED, RENUMBERED]),
    f"{NET}810a.edi": ([("810", 64, [])], EDITED),
    f"{NET}810b.edi": ([("810", 72, [])], EDITED),
    f"{NET}810c.edi": ([("810", 45, [])], EDITED),
    f"{NET}810d.edi": ([("810", 64, [])], EDITED),
    f"{NET}832.edi": ([("832", 12, MISCOUNTED)], EDITED),
    f"{NET}850.edi": ([("850", 11, [])], [*EDITED, RENUMBERED]),
    f"{NET}850.issue135.edi": (
        [("850", 86, MISCOUNTED), ("850", 95, [])],
        ["x12.component_separator_missing"],
    ),
    f"{NET}850a.edi": ([("850", 50, [])], [*EDITED, RENUMBERED]),
    f"{NET}Issue101.edi": ([("850", 5, MISCOUNTED)], [*EDITED, RENUMBERED]),
    f"{NET}Issue172.edi": ([("850", 10, MISCOUNTED)], ["x12.isa_width", RENUMBERED]),
    f"{NET}Issue91.edi": ([("850", 7, MISCOUNTED)], [*EDITED, RENUMBERED]),
    f"{STAEDI}H_01d1618_{RESOURCES}invalid997_min.edi": (
        [("997", 4, MISCOUNTED)],
        ["x12.date", "x12.group_control_number"],
    ),
    f"{STAEDI}H_df07c8e_{RESOURCES}simple997-multiple-interchanges.edi": ([("997", 8, [])] * 2, []),
    f"{STAEDI}{RESOURCES}empty997.edi": ([("997", 2, [])], []),
    f"{STAEDI}{RESOURCES}extraDelimiter997.edi": ([("997", 8, [])], []),
    f"{STAEDI}{RESOURCES}invalid997.edi": ([("997", 8, [])], []),
    f"{STAEDI}{RESOURCES}invalid997_min.edi": ([("997", 4, [])], ["x12.date", "x12.group_control_number"]),
    f"{STAEDI}{RESOURCES}invoice810_po850_dual.edi": (
        [("810", 32, []), ("810", 22, []), ("850", 17, [])],
        [],
    ),
    f"{STAEDI}{RESOURCES}issue590_multi-tx-transaction-type.edi": ([("855", 3, [])] * 2, []),
    f"{STAEDI}{RESOURCES}optionalInterchangeServices.edi": ([("997", 4, [])], []),
    f"{STAEDI}{RESOURCES}simple810.edi": ([("810", 32, []), ("810", 22, [])], []),
    f"{STAEDI}{RESOURCES}simple997-multiple-interchanges.edi": ([("997", 8, [])] * 3, []),
    f"{STAEDI}{RESOURCES}simple997.edi": ([("997", 8, [])], []),
}


def test_every_sample_has_an_outcome():
    assert {path.name for path in SAMPLES.glob("*.edi")} == set(OUTCOMES)


@pytest.mark.parametrize("name", OUTCOMES)
def test_outcome(name):
    transactions, findings = OUTCOMES[name]
    with (SAMPLES / name).open("rb") as file:
        index = TransactionIndex(file)
        entries = list(index)
    assert [
        (entry.envelope.set_identifier, entry.segment_count, [finding.code for finding in entry.findings])
        for entry in entries
    ] == transactions
    assert [finding.code for finding in index.findings.report()] == findings


@pytest.mark.parametrize("name", OUTCOMES)
def test_each_part_reads_as_in_its_file(name):
    data = (SAMPLES / name).read_bytes()
    reader = TransactionReader(data)
    for entry, whole in zip(TransactionIndex(data), reader, strict=True):
        segments = list(whole.segments)
        assert len(segments) == entry.segment_count
        assert data[entry.start :].startswith(b"ST")
        assert list(read_transaction(data[entry.start : entry.end], entry.envelope).segments) == segments
        assert whole.envelope == entry.envelope
