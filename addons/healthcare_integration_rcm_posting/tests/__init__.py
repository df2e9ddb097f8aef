from . import (
    test_access_matrix,
    test_accounting_table,
    test_bank,
    test_holds,
    test_identity,
    test_ledger,
    test_parts,
    test_preview,
    test_review,
    test_samples,
    test_undo,
    test_views,
)
