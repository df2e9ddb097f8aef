"""What a role of this addon reaches by RPC beyond what its screens offer."""

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged

from .common import RcmCase, claim

ROLES = "base.group_user,healthcare_integration_base.group_"
FORMULA = '=HYPERLINK("//evil.example","Open")'


@tagged("post_install", "-at_install")
class TestReach(RcmCase):
    def test_a_dialog_shows_an_operator_no_invoice_that_the_operator_must_not_read(self):
        invoice = self.claim_invoice("R100001", 123.45)
        lost = self.take_in(self.remit(claim("LOST900001", 50, 50))).claim_ids
        operator = self.integration_user(
            "reach-operator", "operator", company_id=self.company.id, company_ids=self.company.ids
        )
        dialog = self.env["rcm.claim.match"].with_user(operator).create({"claim_id": lost.id})
        candidate = (
            self.env["rcm.claim.match.candidate"]
            .with_user(operator)
            .create({"match_id": dialog.id, "invoice_id": invoice.id})
        )
        self.env.flush_all()
        for name in ("amount_total", "amount_residual", "invoice_date", "claim_number"):
            self.env.invalidate_all()
            with self.subTest(name), self.assertRaises(AccessError):
                candidate.read([name])

    def test_dialogs_show_nothing_of_another_company(self):
        remittance = self.take_in(self.remit(claim("LOST900002", 50, 50), amount=50))
        elsewhere = self.env["res.company"].create({"name": "Another Hospital"})
        stranger = new_test_user(
            self.env,
            "reach-stranger",
            f"{ROLES}operator",
            company_id=elsewhere.id,
            company_ids=[(6, 0, elsewhere.ids)],
        )
        exception = (
            self.env["integration.exception"]
            .sudo()
            .create({"name": "Unknown", "company_id": self.company.id, "category": "mapping", "code": "x"})
        )
        for model_name, values in (
            ("rcm.claim.match", {"claim_id": remittance.claim_ids.id}),
            ("rcm.bank.match", {"remittance_id": remittance.id}),
            ("rcm.remittance.preview", {"remittance_id": remittance.id}),
            ("rcm.party.mapping", {"exception_id": exception.id}),
        ):
            with self.subTest(model_name), self.assertRaises(AccessError), self.env.cr.savepoint():
                self.env[model_name].with_user(stranger).create(values)

    def test_a_manager_sets_up_no_company_of_others(self):
        branch = self.env["res.company"].create({"name": "Lakeside Annex", "parent_id": self.company.id})
        sibling = self.env["res.company"].create({"name": "Lakeside North", "parent_id": self.company.id})
        self.env.cr.precommit.run()  # loads the chart of accounts of the branches
        manager = new_test_user(
            self.env,
            "reach-manager",
            f"{ROLES}manager,account.group_account_manager",
            company_id=sibling.id,
            company_ids=[(6, 0, sibling.ids)],
        )
        journal = branch.rcm_journal_id
        values = {"company_id": branch.id, "journal_id": self.company.rcm_journal_id.id}
        setup = self.env["rcm.posting.setup"].with_user(manager).create(values)
        setup.line_ids.unlink()
        with self.assertRaises(AccessError):
            setup.action_apply()
        self.assertEqual(branch.rcm_journal_id, journal)

    def test_an_entry_is_not_reversed_alone_by_what_a_context_says(self):
        self.claim_invoice("R100002", 100)
        entry = self.take_in(self.remit(claim("R100002", 100, 100))).entry_ids
        reversal = self.env["account.move.reversal"].with_context(
            active_model="account.move", active_ids=entry.ids, rcm_undo=True
        )
        with self.assertRaisesRegex(UserError, "undo the remittance"):
            reversal.create({"journal_id": entry.journal_id.id}).reverse_moves()

    def test_a_journal_item_that_a_payer_named_is_exported_as_a_text(self):
        entry = self.take_in(self.remit(claim(FORMULA, 50, 50))).entry_ids
        names = entry.line_ids.mapped("name")
        self.assertTrue([name for name in names if name.startswith("=")])
        for records, path in ((entry.line_ids, "name"), (entry, "line_ids/name")):
            rows = records.export_data([path])["datas"]
            self.assertTrue([row for row in rows if str(row[0]).startswith(f"'{FORMULA}")])
            self.assertFalse([row for row in rows if str(row[0]).startswith("=")])
        invoice = self.claim_invoice("R100003", 100)
        invoice.invoice_line_ids.name = "- two hours"
        self.assertEqual(invoice.invoice_line_ids.export_data(["name"])["datas"], [["- two hours"]])
