"""Load the demo hospital group into a database in which the suite and the US chart are installed.

Run inside ``odoo shell``, which provides ``env``::

    from tests.sandbox.demo import hospital
    hospital.load(env, "/path/of/settings.json")

The whole is one transaction: after a failure the database is as it was.
"""

from __future__ import annotations

from pathlib import Path

from odoo import fields

from .company import create_group, set_up_posting
from .interface import create_interface
from .invoices import create_invoices, create_partners, export_book
from .people import create_people
from .settings import Settings

#: Name of the parameter that says that the hospital is in the database, and since which day.
LOADED = "healthcare_integration.demo_hospital"


def load(env, settings_file: str) -> None:
    """Create the hospital as the administrator would, and write the book of its open invoices.

    Does nothing when the hospital is there already.
    """
    if env["ir.config_parameter"].get_param(LOADED):
        return
    settings = Settings.read(Path(settings_file))
    env = env(user=env.ref("base.user_admin"))
    today = fields.Date.context_today(env["res.company"])
    group, branches = create_group(env)
    env = env(context={**env.context, "allowed_company_ids": [group.id, *(b.id for b in branches.values())]})
    group = group.with_env(env)
    set_up_posting(env, group)
    users = create_people(env, group + group.child_ids, settings.passwords)
    payers, patients = create_partners(env)
    invoices = create_invoices(env, today, branches, payers, patients)
    create_interface(env, group, branches, payers, users, settings)
    env["ir.config_parameter"].sudo().set_param(LOADED, str(today))
    env.flush_all()
    export_book(invoices, today, Path(settings.book))
    env.cr.commit()
