from odoo.exceptions import UserError, ValidationError
from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestPostingSetup(RcmCase):
    """The posting setup creates what is missing and keeps what was chosen."""

    def setup_of(self, company=None):
        return self.env["rcm.posting.setup"].create({"company_id": (company or self.company).id})

    def choose(self, setup, role, account):
        setup.line_ids.filtered(lambda line: line.role == role).account_id = account
        setup.action_apply()

    def accounts_of(self, company=None):
        return self.env["rcm.posting.account"]._accounts(company or self.company)

    def count_accounts(self):
        return self.env["account.account"].search_count([])

    def test_second_run_changes_nothing(self):
        journal, count = self.company.rcm_journal_id, self.count_accounts()
        self.setup_of().action_apply()
        self.assertEqual(self.accounts_of(), self.accounts)
        self.assertEqual((self.company.rcm_journal_id, self.count_accounts()), (journal, count))

    def test_chosen_account_is_posted_to(self):
        chosen = self.company_data["default_account_expense"]
        self.choose(self.setup_of(), "allowance", chosen)
        self.assertEqual(self.accounts_of(), {**self.accounts, "allowance": chosen.id})
        self.claim_invoice("W100001", 100)
        remittance = self.take_in(self.remit(claim("W100001", 100, 80, ("CO 45", 20))))
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)
        allowance = remittance.entry_ids.line_ids.filtered(lambda line: line.rcm_role == "allowance")
        self.assertEqual(allowance.account_id, chosen)

    def test_account_that_cannot_be_reconciled_is_refused(self):
        chosen = self.company_data["default_account_expense"]
        self.assertFalse(chosen.reconcile)
        refused = self.assertRaisesRegex(ValidationError, "must allow reconciliation")
        with refused, self.env.cr.savepoint():
            self.choose(self.setup_of(), "unapplied_cash", chosen)
        self.assertEqual(self.accounts_of(), self.accounts)

    def test_branch_starts_with_the_accounts_of_its_parent(self):
        branch = self.env["res.company"].create({"name": "Lakeside Annex", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # loads the chart of accounts of the branch
        self.assertEqual(self.accounts_of(branch), self.accounts)
        chosen = self.company_data["default_account_expense"]
        self.choose(self.setup_of(branch), "allowance", chosen)
        self.assertEqual(self.accounts_of(branch), {**self.accounts, "allowance": chosen.id})
        self.assertEqual(self.accounts_of(), self.accounts)

    def test_company_without_a_chart_of_accounts(self):
        company = self.env["res.company"].create({"name": "Brand New Clinic"})
        with self.assertRaisesRegex(UserError, "Install a chart of accounts"):
            self.setup_of(company).action_apply()
        self.assertFalse(company.rcm_journal_id)
