from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.audit_chain import (
    Difference,
    Seal,
    differences,
    entry_digest,
    manifest,
    read_manifest,
)

entries = st.dictionaries(st.integers(1, 2**63), st.binary(min_size=16, max_size=16))
SEAL = Seal(
    number=2,
    cluster="7710354479887197574",
    first_transaction=700,
    end_transaction=900,
    manifest=manifest([(1, b"a" * 16), (2, b"b" * 16)]),
    previous_code="ab",
    key_id="key-1",
    sealed_at="2026-01-31T12:00:00",
)


@given(entries)
def test_a_manifest_is_read_back_in_order(found):
    assert list(read_manifest(manifest(found.items()))) == sorted(found.items())


@given(entries, entries)
def test_differences_name_exactly_what_differs(sealed, found):
    reported = {(item.kind, item.entry_id) for item in differences(manifest(sealed.items()), found.items())}
    expected = {("removed", number) for number in sealed if number not in found}
    expected |= {("inserted", number) for number in found if number not in sealed}
    expected |= {
        ("changed", number) for number in sealed if number in found and sealed[number] != found[number]
    }
    assert reported == expected


def test_differences_of_one_log():
    sealed = manifest([(1, b"a" * 16), (2, b"b" * 16), (3, b"c" * 16)])
    found = [(1, b"a" * 16), (2, b"x" * 16), (4, b"d" * 16)]
    assert differences(sealed, found) == [
        Difference("changed", 2),
        Difference("removed", 3),
        Difference("inserted", 4),
    ]


@pytest.mark.parametrize(
    "one, other",
    [
        (["ab", "c"], ["a", "bc"]),
        ([None], [""]),
        (["1"], [1]),
        (["a", None], ["a"]),
        (["\u00e9"], ["e\u0301"]),
    ],
)
def test_rows_that_differ_have_different_digests(one, other):
    assert entry_digest(one) != entry_digest(other)


def test_digests_of_stored_seals_stay_what_they_are():
    assert entry_digest([7, "a", None, "\u00e9"]).hex() == "6a31be4bf01883cd728eb08144146bb6"
    assert SEAL.message() == (
        b'[2, "7710354479887197574", 700, 900, 2, '
        b'"9aefb6ff1eb51924a3100788339eb49e099dda198046a2503de2b1c83ac0bbc3", '
        b'"ab", "key-1", "2026-01-31T12:00:00"]'
    )


@pytest.mark.parametrize(
    "change",
    [
        {"number": 3},
        {"cluster": "1"},
        {"first_transaction": 0},
        {"end_transaction": 901},
        {"manifest": manifest([(1, b"a" * 16), (2, b"c" * 16)])},
        {"previous_code": "ac"},
        {"key_id": "key-2"},
        {"sealed_at": "2026-01-31T12:00:01"},
    ],
)
def test_the_code_covers_every_part_of_a_seal(change):
    assert replace(SEAL, **change).message() != SEAL.message()
