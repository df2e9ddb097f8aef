from . import remittance_handler
