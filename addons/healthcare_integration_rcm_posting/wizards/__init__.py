from . import rcm_posting_setup, rcm_posting_setup_line
