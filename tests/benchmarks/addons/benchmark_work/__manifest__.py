{
    "name": "Benchmark: small work",
    "summary": "The work that the queues are compared by",
    "author": "Healthcare Integration for Odoo contributors",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "depends": ["base"],
}
