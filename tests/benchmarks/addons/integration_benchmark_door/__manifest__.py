{
    "name": "Healthcare Integration: Bare Door for Benchmarks",
    "summary": "A controller that inserts one row, to measure doors beside it",
    "version": "19.0.0.1.0",
    "category": "Hidden",
    "author": "Healthcare Integration for Odoo contributors",
    "license": "LGPL-3",
    "depends": ["base"],
    "installable": True,
}
