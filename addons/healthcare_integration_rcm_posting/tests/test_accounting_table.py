from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestAccountingTable(RcmCase):
    """Each row of the accounting table, from the file to the reconciled entry."""

    def test_payment_with_contractual_allowance(self):
        invoice = self.claim_invoice("A1", 100)
        remittance = self.take_in(self.remit(claim("A1", 100, 80, ("CO 45", 20))))
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.rcm_claim_status, "paid")
        self.assertEqual(remittance.claim_ids.outcome, "posted")
        self.assertFalse(self.exceptions(remittance))
        self.assertEqual(remittance.message_id.state, "applied")
        self.assertEqual(remittance.message_id.parent_id.state, "settled")
