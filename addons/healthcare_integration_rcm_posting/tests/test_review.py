from odoo import Command
from odoo.tests import tagged

from .common import OTHER_PAYER_ID, RcmCase, claim, service_line


@tagged("post_install", "-at_install")
class TestReview(RcmCase):
    """What no rule covers waits with its amount; a new rule releases all of it at once."""

    def add_rule(self, reason, treatment):
        self.env["rcm.posting.rule"].create({"group_code": "CO", "reason": reason, "treatment": treatment})

    def resolve(self, remittance):
        self.exceptions(remittance).with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assert_no_dead_task()

    def take_in_unknown_reason(self, *numbers):
        for number in numbers:
            self.claim_invoice(number, 100)
        return self.take_in(self.remit(*(claim(number, 100, 80, ("CO 9999", 20)) for number in numbers)))

    def test_new_rule_posts_what_waited(self):
        remittance = self.take_in_unknown_reason("R100001", "R100002")
        self.assert_posted(remittance, claim_receivable=-160)
        exception = self.exceptions(remittance)
        self.assertEqual((exception.code, exception.amount), ("remittance.adjustment.no_rule", 40))
        self.assertEqual(exception.subject, f"{self.payer.name} CO 9999")
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-200, allowance=40)
        self.assertEqual(set(remittance.claim_ids.invoice_id.mapped("payment_state")), {"paid"})
        self.assertEqual(set(remittance.claim_ids.mapped("outcome")), {"posted"})
        self.assertFalse(self.exceptions(remittance))

    def test_a_review_of_many_claims_is_cut_into_entries(self):
        self.company.rcm_entry_claim_limit = 2
        remittance = self.take_in_unknown_reason(*(f"R11000{n}" for n in range(5)))
        posted = remittance.entry_ids
        self.assertEqual(len(posted), 3)
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-500, allowance=100)
        self.assertEqual(len(remittance.entry_ids - posted), 3)
        self.assertEqual(set(remittance.claim_ids.mapped("outcome")), {"posted"})

    def test_without_a_rule_it_is_reported_again(self):
        remittance = self.take_in_unknown_reason("R100003")
        self.resolve(remittance)
        self.assertEqual(self.exceptions(remittance).code, "remittance.adjustment.no_rule")
        self.assert_posted(remittance, claim_receivable=-80)

    def unruled(self):
        return self.env["integration.exception"].search(
            [("code", "=", "remittance.adjustment.no_rule"), ("state", "=", "open")]
        )

    def test_a_missing_rule_carries_the_amount_of_all_entries_and_remittances(self):
        self.company.rcm_entry_claim_limit = 1
        self.take_in_unknown_reason("R200001", "R200002")
        self.take_in_unknown_reason("R200003")
        self.assertEqual(self.unruled().amount, 60)

    def test_a_review_for_another_rule_counts_nothing_twice(self):
        self.company.rcm_entry_claim_limit = 1
        numbers = ("R200004", "R200005")
        for number in numbers:
            self.claim_invoice(number, 100)
        self.take_in(
            self.remit(*(claim(number, 100, 80, ("CO 9999", 15), ("CO 8888", 5)) for number in numbers))
        )
        other, unruled = self.unruled().sorted("amount")
        self.assertEqual((other.amount, unruled.amount), (10, 30))
        self.add_rule("8888", "allowance")
        other.with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assertEqual((self.unruled(), self.unruled().amount), (unruled, 30))

    def test_an_undone_remittance_leaves_the_exception_to_the_others(self):
        first = self.take_in_unknown_reason("R200006")
        second = self.take_in_unknown_reason("R200007", "R200008")
        exception = self.unruled()
        self.assertEqual((exception.amount, exception.rcm_remittance_id), (60, first))
        second.with_user(self.biller).action_undo()
        self.assertEqual((exception.state, exception.amount), ("open", 20))
        self.assertEqual((exception.rcm_remittance_id, exception.message_ids), (first, first.message_id))
        self.assertFalse(second.exception_count)
        first.with_user(self.biller).action_undo()
        self.assertEqual(exception.state, "resolved")

    def test_service_line(self):
        invoice = self.claim_invoice("R100004", 100)
        document = claim("R100004", 100, 80)
        document.service_lines = [
            service_line("99213", 60, 60),
            service_line("99214", 40, 20, ("CO 9999", 15), ("CO 45", 5)),
        ]
        remittance = self.take_in(self.remit(document))
        self.assert_posted(remittance, claim_receivable=-85, allowance=5)
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-100, allowance=20)
        self.assertEqual(invoice.amount_residual, 0)

    def test_denial_rule_posts_nothing(self):
        remittance = self.take_in_unknown_reason("R100005")
        self.add_rule("9999", "denial")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-80)
        self.assertEqual(self.exceptions(remittance).code, "remittance.claim.line_denied")

    def test_reversal_takes_back_both_entries(self):
        remittance = self.take_in_unknown_reason("R100006")
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.claim_invoice("R100007", 500)
        reversal = self.take_in(
            self.remit(
                claim("R100006", -100, -80, ("CO 9999", -20), status="22"),
                claim("R100007", 500, 500),
            )
        )
        self.assert_posted(reversal, claim_receivable=-400, allowance=-20)
        self.assertEqual(remittance.claim_ids.invoice_id.amount_residual, 100)

    def test_nothing_is_posted_for_a_claim_that_was_reversed(self):
        remittance = self.take_in_unknown_reason("R300001")
        invoice = remittance.claim_ids.invoice_id
        self.claim_invoice("R300002", 500)
        self.take_in(
            self.remit(claim("R300001", -100, -80, ("CO 9999", -20), status="22"), claim("R300002", 500, 500))
        )
        self.assertEqual(invoice.amount_residual, 100)
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertFalse(self.exceptions(remittance))

    def test_what_stands_beside_a_denial_is_not_written_off(self):
        invoice = self.claim_invoice("R300003", 100)
        document = claim("R300003", 100, 60)
        document.service_lines = [
            service_line("99213", 60, 60),
            service_line("99214", 40, 0, ("CO 16", 30), ("CO 9999", 10)),
        ]
        remittance = self.take_in(self.remit(document))
        self.assert_posted(remittance, claim_receivable=-60)
        self.add_rule("9999", "allowance")
        self.unruled().with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assert_posted(remittance, claim_receivable=-60)
        self.assertEqual(invoice.amount_residual, 40)

    def test_a_new_denial_rule_denies_only_its_own_adjustment_of_a_paid_claim(self):
        self.claim_invoice("R300004", 100)
        remittance = self.take_in(self.remit(claim("R300004", 100, 70, ("CO 9999", 20), ("CO 8888", 10))))
        self.add_rule("9999", "denial")
        self.add_rule("8888", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-80, allowance=10)
        self.assertEqual(self.exceptions(remittance).amount, 20)

    def test_a_claim_that_waits_on_keeps_its_outcome(self):
        remittance = self.take_in_unknown_reason("R300005")
        record = remittance.claim_ids
        self.assertEqual(
            (record.outcome, record.invoice_id.rcm_claim_status), ("partially_posted", "partial")
        )
        self.resolve(remittance)
        self.assertEqual(
            (record.outcome, record.invoice_id.rcm_claim_status), ("partially_posted", "partial")
        )

    def test_what_was_matched_by_hand_is_complete_after_a_review(self):
        remittance = self.take_in(self.remit(claim("LOST400001", 100, 80, ("CO 9999", 20))))
        invoice = self.claim_invoice("R400002", 100)
        remittance.claim_ids.with_user(self.biller)._match_by_hand(invoice)
        self.assertEqual(invoice.rcm_claim_status, "partial")
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assertEqual((remittance.claim_ids.outcome, invoice.rcm_claim_status), ("posted", "paid"))

    def test_what_was_posted_again_is_complete_after_a_review(self):
        remittance = self.take_in(self.remit(claim("R400003", 100, 80, ("CO 9999", 20))))
        self.assertEqual(self.exceptions(remittance).code, "remittance.claim.unmatched")
        remittance.with_user(self.biller).action_undo()
        invoice = self.claim_invoice("R400003", 100)
        remittance.with_user(self.biller).action_post()
        self.run_tasks()
        self.assertEqual(invoice.rcm_claim_status, "partial")
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assertEqual((remittance.claim_ids.outcome, invoice.rcm_claim_status), ("posted", "paid"))

    def test_each_of_two_claims_of_one_number_stays_incomplete_for_its_own_denial(self):
        self.claim_invoice("R400004", 300)
        denied_in_part = (("CO 16", 30), ("CO 9999", 20))
        remittance = self.take_in(
            self.remit(
                claim("R400004", 100, 50, *denied_in_part),
                claim("R400004", 200, 150, *denied_in_part, payer_claim_number="P2"),
            )
        )
        self.add_rule("9999", "allowance")
        self.unruled().with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assert_posted(remittance, claim_receivable=-240, allowance=40)
        self.assertEqual(remittance.claim_ids.mapped("outcome"), ["partially_posted"] * 2)

    def test_the_patient_still_owes_after_a_review(self):
        invoice = self.claim_invoice("R300006", 100)
        remittance = self.take_in(self.remit(claim("R300006", 100, 60, ("PR 1", 20), ("CO 9999", 20))))
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assertEqual((remittance.claim_ids.outcome, invoice.rcm_claim_status), ("posted", "patient"))

    def test_the_patients_debt_is_not_written_off_when_the_invoice_is_settled_otherwise(self):
        invoice = self.claim_invoice("R400001", 100)
        remittance = self.take_in(self.remit(claim("R400001", 100, 60, ("PR 1", 20), ("CO 9999", 20))))
        written_off = self.env["account.move"].create(
            {
                "move_type": "entry",
                "line_ids": [
                    Command.create(
                        {
                            "account_id": self.company_data["default_account_receivable"].id,
                            "partner_id": self.payer.id,
                            "balance": -20,
                        }
                    ),
                    Command.create(
                        {"account_id": self.company_data["default_account_expense"].id, "balance": 20}
                    ),
                ],
            }
        )
        written_off.action_post()
        (written_off + invoice).line_ids.filtered(
            lambda line: line.account_type == "asset_receivable"
        ).reconcile()
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-80, patient_receivable=20)
        self.assertEqual(self.exceptions(remittance).code, "remittance.claim.nothing_open")

    def test_a_review_without_account_waits(self):
        self.env["rcm.posting.account"].search([("role", "=", "patient_receivable")]).unlink()
        remittance = self.take_in_unknown_reason("R300007")
        self.add_rule("9999", "transfer")
        self.exceptions(remittance).with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assertIn("remittance.hold.account_missing", self.exceptions(remittance).mapped("code"))
        self.env["rcm.posting.setup"].create({"company_id": self.company.id}).action_apply()
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-100, patient_receivable=20)

    def test_a_later_payers_allowance_is_posted_beside_what_was_taken_before(self):
        self.claim_invoice("R300008", 100)
        self.take_in(self.remit(claim("R300008", 100, 60, ("CO 45", 20), ("PR 2", 20))))
        later = [("OA 23", 60), ("CO 45", 20), ("CO 9999", 5)]
        remittance = self.take_in(
            self.remit(claim("R300008", 100, 15, *later, status="2"), payer=OTHER_PAYER_ID)
        )
        self.assert_posted(remittance, claim_receivable=-15)
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-20, allowance=5)

    def test_a_later_payers_allowance_is_counted_as_it_was_posted_not_as_a_new_rule_has_it(self):
        self.claim_invoice("R300009", 100)
        self.take_in(self.remit(claim("R300009", 100, 60, ("CO 45", 20), ("PR 2", 20))))
        later = [("OA 23", 60), ("CO 45", 20), ("CO 9999", 5)]
        remittance = self.take_in(
            self.remit(claim("R300009", 100, 15, *later, status="2"), payer=OTHER_PAYER_ID)
        )
        self.add_rule("9999", "allowance")
        self.env["rcm.posting.rule"].create(
            {
                "payer_id": self.other_payer.id,
                "group_code": "CO",
                "reason": "45",
                "treatment": "no_effect",
            }
        )
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-20, allowance=5)

    def test_two_payers_decisions_of_one_remittance_take_an_allowance_once(self):
        self.claim_invoice("R300010", 100)
        remittance = self.take_in(
            self.remit(
                claim("R300010", 100, 50, ("CO 45", 20), ("CO 9999", 5), ("PR 2", 25)),
                claim("R300010", 100, 0, ("OA 23", 80), ("CO 9999", 20), status="2"),
            )
        )
        self.assert_posted(remittance, claim_receivable=-95, allowance=20, patient_receivable=25)
        self.add_rule("9999", "allowance")
        self.resolve(remittance)
        self.assert_posted(remittance, claim_receivable=-100, allowance=25, patient_receivable=25)
        self.assertFalse(self.exceptions(remittance))

    def test_a_review_posts_no_amount_finer_than_the_currency(self):
        self.claim_invoice("R300011", 100)
        remittance = self.take_in(
            self.remit(claim("R300011", 100, 80, ("CO 9999", "19.995"), ("CO 8888", "0.005")))
        )
        self.assert_posted(remittance, claim_receivable=-80)
        self.add_rule("9999", "allowance")
        self.unruled().with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assertIn("remittance.hold.precision", self.exceptions(remittance).mapped("code"))
        self.assert_posted(remittance, claim_receivable=-80)
