{
    "name": "Benchmark: small work as integration tasks",
    "summary": "The same work, allowed to the integration queue",
    "author": "Healthcare Integration for Odoo contributors",
    "version": "19.0.1.0.0",
    "license": "LGPL-3",
    "depends": ["benchmark_work", "healthcare_integration_base"],
}
