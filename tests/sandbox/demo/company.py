"""The group as companies with a chart of accounts, journals and posting accounts."""

from __future__ import annotations

from odoo.fields import Command

from .cast import EFT_JOURNAL_CODE, FACILITIES, GROUP_NAME

CHART = "us"


def create_group(env):
    """Turn the database's own company into the group, with one branch for each facility.

    :return: ``(group, {facility code: branch})``
    """
    group = env.ref("base.main_company")
    country = env.ref("base.us")
    group.write(
        {
            "name": GROUP_NAME,
            "country_id": country.id,
            "state_id": env.ref("base.state_us_14").id,  # Illinois
            "city": "Lakeside",
            "email": "office@lakeside.example",
            # Odoo would ask a service on the internet about an invented company.
            "iap_enrich_auto_done": True,
        }
    )
    env["account.chart.template"].try_loading(CHART, group)
    branches = env["res.company"].create(
        [
            {
                "name": facility.name,
                "parent_id": group.id,
                "country_id": country.id,
                "city": facility.city,
                "company_registry": facility.npi,
            }
            for facility in FACILITIES
        ]
    )
    # Branches get the chart of their parent before the transaction commits; invoices need it now.
    env.cr.precommit.run()
    _let_in(env.user, group + branches)
    return group, dict(zip((facility.code for facility in FACILITIES), branches, strict=True))


def set_up_posting(env, group):
    """Create the bank journal of electronic payments, and the accounts that remittances post to."""
    env["account.journal"].create(
        {"name": "EFT Bank", "code": EFT_JOURNAL_CODE, "type": "bank", "company_id": group.id}
    )
    env["rcm.posting.setup"].create({"company_id": group.id}).action_apply()


def _let_in(user, companies):
    user.write({"company_ids": [Command.link(company.id) for company in companies]})
