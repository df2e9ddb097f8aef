"""X12: reading and writing interchanges of any transaction set. Pure Python, streaming.

=====================  =========================================================================
module                 idea
=====================  =========================================================================
``delimiters``         the delimiters of an interchange from its header
``reader``             bytes to segments
``values``             decimals, dates, times, periods
``envelope``           ISA, GS and ST as typed data
``tracker``            the checks of the envelopes
``transactions``       the transactions of a file, each a stream of segments
``index``              where each transaction of a file is, without reading it
``writer``             segments to bytes
``findings``           a bounded log of findings
=====================  =========================================================================
"""

from .delimiters import Delimiters
from .envelope import Group, Interchange, TransactionEnvelope
from .findings import FindingLog
from .index import TransactionEntry, TransactionIndex
from .reader import Segment, Source, read_segments
from .transactions import Transaction, TransactionReader, read_transaction
from .values import (
    UnreadableValue,
    date_element,
    decimal_element,
    element,
    parse_date,
    parse_decimal,
    parse_period,
    parse_time,
    remembering,
    unreadable_finding,
)
from .writer import (
    SegmentWriter,
    date_text,
    decimal_text,
    write_group,
    write_interchange,
    write_transaction,
)
