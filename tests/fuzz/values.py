"""Values of any shape, as documents in Python hold them."""

from __future__ import annotations

import random
from collections.abc import Sequence


def value(chance: random.Random, names: Sequence[str], scalars: Sequence[object], depth: int) -> object:
    """Return a scalar, or an object or list of so many levels at most."""
    kind = chance.random()
    if not depth or kind < 0.4:
        return chance.choice(scalars)
    if kind < 0.7:
        return {
            chance.choice(names): value(chance, names, scalars, depth - 1)
            for _item in range(chance.randint(0, 4))
        }
    return [value(chance, names, scalars, depth - 1) for _item in range(chance.randint(0, 4))]
