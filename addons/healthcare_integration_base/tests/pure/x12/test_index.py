import tracemalloc
from itertools import count, islice

import pytest
from x12_files import FILE, GROUP, HEADER, TRAILERS, chunks, file_of, transaction

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import (
    Delimiters,
    TransactionIndex,
    TransactionReader,
    read_transaction,
)

TWO = transaction(1, "BPR*I*10"), transaction(2, "BIG*20260302*1", set_identifier="810")
MANY = TWO * 30


def test_every_transaction_is_listed():
    entries = list(TransactionIndex(file_of(*TWO).encode()))
    assert [entry.ordinal for entry in entries] == [1, 2]
    assert [entry.envelope.set_identifier for entry in entries] == ["835", "810"]
    assert [entry.envelope.control_number for entry in entries] == ["0001", "0002"]
    assert [(entry.first_position, entry.last_position) for entry in entries] == [(3, 5), (6, 8)]
    assert [entry.segment_count for entry in entries] == [3, 3]
    assert entries[0].envelope.interchange.usage == "P"
    assert entries[1].envelope.group.version == "005010X221A1"


@pytest.mark.parametrize("line_break", ["", "\n", "\r\n", "\n    "])
@pytest.mark.parametrize("size", [1, 5, 111, 100_000])
def test_byte_range_is_exactly_st_to_se(line_break, size):
    data = file_of(*MANY).replace("~", "~" + line_break).encode()
    entries = list(TransactionIndex(chunks(data, size)))
    parts = [data[entry.start : entry.end].decode() for entry in entries]
    assert parts == [part.replace("~", "~" + line_break).rstrip(line_break or None) for part in MANY]


def test_byte_range_reads_to_the_same_segments():
    data = file_of(*MANY).replace("~", "\n").encode()
    for entry, whole in zip(TransactionIndex(data), TransactionReader(data), strict=True):
        part = read_transaction(data[entry.start : entry.end], entry.envelope)
        assert list(part.segments) == list(whole.segments)


def test_range_counts_bytes_not_characters():
    data = file_of(transaction(1, "N1*PR*Café"), transaction(2)).encode()
    _, second = TransactionIndex(data)
    assert data[second.start : second.end] == transaction(2).encode()


def test_offset_of_a_byte_order_mark_counts():
    (entry,) = TransactionIndex(b"\xef\xbb\xbf" + FILE.encode())
    assert entry.start == 3 + len(HEADER + GROUP)


def test_further_interchange_with_other_delimiters():
    second = file_of(transaction(3)).translate(str.maketrans("*:~^", "|>'!"))
    data = (FILE + second).encode()
    _, entry = TransactionIndex(data)
    assert entry.envelope.delimiters == Delimiters("|", ">", "'", "!")
    assert data[entry.start : entry.end].decode() == "ST|835|0003'SE|2|0003'"


def test_missing_trailer_ends_at_the_last_segment():
    cut = TWO[0].replace("SE*3*0001~", "")
    data = (HEADER + GROUP + cut + TWO[1] + TRAILERS).encode()
    first, second = TransactionIndex(data)
    assert data[first.start : first.end].decode() == cut
    assert [finding.code for finding in first.findings] == ["x12.se_missing"]
    assert second.findings == []


@pytest.mark.parametrize("end", ["ST*835*0001~BPR*I~", "ST*835*0001~BPR*I"])
def test_cut_off_file(end):
    index = TransactionIndex((HEADER + GROUP + end).encode())
    (entry,) = index
    assert (entry.start, entry.end) == (len(HEADER + GROUP), len(HEADER + GROUP + end))
    assert [finding.code for finding in entry.findings] == ["x12.se_missing"]
    codes = [finding.code for finding in index.findings.report()]
    assert codes[-2:] == ["x12.ge_missing", "x12.iea_missing"]


def test_index_and_reader_find_the_same():
    data = file_of(*TWO).replace("SE*3*0001", "SE*7*0001").replace("GE*2", "GE*3").encode()
    index, reader = TransactionIndex(data), TransactionReader(data)
    of_index = [entry.findings for entry in index]
    of_reader = [list(one.segments) and one.findings for one in reader]
    assert of_index == [findings.report() for findings in of_reader]
    assert index.findings.report() == reader.findings.report() != []


def test_segments_that_only_begin_like_an_envelope_do_not_count():
    (entry,) = TransactionIndex(file_of(transaction(1, "STC*A1", "SVC*HC:1", "GSX*1", "SEX")).encode())
    assert entry.segment_count == 6


def test_not_x12():
    with pytest.raises(DocumentError):
        list(TransactionIndex(b"not an interchange"))


def test_an_endless_file_needs_constant_memory():
    body = [f"CLP*{number}*1*100*80" for number in range(200)]

    def endless():
        yield (HEADER + GROUP).encode()
        for number in count():
            yield transaction(number % 10_000, *body).encode()

    index = iter(TransactionIndex(endless()))
    list(islice(index, 100))
    tracemalloc.start()
    try:
        list(islice(index, 100))
        before, _ = tracemalloc.get_traced_memory()
        tracemalloc.reset_peak()
        assert sum(1 for _ in islice(index, 1000)) == 1000
        after, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 100_000
    assert peak - before < 1_000_000
