"""The X12 835 remittance: typed documents, reader, balance, writer. Pure Python."""

from .balance import claim_balance, transaction_balance
from .documents import (
    Adjustment,
    Claim,
    Party,
    ProviderAdjustment,
    RemittanceHeader,
    RemittanceSummary,
    ServiceLine,
)
from .reader import read_remittance, read_remittance_file, read_remittance_transaction
from .writer import Remittance, remittance_segments, write_remittance_file
