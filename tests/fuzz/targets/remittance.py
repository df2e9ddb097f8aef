"""The 835 reader: every transaction of a damaged file, cut out of it as the kernel does."""

from odoo.addons.healthcare_integration_base.formats.x12 import TransactionIndex
from odoo.addons.healthcare_integration_rcm_posting.formats.remittance import (
    read_remittance_file,
    read_remittance_transaction,
)

from tests.fuzz.mutations import mutated
from tests.fuzz.samples import X12_TOKENS, sample_files

SHARE = 30
SEEDS = sample_files("x12_835")


def make(chance):
    return mutated(chance, SEEDS, X12_TOKENS)


def run(data):
    for entry in TransactionIndex([data]):
        if entry.envelope.set_identifier == "835":
            for document in read_remittance_transaction([data[entry.start : entry.end]], entry.envelope):
                repr(document)
    for document in read_remittance_file([data]):
        repr(document)
