"""What the tests of the configuration models share: a system, a document type, a user to run as."""

from odoo.fields import Command
from odoo.tests import TransactionCase, new_test_user

ADDON = "healthcare_integration_base"


class ConfigurationCase(TransactionCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.env.company
        cls.other_company = cls.env["res.company"].create({"name": "Other Hospital"})
        cls.system = cls.env["integration.system"].create({"name": "Clearing House", "code": "CH"})
        cls.other_system = cls.env["integration.system"].create({"name": "Payroll", "code": "PAY"})
        cls.document_type = cls.env["integration.document.type"].create({"name": "Test", "code": "test.type"})
        cls.runner = new_test_user(cls.env, "integration_runner", groups="base.group_user")
        cls.partner = cls.env["res.partner"].create({"name": "Payer One"})
        cls.other_partner = cls.env["res.partner"].create({"name": "Payer Two"})

    @classmethod
    def user_with(cls, *roles):
        """Return a new user of the company with the named groups of the addon."""
        groups = ",".join(["base.group_user", *(f"{ADDON}.{role}" for role in roles)])
        return new_test_user(cls.env, "_".join(["integration", *roles]), groups=groups)

    @classmethod
    def create_crosswalk(cls, external_code, name="Payers", code="payer"):
        """Return a crosswalk of partners in which a code stands for the first of them."""
        return cls.env["integration.crosswalk"].create(
            {
                "name": name,
                "code": code,
                "system_id": cls.system.id,
                "target_model": "res.partner",
                "line_ids": [Command.create({"external_code": external_code, "res_id": cls.partner.id})],
            }
        )

    @classmethod
    def create_flow(cls, code="flow", **values):
        return cls.env["integration.flow"].create(
            {
                "name": code,
                "code": code,
                "system_id": cls.system.id,
                "document_type_id": cls.document_type.id,
                "user_id": cls.runner.id,
                **values,
            }
        )

    @classmethod
    def create_endpoint(cls, name="Mailbox", **values):
        return cls.env["integration.endpoint"].create({"name": name, "system_id": cls.system.id, **values})
