"""Which fields of a document leave the house: those that are listed, and no others."""

from __future__ import annotations

import re
from typing import Any

_PATH = re.compile(r"[^\s.,]+(\.[^\s.,]+)*")


def read_field_list(text: str) -> list[str]:
    """Return the paths of a list with one path a line, e.g. ``lines.item``.

    :raises ValueError: naming the line that is no path
    """
    paths = [line.strip() for line in text.splitlines() if line.strip()]
    for path in paths:
        if not _PATH.fullmatch(path):
            raise ValueError(path)
    return paths


def keep_fields(document: Any, paths: list[str]) -> Any:
    """Return a copy of a document (dicts, lists, values) with the listed fields only.

    A path names the fields on the way to what is shared; lists on the way are passed through, and a field
    that is named without any below it is shared with all that it holds.

    >>> keep_fields({"order": 1, "lines": [{"item": "a", "cost": 2}], "note": "x"}, ["order", "lines.item"])
    {'order': 1, 'lines': [{'item': 'a'}]}
    """
    tree: dict[str, Any] = {}
    for path in paths:
        node = tree
        for name in path.split("."):
            node = node.setdefault(name, {})
    for path in paths:
        _share_whole(tree, path.split("."))
    return _kept(document, tree)


def _share_whole(tree: dict, names: list[str]) -> None:
    """Forget what is listed below a field that is listed itself."""
    for name in names[:-1]:
        tree = tree[name]
        if tree is None:
            return
    tree[names[-1]] = None


def _kept(value: Any, tree: dict | None) -> Any:
    if tree is None:
        return value
    if isinstance(value, list):
        return [_kept(item, tree) for item in value if isinstance(item, (dict, list))]
    if isinstance(value, dict):
        return {
            name: _kept(value[name], below)
            for name, below in tree.items()
            if name in value and (below is None or isinstance(value[name], (dict, list)))
        }
    return None
