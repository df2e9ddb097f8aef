from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import OTHER_PAYER_ID, RcmCase, claim, provider_adjustment


@tagged("post_install", "-at_install")
class TestUndo(RcmCase):
    """Undo restores the books by reversal entries, and refuses while something was built on them."""

    def trial_balance(self):
        groups = self.env["account.move.line"]._read_group(
            [("parent_state", "=", "posted"), ("company_id", "=", self.company.id)],
            ["account_id"],
            ["balance:sum"],
        )
        return {account: round(balance, 2) for account, balance in groups if round(balance, 2)}

    def undo(self, remittance):
        remittance.with_user(self.biller).action_undo()

    def test_undo_restores_the_trial_balance_and_can_be_posted_again(self):
        invoice = self.claim_invoice("U100001", 100)
        before = self.trial_balance()
        remittance = self.take_in(
            self.remit(claim("U100001", 100, 70, ("CO 45", 10), ("PR 1", 20)), claim("LOST00001", 50, 50))
        )
        self.assertNotEqual(self.trial_balance(), before)
        self.undo(remittance)
        self.assertEqual(self.trial_balance(), before)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(remittance.state, "undone")
        self.assertEqual(remittance.clearing_total, 0)
        self.assertFalse(self.exceptions(remittance))
        remittance.with_user(self.biller).action_post()
        self.run_tasks()
        self.assertEqual(remittance.state, "posted")
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(remittance.generation, 2)
        remittance.invalidate_recordset(["clearing_total"])
        self.assertEqual(remittance.clearing_total, 120)

    def test_undo_of_parts_with_a_reversal_and_provider_adjustments_restores_the_trial_balance(self):
        self.company.rcm_entry_claim_limit = 1
        for number, amount in (("U300001", 600), ("U300002", 100), ("U300003", 50)):
            self.claim_invoice(number, amount)
        self.take_in(self.remit(claim("U300001", 600, 600)))
        before = self.trial_balance()
        remittance = self.take_in(
            self.remit(
                claim("U300001", -600, -600, status="22"),
                claim("U300001", 600, 400, ("CO 45", 200)),
                claim("U300002", 100, 70, ("CO 45", 10), ("PR 1", 20)),
                claim("U300003", 50, 50),
                claim("LOST300004", 25, 25),
                amount=133,
                adjustments=[provider_adjustment("WO", -200, "U300001"), provider_adjustment("L6", 12)],
            )
        )
        self.assertEqual((remittance.state, len(remittance.entry_ids)), ("posted", 6))
        self.assertNotEqual(self.trial_balance(), before)
        self.undo(remittance)
        self.assertEqual(self.trial_balance(), before)
        invoices = self.env["account.move"].search([("rcm_claim_number", "like", "U30000")], order="name")
        self.assertEqual(invoices.mapped("amount_residual"), [0, 100, 50])

    def test_the_reversals_belong_to_the_remittance(self):
        self.claim_invoice("U200001", 100)
        before = self.trial_balance()
        remittance = self.take_in(self.remit(claim("U200001", 100, 100)))
        original = remittance.entry_ids
        self.undo(remittance)
        reversal = remittance.entry_ids - original
        self.assertEqual(reversal.reversed_entry_id, original)
        self.assertEqual(remittance.entry_count, 2)
        self.assertEqual(remittance.clearing_total, 0)
        self.assertEqual(
            self.env["account.move"].search(remittance.action_open_entries()["domain"]), original + reversal
        )
        for refused in (reversal.button_draft, reversal._reverse_moves):
            with self.assertRaisesRegex(UserError, "post the remittance again"):
                refused()
        remittance.with_user(self.biller).action_post()
        self.run_tasks()
        self.assertEqual((remittance.state, remittance.clearing_total), ("posted", 100))
        # The task's cursor gave out the journal's next number, of which this one does not know.
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        self.undo(remittance)
        self.assertEqual((remittance.entry_count, self.trial_balance()), (4, before))

    def test_the_audit_log_names_the_remittance(self):
        self.claim_invoice("U300001", 100)
        remittance = self.take_in(self.remit(claim("U300001", 100, 100)))
        self.undo(remittance)
        self.env.user.group_ids += self.env.ref("healthcare_integration_base.group_auditor")
        entry = self.env["integration.audit.entry"].search([("event", "=", "remittance.undone")], limit=1)
        self.assertEqual((entry.record_label, entry.detail_text), (remittance.display_name, "Generation: 1"))

    def test_undo_refuses_after_the_patient_paid(self):
        self.claim_invoice("U100002", 100)
        remittance = self.take_in(self.remit(claim("U100002", 100, 80, ("PR 1", 20))))
        line = remittance.entry_ids.line_ids.filtered(lambda line: line.rcm_role == "patient_receivable")
        payment = self.env["account.payment"].create(
            {
                "payment_type": "inbound",
                "partner_type": "customer",
                "partner_id": self.patient.id,
                "amount": 20,
            }
        )
        payment.destination_account_id = line.account_id
        payment.action_post()
        paid = payment.move_id.line_ids.filtered(lambda item: item.account_id == line.account_id)
        (paid + line).reconcile()
        with self.assertRaisesRegex(UserError, "Release first"):
            self.undo(remittance)
        self.assertEqual(remittance.state, "posted")

    def test_undo_refuses_when_a_later_remittance_paired_up(self):
        announced = self.take_in(self.remit(adjustments=[provider_adjustment("WO", -200, "U9")]))
        collected = self.take_in(
            self.remit(adjustments=[provider_adjustment("WO", 200, "U9"), provider_adjustment("L6", -300)])
        )
        with self.assertRaisesRegex(UserError, "Release first"):
            self.undo(announced)
        self.undo(collected)
        self.undo(announced)
        self.assertFalse(self.trial_balance())

    def test_undo_of_what_paired_up_asks_again(self):
        interest = provider_adjustment("L6", -300)
        collected = self.take_in(self.remit(adjustments=[provider_adjustment("WO", 200, "U8"), interest]))
        asked = self.exceptions(collected)
        before = self.trial_balance()
        announced = self.take_in(self.remit(adjustments=[provider_adjustment("WO", -200, "U8")]))
        self.assertFalse(self.exceptions(collected))
        with self.assertRaisesRegex(UserError, "Release first"):
            self.undo(collected)
        self.undo(announced)
        self.assertEqual(self.trial_balance(), before)
        again = self.exceptions(collected)
        self.assertEqual(
            (again.code, again.subject, again.amount, again.remedy),
            (asked.code, asked.subject, asked.amount, asked.remedy),
        )
        self.undo(collected)
        self.assertFalse(self.exceptions(collected))

    def test_undo_of_a_reversal_settles_the_invoice_again(self):
        invoice = self.claim_invoice("U100003", 600)
        self.take_in(self.remit(claim("U100003", 600, 600)))
        self.claim_invoice("U100004", 900)
        reversal = self.take_in(
            self.remit(claim("U100003", -600, -600, status="22"), claim("U100004", 900, 900))
        )
        self.assertEqual(invoice.amount_residual, 600)
        self.undo(reversal)
        self.assertEqual(invoice.amount_residual, 0)

    def test_single_entries_are_not_taken_out_of_a_remittance(self):
        self.claim_invoice("U100005", 100)
        remittance = self.take_in(self.remit(claim("U100005", 100, 100)))
        entry = remittance.entry_ids.with_user(self.biller)
        with self.assertRaisesRegex(UserError, "undo the remittance instead"):
            entry.button_draft()
        with self.assertRaisesRegex(UserError, "undo the remittance instead"):
            entry._reverse_moves(cancel=True)
        self.undo(remittance)
        self.assertEqual(remittance.state, "undone")

    def post_again(self, remittance):
        remittance.with_user(self.biller).action_post()
        self.run_tasks()
        # The task's cursor gave out the journal's next number, of which this one does not know.
        self.env.cr.precommit.data.pop("sequence.mixin", None)
        self.assertEqual(remittance.state, "posted")

    def test_a_reversal_takes_back_what_was_posted_again_once(self):
        invoice = self.claim_invoice("U400001", 100)
        remittance = self.take_in(self.remit(claim("U400001", 100, 80, ("CO 45", 20))))
        self.undo(remittance)
        self.post_again(remittance)
        self.claim_invoice("U400002", 500)
        reversal = self.take_in(
            self.remit(
                claim("U400001", -100, -80, ("CO 45", -20), status="22"),
                claim("U400002", 500, 500),
            )
        )
        self.assert_posted(reversal, claim_receivable=-400, allowance=-20)
        self.assertEqual(invoice.amount_residual, 100)

    def test_what_paired_up_when_posted_again_can_be_undone(self):
        interest = provider_adjustment("L6", -300)
        collected = self.take_in(self.remit(adjustments=[provider_adjustment("WO", 200, "U5"), interest]))
        self.undo(collected)
        announced = self.take_in(self.remit(adjustments=[provider_adjustment("WO", -200, "U5")]))
        before = self.trial_balance()
        self.post_again(collected)
        self.undo(collected)
        self.assertEqual(self.trial_balance(), before)
        self.undo(announced)
        self.assertFalse(self.trial_balance())

    def test_undo_of_a_reversal_settles_what_was_forwarded_again(self):
        references = self.env["integration.reference"]
        references._remember(self.system, "payer", "CROSSED01", self.other_payer)
        self.claim_invoice("U500001", 100)
        forwarded = self.take_in(
            self.remit(
                claim("U500001", 100, 70, ("PR 2", 30), status="19", crossover_payer_identifier="CROSSED01")
            )
        )
        line = forwarded.entry_ids.line_ids.filtered(lambda line: line.rcm_role == "payer_receivable")
        second = ("U500001", 30, 30)
        self.take_in(self.remit(claim(*second, status="2"), payer=OTHER_PAYER_ID))
        self.assertTrue(line.reconciled)
        self.claim_invoice("U500002", 500)
        reversal = self.take_in(
            self.remit(
                claim("U500001", -30, -30, status="22"), claim("U500002", 500, 500), payer=OTHER_PAYER_ID
            )
        )
        self.assertEqual(line.amount_residual, 30)
        self.undo(reversal)
        self.assertEqual(line.amount_residual, 0)

    def test_an_exception_that_another_remittance_shares_leads_to_its_claim(self):
        first, second = (self.take_in(self.remit(claim("LOST00003", 50, 50))) for _time in range(2))
        exception = self.exceptions(first)
        self.assertEqual((exception.rcm_claim_id, exception.amount), (first.claim_ids, 100))
        self.undo(first)
        self.assertEqual((exception.rcm_claim_id, exception.amount), (second.claim_ids, 50))
        self.assertEqual(exception.rcm_remittance_id, second)

    def test_undo_gives_the_invoice_the_status_of_the_claim_before(self):
        invoice = self.claim_invoice("U600001", 100)
        self.take_in(self.remit(claim("U600001", 100, 0, ("CO 16", 100))))
        self.assertEqual(invoice.rcm_claim_status, "denied")
        paid = self.take_in(self.remit(claim("U600001", 100, 100)))
        self.assertEqual(invoice.rcm_claim_status, "paid")
        self.undo(paid)
        self.assertEqual(invoice.rcm_claim_status, "denied")

    def test_undo_ends_a_review_that_was_stopped(self):
        self.env["rcm.posting.account"].search([("role", "=", "patient_receivable")]).unlink()
        self.claim_invoice("U600003", 100)
        remittance = self.take_in(self.remit(claim("U600003", 100, 80, ("CO 9999", 20))))
        self.env["rcm.posting.rule"].create({"group_code": "CO", "reason": "9999", "treatment": "transfer"})
        self.exceptions(remittance).with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assertEqual(remittance.message_id.state, "held")
        self.undo(remittance)
        self.assertFalse(self.exceptions(remittance))
        self.assertNotIn("dead", remittance.message_id.task_ids.mapped("state"))
        self.assertEqual(remittance.message_id.state, "applied")

    def test_undo_forgets_what_the_rules_made_of_adjustments(self):
        self.claim_invoice("U600002", 100)
        remittance = self.take_in(self.remit(claim("U600002", 100, 80, ("CO 9999", 20))))
        adjustments = remittance.claim_ids.adjustment_ids
        self.assertEqual(adjustments.treatment, "review")
        self.undo(remittance)
        self.assertFalse(adjustments.treatment)
