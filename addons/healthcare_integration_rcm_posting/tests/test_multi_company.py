from odoo import Command
from odoo.tests import tagged

from .common import RcmCase, claim

OTHER_NPI = "1987654321"


@tagged("post_install", "-at_install")
class TestMultiCompany(RcmCase):
    """A remittance reaches the books of the company that is paid, and no other's."""

    def invoice_of(self, company, number, amount):
        """Return a posted invoice of a claim in the books of another company or branch."""
        invoice = (
            self.env["account.move"]
            .with_company(company)
            .create(
                {
                    "move_type": "out_invoice",
                    "company_id": company.id,
                    "partner_id": self.payer.id,
                    "rcm_claim_number": number,
                    "invoice_date": "2026-02-10",
                    "invoice_line_ids": [
                        Command.create(
                            {"name": "Service", "price_unit": amount, "tax_ids": [Command.clear()]}
                        )
                    ],
                }
            )
        )
        invoice.action_post()
        return invoice

    def paid_to(self, company, number):
        """Take in a claim of 100 that is paid to a company."""
        self.env["integration.reference"]._remember(self.system, "payee", OTHER_NPI, company)
        remittance = self.remit(claim(number, 100, 80, ("CO 45", 20)))
        remittance.header.payee.identifier = OTHER_NPI
        return self.take_in(remittance)

    def test_payee_outside_the_company_of_the_flow(self):
        other = self.setup_other_company()["company"]
        self.biller.company_ids += other
        invoice = self.invoice_of(other, "M100001", 100)
        remittance = self.paid_to(other, "M100001")
        self.assert_held(remittance, "remittance.hold.payee_unknown")
        self.assertEqual((remittance.company_id, invoice.amount_residual), (self.company, 100))

    def test_claim_number_of_another_company(self):
        other = self.setup_other_company()["company"]
        self.biller.company_ids += other
        invoice = self.invoice_of(other, "M100002", 100)
        remittance = self.take_in(self.remit(claim("M100002", 100, 80, ("CO 45", 20))))
        self.assert_posted(remittance, unapplied_cash=-80)
        self.assertEqual(remittance.claim_ids.match_state, "unmatched")
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (100, False))

    def test_branch_posts_on_the_accounts_of_its_parent(self):
        branch = self.env["res.company"].create({"name": "Lakeside Annex", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # loads the chart of accounts of the branch
        self.env.user.company_ids += branch
        self.biller.company_ids += branch
        own, of_parent = self.invoice_of(branch, "M100003", 100), self.claim_invoice("M100003", 100)
        remittance = self.paid_to(branch, "M100003")
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)
        self.assertEqual((remittance.company_id, remittance.entry_ids.company_id), (branch, branch))
        self.assertEqual(remittance.entry_ids.journal_id, self.company.rcm_journal_id)
        accounts = {line.rcm_role: line.account_id.id for line in remittance.entry_ids.line_ids}
        self.assertEqual(accounts["allowance"], self.accounts["allowance"])
        self.assertEqual(accounts["clearing"], self.accounts["clearing"])
        self.assertEqual((own.amount_residual, of_parent.amount_residual), (0, 100))
