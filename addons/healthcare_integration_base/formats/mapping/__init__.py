"""Field mapping: records of any format to canonical documents and back, by a table of lines.

A line reads one path of the record, transforms the value by one named function of a closed set, may
translate it by a crosswalk, and puts it into one target field. There are no expressions to evaluate. A
mapping is compiled once (:class:`CompiledMapping`), which finds everything that is wrong with its lines,
and is then applied to any number of records as they are read::

    mapping = CompiledMapping([Rule("payer.id", "payer"), Rule("amount", "amount", "decimal")], JsonPaths())
    for mapped in mapping.apply_all(read_json(chunks), lookup):
        ...  # mapped.values or mapped.error

A canonical document is made of str, int, Decimal, bool, date, datetime (naive UTC), dict and list, and of
what crosswalks give. Outwards a mapping reads canonical documents with :class:`JsonPaths`, and what it gives
is written by a writer of the format.
"""

from .compiler import InvalidMapping, check_line
from .engine import CompiledMapping, LineOutcome, Lookup, MappedRecord, no_crosswalks
from .paths import ColumnPaths, JsonPaths, XmlPaths
from .rules import CONDITIONS, Rule
from .schema import SchemaField, schema_problems
from .transforms import GROUP, TRANSFORMS
