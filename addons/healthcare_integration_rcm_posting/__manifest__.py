{
    "name": "Healthcare Integration: Remittance Posting",
    "summary": "Post X12 835 remittances to accounting and reconcile them with patient invoices",
    "version": "19.0.0.1.0",
    "category": "Services/Healthcare Integration",
    "author": "Healthcare Integration for Odoo contributors",
    "license": "LGPL-3",
    "depends": ["healthcare_integration_base", "account"],
    "data": [
        "security/ir.model.access.csv",
        "security/rcm_rules.xml",
        "data/rcm_posting_data.xml",
    ],
}
