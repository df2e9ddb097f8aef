"""Figures as tables: for the terminal, and in RESULTS.md, where each benchmark has a section of its own."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path

from .figures import Figure

FILE = Path(__file__).with_name("RESULTS.md")
HEADS = ("what", "figure", "peer or limit", "ratio", "target", "")
#: Columns are wrapped to these widths on the terminal.
_WIDTHS = (40, 28, 34, 6, 18, 6)


def cells(figure: Figure) -> tuple[str, ...]:
    """Return the texts of a figure's row."""
    ratio = "" if figure.ratio is None else f"{figure.ratio:.{1 if figure.ratio >= 10 else 2}f}"
    verdict = {True: "met", False: "MISSED", None: ""}[figure.met]
    return figure.what, figure.figure, figure.peer, ratio, figure.target, verdict


def terminal_table(figures: Iterable[Figure]) -> str:
    """Return the table for a terminal; long texts are wrapped within their column."""
    rule = "  ".join("-" * width for width in _WIDTHS)
    rows = [_wrapped(cells(figure)) for figure in figures]
    return "\n".join([_wrapped(HEADS), rule, *rows])


def _wrapped(texts: Sequence[str]) -> str:
    columns = [textwrap.wrap(text, width) for text, width in zip(texts, _WIDTHS, strict=True)]
    lines = []
    for number in range(max(map(len, columns))):
        parts = [column[number] if number < len(column) else "" for column in columns]
        padded = (f"{part:{width}}" for part, width in zip(parts, _WIDTHS, strict=True))
        lines.append("  ".join(padded).rstrip())
    return "\n".join(lines)


def section(name: str, machine: str, figures: Iterable[Figure]) -> str:
    """Return a benchmark's section of RESULTS.md."""
    rows = [f"| {' | '.join(cells(figure))} |" for figure in figures]
    head = [f"| {' | '.join(HEADS)} |", "|---|---|---|---|---|---|"]
    return "\n".join([f"## {name}", "", f"{machine}.", "", *head, *rows]) + "\n"


def renewed(text: str, name: str, new_section: str) -> str:
    """Return the text of RESULTS.md with one section replaced, or added at the end."""
    pattern = re.compile(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", re.MULTILINE | re.DOTALL)
    found = pattern.search(text)
    if not found:
        return f"{text.rstrip()}\n\n{new_section}"
    rest = text[found.end() :]
    return text[: found.start()] + new_section + (f"\n{rest}" if rest else "")
