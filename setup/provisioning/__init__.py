"""Provision and run Odoo, PostgreSQL and a browser below the checkout; standard library only."""
