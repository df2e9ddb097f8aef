from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from .common import RcmCase, claim

PRIVATE = "healthcare_integration_base.group_phi"


@tagged("post_install", "-at_install")
class TestMatchDialog(RcmCase):
    """The dialog offers the invoices that may fit; one press on the right one matches the claim."""

    def lost_claim(self, *invoices):
        """Return a claim whose number finds no invoice, with open invoices of its amount."""
        for number, partner in invoices:
            self.claim_invoice(number, 100, partner=partner)
        remittance = self.take_in(self.remit(claim("LOST000001", 100, 100)))
        return remittance.claim_ids

    def dialog(self, lost, user=None):
        user = user or self.biller
        action = lost.with_user(user).action_match()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def test_pressing_a_candidate_matches_the_claim(self):
        lost = self.lost_claim(("K100001", self.payer), ("K100002", self.payer))
        dialog = self.dialog(lost)
        self.assertFalse(dialog.invoice_id)
        self.assertEqual(set(dialog.candidate_ids.mapped("claim_number")), {"K100001", "K100002"})
        right = dialog.candidate_ids.filtered(lambda candidate: candidate.claim_number == "K100002")
        right.action_match()
        self.assertEqual((lost.match_state, lost.invoice_id), ("matched", right.invoice_id))
        self.assertEqual(right.invoice_id.amount_residual, 0)
        self.assertFalse(self.exceptions(lost.remittance_id))

    def test_the_only_candidate_is_chosen_already(self):
        lost = self.lost_claim(("K100003", self.payer))
        dialog = self.dialog(lost)
        self.assertEqual(dialog.invoice_id, dialog.candidate_ids.invoice_id)
        dialog.action_match()
        self.assertEqual(lost.match_state, "matched")

    def test_another_invoice_may_be_chosen(self):
        lost = self.lost_claim()
        other = self.claim_invoice("K100004", 250)
        with Form(self.dialog(lost)) as form:
            form.invoice_id = other
        form.record.action_match()
        self.assertEqual(lost.invoice_id, other)

    def test_some_invoice_must_be_chosen(self):
        dialog = self.dialog(self.lost_claim())
        with self.assertRaisesRegex(UserError, "Choose the invoice"):
            dialog.action_match()

    def test_a_candidate_opens_beside_the_dialog(self):
        candidate = self.dialog(self.lost_claim(("K100005", self.payer))).candidate_ids
        action = candidate.action_open_invoice()
        self.assertEqual(
            (action["url"], action["target"]), (f"/odoo/account.move/{candidate.invoice_id.id}", "new")
        )

    def test_patients_are_named_to_the_group_for_private_data_only(self):
        lost = self.lost_claim(("K100006", self.patient), ("K100007", self.payer))

        def shown():
            candidates = self.dialog(lost).candidate_ids
            return str(candidates.read(list(candidates.fields_get(attributes=()))))

        masked = shown()
        self.assertNotIn(self.patient.name, masked)
        self.assertIn(self.payer.name, masked)
        self.biller.group_ids += self.env.ref(PRIVATE)
        self.assertIn(self.patient.name, shown())

    def test_a_viewer_matches_nothing(self):
        lost = self.lost_claim(("K100008", self.payer))
        viewer = self.integration_user(
            "match-viewer", "viewer", company_id=self.company.id, company_ids=self.company.ids
        )
        with self.assertRaises(AccessError):
            self.dialog(lost, viewer)

    def test_an_invoice_on_which_nothing_is_open_is_refused_in_words(self):
        lost = self.lost_claim()
        paid = self.claim_invoice("K200001", 100)
        self.take_in(self.remit(claim("K200001", 100, 100)))
        self.assertEqual(paid.amount_residual, 0)
        with self.assertRaisesRegex(UserError, "would only wait again"), self.env.cr.savepoint():
            lost.with_user(self.biller)._match_by_hand(paid)
        self.assertFalse(lost.invoice_id)

    def test_what_no_rule_covers_is_reported_when_the_claim_is_matched(self):
        invoice = self.claim_invoice("K200003", 100)
        lost = self.take_in(self.remit(claim("LOST000010", 100, 80, ("CO 9999", 20)))).claim_ids
        lost.with_user(self.biller)._match_by_hand(invoice)
        exception = self.exceptions(lost.remittance_id)
        self.assertEqual((exception.code, exception.amount), ("remittance.adjustment.no_rule", 20))

    def test_a_missing_account_is_told_in_words(self):
        invoice = self.claim_invoice("K200002", 100)
        lost = self.take_in(self.remit(claim("LOST000009", 100, 80, ("PR 1", 20)))).claim_ids
        self.env["rcm.posting.account"].search([("role", "=", "patient_receivable")]).unlink()
        with self.assertRaisesRegex(UserError, "Receivable - patient"), self.env.cr.savepoint():
            lost.with_user(self.biller)._match_by_hand(invoice)

    def test_an_amount_finer_than_the_currency_is_told_in_words(self):
        invoice = self.claim_invoice("K200004", 100)
        document = claim("LOST000011", 100, 80, ("CO 45", "19.995"), ("PR 1", "0.005"))
        lost = self.take_in(self.remit(document)).claim_ids
        with self.assertRaisesRegex(UserError, "more decimals"), self.env.cr.savepoint():
            lost.with_user(self.biller)._match_by_hand(invoice)
        self.assertFalse(lost.invoice_id)

    def test_claims_of_one_number_wait_each_for_itself(self):
        first, second = self.claim_invoice("K300001", 100), self.claim_invoice("K300002", 70)
        remittance = self.take_in(
            self.remit(claim("LOST000007", 100, 100), claim("LOST000007", 70, 70, payer_claim_number="P2"))
        )
        claims = remittance.claim_ids.sorted("position")
        claims[0].with_user(self.biller)._match_by_hand(first)
        waiting = self.exceptions(remittance)
        self.assertEqual((waiting.code, waiting.rcm_claim_id), ("remittance.claim.unmatched", claims[1]))
        self.assertEqual(waiting.amount, 70, "the money of what is matched does not wait any more")
        claims[1].with_user(self.biller)._match_by_hand(second)
        self.assertFalse(self.exceptions(remittance))
        self.assertEqual((first.amount_residual, second.amount_residual), (0, 0))

    def test_claims_without_a_number_wait_under_that_of_the_payer(self):
        first, second = self.claim_invoice("K300003", 100), self.claim_invoice("K300004", 70)
        remittance = self.take_in(
            self.remit(
                claim("", 100, 100, payer_claim_number="P1"), claim("", 70, 70, payer_claim_number="P2")
            )
        )
        claims = remittance.claim_ids.sorted("position")
        self.assertEqual(set(self.exceptions(remittance).mapped("subject")), {"P1", "P2"})
        claims[0].with_user(self.biller)._match_by_hand(first)
        waiting = self.exceptions(remittance)
        self.assertEqual((waiting.subject, waiting.amount), ("P2", 70))
        claims[1].with_user(self.biller)._match_by_hand(second)
        self.assertFalse(self.exceptions(remittance))
