from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestMatching(RcmCase):
    """A claim finds its invoice by its number, or waits: never by a guess."""

    def matched(self, number, charge):
        return self.take_in(self.remit(claim(number, charge, charge))).claim_ids

    def test_lost_prefix_and_punctuation(self):
        invoice = self.claim_invoice("HOSP-2026-004711", 90)
        found = self.matched("2026004711", 90)
        self.assertEqual((found.invoice_id, found.match_basis), (invoice, "normalised"))

    def test_digits_alone_need_the_same_charge(self):
        self.claim_invoice("HOSP-2026-004712", 90)
        self.assertEqual(self.matched("2026004712", 91).match_state, "unmatched")

    def test_lost_modifier(self):
        invoice = self.claim_invoice("HOSP-2026-004713-A", 90)
        self.assertEqual(self.matched("2026004713A", 90).invoice_id, invoice)
        self.assertEqual(self.matched("HOSP-2026-004713", 90).invoice_id, invoice)

    def test_another_prefix_is_another_claim(self):
        self.claim_invoice("OP-123456", 90)
        for number in ("ER-123456", "123456ER", "ER-123456-OP"):
            found = self.matched(number, 90)
            self.assertEqual((found.match_state, found.outcome), ("unmatched", "unapplied"), number)

    def test_two_candidates_are_ambiguous(self):
        self.claim_invoice("AB-500500", 90)
        self.claim_invoice("AB/500500", 90)
        found = self.matched("AB500500", 90)
        self.assertEqual(found.match_state, "ambiguous")
        self.assertEqual(len(found.candidate_ids), 2)
