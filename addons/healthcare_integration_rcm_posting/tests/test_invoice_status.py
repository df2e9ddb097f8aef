import datetime

from odoo.tests import tagged

from .common import OTHER_PAYER_ID, RcmCase, claim


@tagged("post_install", "-at_install")
class TestInvoiceStatus(RcmCase):
    """The claim status of an invoice is what the latest of the payers' decisions made of it."""

    def secondary(self, number, **header):
        return self.remit(claim(number, 100, 20, ("OA 23", 80), status="2"), payer=OTHER_PAYER_ID, **header)

    def test_a_review_of_an_earlier_decision_leaves_the_status_of_a_later_one(self):
        invoice = self.claim_invoice("S100001", 100)
        self.env["integration.reference"]._remember(self.system, "payer", "CROSSED01", self.other_payer)
        forwarded = claim("S100001", 100, 60, ("PR 2", 20), ("CO 9999", 20), status="19")
        forwarded.crossover_payer_identifier = "CROSSED01"
        primary = self.take_in(self.remit(forwarded))
        self.assertEqual(invoice.rcm_claim_status, "partial")
        self.take_in(self.secondary("S100001"))
        self.assertEqual(invoice.rcm_claim_status, "paid")
        self.env["rcm.posting.rule"].create({"group_code": "CO", "reason": "9999", "treatment": "allowance"})
        self.exceptions(primary).with_user(self.biller).action_resolve()
        self.run_tasks()
        self.assertEqual((primary.claim_ids.outcome, invoice.amount_residual), ("posted", 0))
        self.assertEqual(invoice.rcm_claim_status, "paid")

    def test_an_earlier_decision_matched_by_hand_leaves_the_status_of_a_later_one(self):
        invoice = self.claim_invoice("S100002", 100)
        primary = self.take_in(self.remit(claim("LOST500002", 100, 60, ("CO 9999", 40))))
        self.take_in(self.secondary("S100002"))
        self.assertEqual(invoice.rcm_claim_status, "paid")
        primary.claim_ids.with_user(self.biller)._match_by_hand(invoice)
        self.assertEqual(primary.claim_ids.outcome, "partially_posted")
        self.assertEqual(invoice.rcm_claim_status, "paid")

    def test_a_payment_of_an_earlier_day_that_comes_late_leaves_the_status_of_the_later_one(self):
        invoice = self.claim_invoice("S100003", 100)
        late = self.take_in(self.secondary("S100003", payment_date=datetime.date(2026, 3, 20)))
        early = self.take_in(
            self.remit(claim("S100003", 100, 60, ("CO 16", 40)), payment_date=datetime.date(2026, 3, 10))
        )
        self.assertEqual((late.state, early.claim_ids.outcome), ("posted", "partially_posted"))
        self.assertEqual(invoice.rcm_claim_status, "paid")
        late.with_user(self.biller).action_undo()
        self.assertEqual(invoice.rcm_claim_status, "partial")

    def test_of_one_day_what_came_last_decides(self):
        invoice = self.claim_invoice("S100004", 100)
        self.take_in(self.secondary("S100004"))
        self.take_in(self.remit(claim("S100004", 100, 60, ("CO 16", 40))))
        self.assertEqual(invoice.rcm_claim_status, "partial")

    def test_of_one_remittance_the_last_claim_decides(self):
        invoice = self.claim_invoice("S100005", 100)
        paid = claim("S100005", 100, 100)
        self.take_in(self.remit(paid))
        self.claim_invoice("S100006", 500)
        self.take_in(
            self.remit(
                claim("S100005", -100, -100, status="22"),
                claim("S100005", 100, 0, ("CO 16", 100)),
                claim("S100006", 500, 500),
            )
        )
        self.assertEqual(invoice.rcm_claim_status, "denied")
        notes = invoice.message_ids.filtered(lambda message: ", paid " in (message.body or ""))
        self.assertEqual(sorted(note.body.count(", paid ") for note in notes), [1, 2])
