"""JSON as a stream of records, read and written. An array of any length needs the memory of one item.

Stricter than the standard library where it matters: a repeated key, a number that is none or has no end, half
a surrogate pair and a NUL are refused; numbers with a fraction are Decimal.
"""

from .reader import read_json, read_json_lines
from .writer import write_json, write_json_lines
