from odoo.tests import tagged

from odoo.addons.healthcare_integration_base.tests.access_matrix import AccessMatrixCase, expected_rights

CONFIGURATION = expected_rights({"manager": "wcd"})
READ_ONLY = expected_rights({})
RIGHTS = {
    "rcm.remittance": READ_ONLY,
    "rcm.claim": READ_ONLY,
    "rcm.service.line": READ_ONLY,
    "rcm.adjustment": READ_ONLY,
    "rcm.provider.adjustment": READ_ONLY,
    "rcm.posting.rule": CONFIGURATION,
    "rcm.provider.adjustment.rule": CONFIGURATION,
    "rcm.posting.account": CONFIGURATION,
}
OPERATORS = {"operator", "manager"}
WIZARDS = {
    "rcm.bank.match": OPERATORS,
    "rcm.bank.match.candidate": OPERATORS,
    "rcm.claim.match": OPERATORS,
    "rcm.claim.match.candidate": OPERATORS,
    "rcm.party.mapping": OPERATORS,
    "rcm.posting.setup": {"manager"},
    "rcm.posting.setup.line": {"manager"},
    "rcm.remittance.preview": OPERATORS,
    "rcm.remittance.preview.line": OPERATORS,
}


@tagged("post_install", "-at_install")
class TestRcmAccessMatrix(AccessMatrixCase):
    addon = "healthcare_integration_rcm_posting"

    def example_rcm_posting_account(self, company):
        """Return the choice of an account that the company has for itself."""
        account = (
            self.env["account.account"]
            .with_company(company)
            .create(
                {
                    "name": "Clearing",
                    "code": "199999",
                    "account_type": "asset_current",
                    "reconcile": True,
                    "company_ids": [(6, 0, company.ids)],
                }
            )
        )
        return self.env["rcm.posting.account"].create(
            {"company_id": company.id, "role": "clearing", "account_id": account.id}
        )

    def test_rights_of_each_role_on_records_of_each_company(self):
        self.assert_rights(RIGHTS)

    def test_wizards_of_each_role(self):
        self.assert_wizards(WIZARDS)
