"""The readers of records (CSV, fixed width, JSON, XML), fed in chunks of any size, then mapped."""

import json

from odoo.addons.healthcare_integration_base.formats.text import is_storable

from tests.fuzz.mutations import mutated
from tests.fuzz.record_samples import READERS

SHARE = 40
#: Of one file: with more of them hardly a file is read beyond its beginning.
MOST_CHANGES = 3


def make(chance):
    name = chance.choice(list(READERS))
    reader = READERS[name]
    content = mutated(chance, reader.samples, reader.words, MOST_CHANGES)
    return name, content, chance.choice((7, 64, 500, 100_000))


def run(data):
    name, content, size = data
    reader = READERS[name]
    chunks = (content[start : start + size] for start in range(0, len(content), size))
    for mapped in reader.mapping.apply_all(reader.read(chunks)):
        if mapped.error:
            assert mapped.error.code and mapped.error.message
            assert is_storable(str(mapped.error))
        else:
            values = json.dumps(mapped.values, default=str, ensure_ascii=False)
            assert is_storable(values) and "\\u0000" not in values
