"""The posting of a remittance as pure arithmetic: documents and ledger in, plan out. No Odoo imports.

The caller gathers what the books hold (:mod:`.ledger`), plans (:mod:`.planner`), shows the plan or
applies it (:mod:`.plan` says how), and raises its exceptions.
"""
