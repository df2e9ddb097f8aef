"""The index of an X12 file and the stream of its segments, fed in chunks of any size."""

from odoo.addons.healthcare_integration_base.formats.x12 import Delimiters, TransactionIndex, read_segments

from tests.fuzz.mutations import mutated
from tests.fuzz.samples import X12_TOKENS, sample_files

SHARE = 25
SEEDS = sample_files("x12*")


def make(chance):
    return mutated(chance, SEEDS, X12_TOKENS), chance.choice((7, 64, 500, 100_000))


def run(data):
    content, size = data
    chunks = [content[start : start + size] for start in range(0, len(content), size)]
    index = TransactionIndex(chunks)
    for entry in index:
        assert 0 <= entry.start <= entry.end <= len(content)
    assert len(index.findings.report()) < 10_000
    for segment in read_segments(chunks, Delimiters()):
        assert segment
