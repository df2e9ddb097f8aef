"""CSV and fixed width files by a column table, read and written as streams of typed rows.

A file may have a header and a trailer record, told apart by a code, whose counts and totals are checked when
it is read and filled in when it is written.
"""

from .layout import CHECKS, NUMBERS, ROLES, Column, CsvLayout, FixedWidthLayout
from .reader import read_csv, read_fixed_width
from .writer import write_csv, write_fixed_width
