import io
from itertools import count, islice

import pytest
from x12_files import FILE, HEADER, LONG_FILE, chunks, file_of, transaction

from odoo.addons.healthcare_integration_base.errors import DocumentError
from odoo.addons.healthcare_integration_base.formats.x12 import Delimiters, FindingLog, read_segments
from odoo.addons.healthcare_integration_base.formats.x12.reader import (
    SEGMENT_BYTES_LIMIT,
    block_text,
    read_blocks,
    segment_texts,
    split_elements,
)

SEGMENTS = [segment.split("*") for segment in FILE.split("~")[:-1]]
LONG_SEGMENTS = [segment.split("*") for segment in LONG_FILE.split("~")[:-1]]


def read(source) -> tuple[list[list[str]], list[str]]:
    """Return all segments of a source and the codes of the findings."""
    findings = FindingLog()
    segments = []
    for block in read_blocks(source, findings):
        texts = segment_texts(block_text(block, findings), block.delimiters)
        segments += split_elements(texts, block.delimiters)
    return segments, [finding.code for finding in findings.report()]


def test_segments_of_a_file():
    assert read(FILE.encode()) == (SEGMENTS, [])


@pytest.mark.parametrize("source", [FILE.encode(), io.BytesIO(FILE.encode()), iter(chunks(FILE.encode(), 7))])
def test_bytes_files_and_iterables_are_sources(source):
    assert read(source) == (SEGMENTS, [])


@pytest.mark.parametrize("line_break", ["", "\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 50, 106, 107, 1000])
def test_chunk_size_does_not_matter(size, line_break):
    text = LONG_FILE.replace("~", "~" + line_break)
    data = (text + text.translate(str.maketrans("*:~", "|>'"))).encode()
    segments, codes = read(chunks(data, size))
    assert (segments[: len(LONG_SEGMENTS)], codes) == (LONG_SEGMENTS, [])
    assert [segment[1:] for segment in segments[len(LONG_SEGMENTS) + 1 :]] == [
        segment[1:] for segment in LONG_SEGMENTS[1:]
    ]


@pytest.mark.parametrize("separator", ["~\n", "~\r\n", "\n", "\r\n", "\r", "~\n\n", "~\n    ", "~\t", "~~"])
def test_line_breaks_indentation_and_blank_segments_are_no_data(separator):
    segments, codes = read(FILE.replace("~", separator).encode())
    expected = [list(segment) for segment in SEGMENTS]
    assert segments == expected
    assert codes == []


def test_wrapped_lines():
    wrapped = "\r\n".join(FILE[start : start + 80] for start in range(0, len(FILE), 80))
    segments, _codes = read(wrapped.encode())
    assert segments == SEGMENTS


def test_white_space_inside_values_is_kept():
    segments, _ = read(FILE.replace("BPR*I*0", "BPR* I *0").encode())
    assert ["BPR", " I ", "0", "C", "NON"] in segments


@pytest.mark.parametrize("padding", ["\x1a", "\r\n\x1a", "   "])
def test_padding_at_the_end_of_the_file(padding):
    assert read((FILE + padding).encode()) == (SEGMENTS, [])


def test_missing_last_terminator():
    assert read(FILE[:-1].encode()) == (SEGMENTS, ["x12.segment_unterminated"])


def test_latin_1_segment_among_utf_8_segments():
    data = FILE.encode().replace(b"SE*", b"N1*PR*Caf\xc3\xa9~N1*PE*Caf\xe9~SE*")
    segments, codes = read(data)
    assert ["N1", "PR", "Café"] in segments
    assert ["N1", "PE", "Café"] in segments
    assert codes == ["x12.encoding"]


@pytest.mark.parametrize("size", [1, 10, 100_000])
@pytest.mark.parametrize("line_break", ["", "\r\n"])
def test_place_of_a_segment_that_is_not_utf_8(line_break, size):
    data = LONG_FILE.replace("~", "~" + line_break).encode()
    start = data.rindex(b"LX*1")
    data = data[: start + 3] + b"\xe9" + data[start + 3 :]
    findings = FindingLog()
    assert list(read_segments(chunks(data, size), Delimiters("*", ":", "~", "^"), findings))
    assert [finding.location for finding in findings.report()] == [f"the segment at byte {start}"]


def test_each_interchange_has_its_own_delimiters():
    other = FILE.translate(str.maketrans("*:~", "|>\n"))
    assert read((FILE + other + FILE).encode()) == (SEGMENTS + read(other.encode())[0] + SEGMENTS, [])


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_interchange_behind_a_missing_terminator_and_line_break(size):
    segments, codes = read(chunks(f"{LONG_FILE[:-1]}\n{FILE}".encode(), size))
    assert segments == LONG_SEGMENTS + SEGMENTS
    assert codes == ["x12.segment_unterminated"]


@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_a_terminator_may_be_the_next_interchange_s_element_separator(size):
    other = FILE.translate(str.maketrans("*~", "~*"))
    assert read(chunks((LONG_FILE + other).encode(), size)) == (LONG_SEGMENTS + SEGMENTS, [])


def test_isa_inside_a_value_starts_no_interchange():
    text = FILE.replace("BPR*I", "N1*LISA*ISA*00*I")
    assert ["N1", "LISA", "ISA", "00", "I", "0", "C", "NON"] in read(text.encode())[0]


def test_damaged_further_header_ends_the_reading_with_a_finding():
    damaged = HEADER.replace("*P*:~", "*P") + "~ST*835~" * 200
    segments, codes = read(chunks((LONG_FILE + damaged).encode(), 100))
    assert segments == LONG_SEGMENTS
    assert codes == ["x12.isa_malformed"]


def test_segment_without_end():
    endless = (HEADER.encode(), *(b"x" * 65536 for _ in range(SEGMENT_BYTES_LIMIT // 65536 + 1)))
    with pytest.raises(DocumentError) as caught:
        read(endless)
    assert caught.value.code == "x12.segment_too_long"
    assert caught.value.location == "byte 106"


def test_an_endless_source_is_read_as_it_comes():
    numbers = count()

    def source():
        yield HEADER.encode()
        yield from (transaction(number, "BPR*I").encode() for number in numbers)

    assert len(list(islice(read_blocks(source(), FindingLog()), 50))) == 50
    assert next(numbers) < 100


def test_segments_with_given_delimiters_need_no_header():
    data = transaction(1, "BPR*I").encode()
    assert list(read_segments(data, Delimiters())) == [
        ["ST", "835", "0001"],
        ["BPR", "I"],
        ["SE", "3", "0001"],
    ]


def test_delimiters_of_a_regular_expression_are_plain_characters():
    text = file_of(transaction(1, "BPR*I*0")).translate(str.maketrans("*:~^", "|.$?"))
    segments, codes = read(text.encode())
    assert segments == [segment.split("|") for segment in text.split("$")[:-1]]
    assert codes == []
