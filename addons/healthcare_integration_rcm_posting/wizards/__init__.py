from . import (
    rcm_bank_match,
    rcm_bank_match_candidate,
    rcm_claim_match,
    rcm_claim_match_candidate,
    rcm_party_mapping,
    rcm_posting_setup,
    rcm_posting_setup_line,
    rcm_remittance_preview,
    rcm_remittance_preview_line,
)
