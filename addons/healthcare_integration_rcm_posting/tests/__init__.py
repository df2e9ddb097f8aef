from . import test_accounting_table
