import datetime
import string

from hypothesis import given, settings
from hypothesis import strategies as st
from x12_files import FILE, LONG_FILE, chunks, file_of, transaction

from odoo.addons.healthcare_integration_base.errors import IntegrationError
from odoo.addons.healthcare_integration_base.formats.x12 import (
    Delimiters,
    Group,
    Interchange,
    SegmentWriter,
    TransactionEnvelope,
    TransactionIndex,
    TransactionReader,
    read_transaction,
    write_group,
    write_interchange,
    write_transaction,
)

CREATED = datetime.datetime(2026, 3, 2, 6, 30)
PUNCTUATION = "*:~^|>'!+?\x1d\x1e\x1f\n"

delimiters = (
    # a line break that delimits anything but segments is beyond what files do
    st.permutations(PUNCTUATION)
    .filter(lambda characters: "\n" not in characters[:3])
    .map(lambda characters: Delimiters(characters[0], characters[1], characters[3], characters[2]))
)
# values hold no delimiter of any kind, so that one set of bodies fits all delimiters
texts = st.text(string.ascii_letters + string.digits + " .,-/&()éß漢", max_size=12)
values = texts | st.lists(texts, min_size=2, max_size=3).map(tuple)
identifiers = st.sampled_from(["BPR", "N1", "CLP", "SVC", "LX", "STC", "SEX", "GSA", "IEX", "B2"])
segments = st.tuples(identifiers, st.lists(values, max_size=5)).map(lambda pair: [pair[0], *pair[1]])
bodies = st.lists(segments, max_size=8)

DATA = (
    LONG_FILE
    + file_of(transaction(1, "BPR*I*0", "N1*PR*Café"), transaction(2, "CLP*1*1*100"), control_number=2)
    .translate(str.maketrans("*:~", "|>'"))
    .replace("'", "'\r\n")
).encode()


def write(writer: SegmentWriter, transactions: list) -> bytes:
    """Return the bytes of an interchange around bodies of segments."""
    interchange = Interchange("1", "ZZ", "A", "ZZ", "B", CREATED, "00501", False, "P")
    group = Group("HP", "A", "B", CREATED, "1", "X", "005010X221A1")
    written = (
        write_transaction(writer, TransactionEnvelope("835", f"{number:04}"), body)
        for number, body in enumerate(transactions)
    )
    return b"".join(write_interchange(writer, interchange, [write_group(writer, group, written)]))


def read(source) -> tuple[list, list[str]]:
    """Return the segments of each transaction, and all findings, or the error in their stead.

    A block's bytes are decoded before its envelope is looked at: the order of the findings means nothing.
    """
    reader = TransactionReader(source)
    try:
        transactions = [(one.envelope, list(one.segments), one.findings.report()) for one in reader]
    except IntegrationError as error:
        return [], [error.code, error.location]
    return transactions, sorted((finding.as_dict() for finding in reader.findings.report()), key=str)


@given(delimiters, st.lists(bodies, max_size=3), st.sampled_from(["", "\n", "\r\n"]))
def test_what_is_written_is_read(used, transactions, line_break):
    writer = SegmentWriter(used, "" if used.segment == "\n" else line_break)
    read_back, findings = read(write(writer, transactions))
    assert findings == []
    assert [envelope.delimiters for envelope, _, _ in read_back] == [used] * len(transactions)
    plain = SegmentWriter(used)
    for body, (_, segments_read, of_transaction) in zip(transactions, read_back, strict=True):
        assert of_transaction == []
        rewritten = [(used.element.join(segment) + used.segment).encode() for segment in segments_read[1:-1]]
        assert rewritten == [plain.write(segment) for segment in body]


@given(st.integers(1, 300))
def test_chunk_boundaries_do_not_matter(size):
    assert read(chunks(DATA, size)) == read(DATA)


def damaged(data: bytes) -> st.SearchStrategy[bytes]:
    """Return a strategy of the bytes with a few of them replaced, inserted, removed or cut off."""
    position = st.integers(0, len(data))
    noise = st.binary(max_size=6) | st.sampled_from(
        [b"*", b"~", b"ISA", b"ISA*00*", b"\n", b"ST*", b"SE*1~", b"IEA~", b"\xe9"]
    )
    edits = st.lists(st.tuples(position, st.integers(0, 40), noise), min_size=1, max_size=4)

    def apply(pairs) -> bytes:
        result = data
        for start, removed, inserted in pairs:
            result = result[:start] + inserted + result[start + removed :]
        return result

    return edits.map(apply)


@settings(max_examples=300)
@given(damaged(DATA), st.integers(1, 200))
def test_damage_ends_in_findings_or_one_error(data, size):
    result = read(data)
    assert read(chunks(data, size)) == result
    index = TransactionIndex(chunks(data, size))
    try:
        entries = list(index)
    except IntegrationError as error:
        assert result == ([], [error.code, error.location])
        return
    assert [entry.envelope for entry in entries] == [envelope for envelope, _, _ in result[0]]
    for entry, (_, segments_read, _) in zip(entries, result[0], strict=True):
        assert entry.segment_count == len(segments_read)
        part = read_transaction(data[entry.start : entry.end], entry.envelope)
        assert list(part.segments) == segments_read


@given(st.binary(max_size=400))
def test_any_bytes(data):
    for source in (data, b"ISA*" + data, FILE.encode()[:106] + data):
        read(source)
        read(chunks(source, 7))
