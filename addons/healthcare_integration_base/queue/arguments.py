"""What may stand in the arguments of a task: operators read them, and they stay for weeks."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

LONGEST_TEXT = 200
_SECRET_WORDS = re.compile(
    r"passw(or)?d|passphrase|secret|token|credential|authorization|api_?key|private_?key|signature|payload"
)
_LINE_ENDS = re.compile(r"[\r\n\0]")


def task_arguments(ids: list[int], args: tuple, kwargs: dict) -> str:
    """Return the call as JSON: ids, numbers, codes; what else a task needs it reads from its records.

    >>> task_arguments([7], (), {"part": 2})
    '{"ids": [7], "args": [], "kwargs": {"part": 2}}'

    :raise ValueError: for what is no plain JSON, is named like a secret, or is text as documents hold it
    """
    text = json.dumps({"ids": ids, "args": args, "kwargs": kwargs}, allow_nan=False)
    for name, value in _values({"args": list(args), **kwargs}):
        if _looks_like_secret(name):
            raise ValueError(f"{name!r} looks like a secret")
        if isinstance(value, str) and (len(value) > LONGEST_TEXT or _LINE_ENDS.search(value)):
            raise ValueError(f"{name!r} is text of several lines or more than {LONGEST_TEXT} characters")
    return text


def _looks_like_secret(name: str) -> bool:
    """Tell whether a name is that of a secret; ``credential_id`` is the name of an id."""
    return bool(_SECRET_WORDS.search(name.lower())) and not name.endswith(("_id", "_ids"))


def _values(value: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Yield each name and value within a JSON value; items of a list have the list's name."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key), str(key)
            yield from _values(item, str(key))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _values(item, name)
    else:
        yield name, value
