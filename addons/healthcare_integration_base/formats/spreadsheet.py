"""Text that a spreadsheet program takes as text when a person opens an exported file.

For files that people open only: a file for another system must carry its values as they are.
"""

from __future__ import annotations

#: What makes a cell a formula, or is skipped before what does (OWASP, CSV Injection). Libraries that write
#: XLSX files make formulas of arrays and links to other hosts' files of the last two.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠", "{=", "external:")


def plain_cell(value):
    """Return a value that no spreadsheet program runs; only text that would be run is changed.

    >>> plain_cell('=HYPERLINK("http://evil.example","Open")')
    '\\'=HYPERLINK("http://evil.example","Open")'
    >>> plain_cell("{=1+1}"), plain_cell("external:evil.example")
    ("'{=1+1}", "'external:evil.example")
    >>> plain_cell("remittance.835"), plain_cell(-5)
    ('remittance.835', -5)
    """
    if isinstance(value, str) and value.startswith(_FORMULA_STARTS):
        return f"'{value}"
    return value
