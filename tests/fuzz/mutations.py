"""Inputs made from seeds: each is named by its number, and the same number always makes the same input."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

LONGEST = 4_096
#: What upsets readers of any format.
TOKENS = (
    b"\0",
    b"\r\n",
    b"\xff\xfe",
    b"\xed\xa0\x80",
    b"\xe2\x80\xae",
    b"%s%n{0}${x}",
    b"-1",
    b"0",
    b"99999999999999999999",
    b"1e999999999",
    b"NaN",
    b"-Infinity",
    b"00000000",
    b"99999999",
    b"../../etc/passwd",
    b"<!ENTITY x SYSTEM 'file:///dev/zero'>",
)


def generator(seed: int, target: str, number: int) -> random.Random:
    """Return the source of chance of one input."""
    return random.Random(f"{seed}/{target}/{number}")


def mutated(
    chance: random.Random, seeds: Sequence[bytes], tokens: Sequence[bytes] = (), most_changes: int = 8
) -> bytes:
    """Return one of the seeds with one change to as many as ``most_changes``."""
    data = bytearray(chance.choice(seeds))
    words = (*TOKENS, *tokens)
    for _change in range(chance.randint(1, most_changes)):
        chance.choice(_CHANGES)(chance, data, seeds, words)
        del data[LONGEST:]
    return bytes(data)


def _place(chance, data) -> int:
    return chance.randint(0, len(data))


def _stretch(chance, data) -> slice:
    start = _place(chance, data)
    return slice(start, start + chance.choice((1, 2, 4, 16, 64, 256)))


def _flip(chance, data, _seeds, _words):
    if data:
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)


def _replace_byte(chance, data, _seeds, _words):
    if data:
        data[chance.randrange(len(data))] = chance.randrange(256)


def _delete(chance, data, _seeds, _words):
    del data[_stretch(chance, data)]


def _repeat(chance, data, _seeds, _words):
    stretch = data[_stretch(chance, data)]
    place = _place(chance, data)
    data[place:place] = stretch * chance.choice((1, 2, 8, 64))


def _insert_word(chance, data, _seeds, words):
    place = _place(chance, data)
    data[place:place] = chance.choice(words)


def _overwrite_word(chance, data, _seeds, words):
    word, place = chance.choice(words), _place(chance, data)
    data[place : place + len(word)] = word


def _swap(chance, data, _seeds, _words):
    first, second = _stretch(chance, data), _stretch(chance, data)
    data[first], data[second] = data[second], data[first]


def _cut(chance, data, _seeds, _words):
    del data[_place(chance, data) :]


def _splice(chance, data, seeds, _words):
    other = chance.choice(seeds)
    data[_place(chance, data) :] = other[chance.randint(0, len(other)) :]


_CHANGES: tuple[Callable, ...] = (
    _flip,
    _replace_byte,
    _delete,
    _repeat,
    _insert_word,
    _overwrite_word,
    _swap,
    _cut,
    _splice,
)
