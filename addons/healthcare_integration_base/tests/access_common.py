"""Two companies with a system each, and one real user per role: rights are never tested as superuser."""

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

ADDON = "healthcare_integration_base"
ROLES = ("viewer", "operator", "manager", "secrets_officer", "auditor", "phi")


class AccessCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["integration.instance"]._confirm_here()
        cls.company = cls.env["res.company"].create({"name": "Hospital North"})
        cls.other_company = cls.env["res.company"].create({"name": "Hospital South"})
        cls.env = cls.env["base"].with_company(cls.company).env
        cls.users = {role: cls._new_user(role, f"base.group_user,{ADDON}.group_{role}") for role in ROLES}
        cls.users["nobody"] = cls._new_user("nobody", "base.group_user")
        cls.users["administrator"] = cls._new_user(
            "administrator", f"base.group_user,base.group_system,{ADDON}.group_manager"
        )
        cls.system = cls._new_system("NORTH", cls.company)
        cls.other_system = cls._new_system("SOUTH", cls.other_company)
        cls.credential = cls._new_credential(cls.system)
        cls.other_credential = cls._new_credential(cls.other_system)
        cls.endpoint = cls._new_endpoint(cls.system, cls.credential)
        cls.other_endpoint = cls._new_endpoint(cls.other_system, cls.other_credential)

    @classmethod
    def _new_user(cls, login, groups):
        return new_test_user(
            cls.env,
            f"integration-{login}",
            groups,
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _new_system(cls, code, company):
        return cls.env["integration.system"].create(
            {"name": f"Clearing house {code}", "code": code, "company_id": company.id, "state": "live"}
        )

    @classmethod
    def _new_credential(cls, system):
        return cls.env["integration.credential"].create(
            {"name": f"Login {system.code}", "system_id": system.id, "login": "payer"}
        )

    @classmethod
    def _new_endpoint(cls, system, credential):
        return cls.env["integration.endpoint"].create(
            {
                "name": f"Mailbox {system.code}",
                "system_id": system.id,
                "credential_id": credential.id,
                "transport": "sftp",
                "host": "sftp.invalid",
            }
        )

    def as_user(self, records, role):
        """Return the records as the user of a role sees them, with only the user's company switched on."""
        return records.with_user(self.users[role]).with_context(allowed_company_ids=self.company.ids)

    def entries(self, event, records=None):
        """Return the audit entries of an event, of one record if given."""
        domain = [("event", "=", event)]
        if records is not None:
            domain += [("res_model", "=", records._name), ("res_id", "in", records.ids)]
        return self.env["integration.audit.entry"].search(domain)
