from odoo.exceptions import UserError
from odoo.tests import tagged

from .common import OTHER_PAYER_ID, RcmCase, claim, provider_adjustment, service_line


@tagged("post_install", "-at_install")
class TestClaims(RcmCase):
    """Each row of the accounting table that concerns claims, from the file to the reconciled entry."""

    def codes(self, remittance):
        return sorted(self.exceptions(remittance).mapped("code"))

    def test_payment_with_contractual_allowance(self):
        invoice = self.claim_invoice("A100001", 100)
        remittance = self.take_in(self.remit(claim("A100001", 100, 80, ("CO 45", 20))))
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(invoice.payment_state, "paid")
        self.assertEqual(invoice.rcm_claim_status, "paid")
        self.assertEqual(remittance.claim_ids.outcome, "posted")
        self.assertFalse(self.exceptions(remittance))
        self.assertEqual(remittance.message_id.state, "applied")
        self.assertEqual(remittance.message_id.parent_id.state, "settled")
        self.assertEqual(self.mailbox.waiting(), [])
        self.assertIn(remittance.trace_number, invoice.message_ids[0].body)
        self.assertNotIn("Testcase", invoice.message_ids[0].body)
        self.assertEqual(len(self.mailbox.archived()), 1)

    def test_deductible_moves_to_the_patient_when_the_payer_was_invoiced(self):
        invoice = self.claim_invoice("A100002", 100)
        remittance = self.take_in(self.remit(claim("A100002", 100, 70, ("CO 45", 10), ("PR 1", 20))))
        self.assert_posted(remittance, allowance=10, patient_receivable=20, claim_receivable=-100)
        self.assertEqual(invoice.amount_residual, 0)
        line = remittance.entry_ids.line_ids.filtered(lambda line: line.rcm_role == "patient_receivable")
        self.assertEqual(line.partner_id, self.patient)
        self.assertFalse(line.reconciled)
        self.assertEqual(invoice.rcm_claim_status, "patient")

    def test_deductible_stays_on_the_invoice_of_the_patient(self):
        invoice = self.claim_invoice("A100003", 100, partner=self.patient)
        remittance = self.take_in(self.remit(claim("A100003", 100, 70, ("CO 45", 10), ("PR 1", 20))))
        self.assert_posted(remittance, allowance=10, claim_receivable=-80)
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (20, "patient"))

    def test_all_of_the_patients_invoice_is_deductible(self):
        invoice = self.claim_invoice("A100065", 100, partner=self.patient)
        remittance = self.take_in(self.remit(claim("A100065", 100, 0, ("PR 1", 100))))
        self.assert_posted(remittance)
        self.assertEqual(remittance.claim_ids.outcome, "no_effect")
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (100, "patient"))
        remittance.with_user(self.biller).action_undo()
        self.assertFalse(invoice.rcm_claim_status)

    def test_what_stays_with_the_patient_is_not_the_next_payers(self):
        invoice = self.claim_invoice("A100066", 100, partner=self.patient)
        remittance = self.take_in(
            self.remit(claim("A100066", 100, 70, ("CO 45", 10), ("PR 1", 20), status="19"))
        )
        self.assert_posted(remittance, allowance=10, claim_receivable=-80)
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (20, "patient"))

    def test_denied_claim_stays_open_and_is_reported(self):
        invoice = self.claim_invoice("A100004", 100)
        remittance = self.take_in(self.remit(claim("A100004", 100, 0, ("CO 50", 100))))
        self.assert_posted(remittance)
        self.assertFalse(remittance.entry_ids)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(invoice.rcm_claim_status, "denied")
        self.assertEqual(remittance.claim_ids.outcome, "denied")
        exception = self.exceptions(remittance)
        self.assertEqual(exception.code, "remittance.claim.denied")
        self.assertEqual(exception.amount, 100)

    def denied_and_moved(self, number):
        self.company.rcm_denied_claim_policy = "reclass"
        invoice = self.claim_invoice(number, 100)
        remittance = self.take_in(self.remit(claim(number, 100, 0, ("CO 50", 100))))
        self.assert_posted(remittance, denied_receivable=100, claim_receivable=-100)
        [line] = remittance.entry_ids.line_ids.filtered(lambda line: line.rcm_role == "denied_receivable")
        self.assertEqual((line.partner_id, line.amount_residual), (self.payer, 100))
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (0, "denied"))
        self.assertEqual(remittance.claim_ids.outcome, "denied")
        self.assertEqual(self.codes(remittance), ["remittance.claim.denied"])
        return invoice, remittance, line

    def test_denied_claim_moves_where_the_company_says_so(self):
        _invoice, _remittance, line = self.denied_and_moved("A100015")
        paid = self.take_in(self.remit(claim("A100015", 100, 80, ("CO 45", 20))))
        self.assert_posted(paid, allowance=20, claim_receivable=-100)
        self.assertTrue(line.reconciled, "the open item of the claim is what was moved")

    def test_moved_denial_is_reversed_and_corrected(self):
        invoice, _remittance, line = self.denied_and_moved("A100016")
        corrected = self.take_in(
            self.remit(
                claim("A100016", -100, 0, ("CO 50", -100), status="22"),
                claim("A100016", 100, 90, ("CO 45", 10)),
            )
        )
        self.assert_posted(corrected, allowance=10, denied_receivable=-100)
        self.assertTrue(line.reconciled)
        self.assertEqual(invoice.amount_residual, 0)

    def test_undo_of_a_moved_denial(self):
        invoice, remittance, line = self.denied_and_moved("A100017")
        remittance.with_user(self.biller).action_undo()
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (100, False))
        self.assertTrue(line.reconciled)

    def test_undo_refuses_when_a_moved_denial_was_paid_later(self):
        _invoice, remittance, _line = self.denied_and_moved("A100018")
        self.take_in(self.remit(claim("A100018", 100, 100)))
        with self.assertRaisesRegex(UserError, "Release first"):
            remittance.with_user(self.biller).action_undo()

    def test_denied_line_of_a_paid_claim(self):
        invoice = self.claim_invoice("A100005", 100)
        document = claim("A100005", 100, 60)
        document.service_lines = [
            service_line("99213", 60, 60),
            service_line("99214", 40, 0, ("CO 97", 40)),
        ]
        remittance = self.take_in(self.remit(document))
        self.assert_posted(remittance, claim_receivable=-60)
        self.assertEqual(invoice.amount_residual, 40)
        self.assertEqual(self.codes(remittance), ["remittance.claim.line_denied"])
        self.assertEqual(
            remittance.claim_ids.adjustment_ids.mapped("treatment"), ["denial"], "the treatment is noted"
        )

    def test_forwarded_claim_goes_to_the_next_payer_who_then_pays(self):
        invoice = self.claim_invoice("A100006", 100)
        primary = self.take_in(
            self.remit(
                claim("A100006", 100, 70, ("CO 45", 10), ("PR 2", 20), status="19",
                      crossover_payer_identifier=OTHER_PAYER_ID, crossover_payer_name="SECOND HARBOR")
            )
        )  # fmt: skip
        self.assert_posted(primary, allowance=10, payer_receivable=20, claim_receivable=-100)
        forwarded = primary.entry_ids.line_ids.filtered(lambda line: line.rcm_role == "payer_receivable")
        self.assertEqual(forwarded.partner_id, self.other_payer)
        self.assertEqual((invoice.amount_residual, invoice.rcm_claim_status), (0, "forwarded"))
        secondary = self.take_in(
            self.remit(claim("A100006", 100, 20, ("OA 23", 80), status="2"), payer=OTHER_PAYER_ID)
        )
        self.assert_posted(secondary, claim_receivable=-20)
        self.assertTrue(forwarded.reconciled)

    def test_the_correction_decides_the_status_of_the_invoice(self):
        other, invoice = self.claim_invoice("A100061", 100), self.claim_invoice("A100062", 100)
        self.take_in(self.remit(claim("A100062", 100, 80, ("CO 45", 20))))
        corrected = self.take_in(
            self.remit(
                claim("A100061", 100, 100),
                claim("A100062", -100, -80, ("CO 45", -20), status="22"),
                claim("A100062", 100, 90, ("CO 45", 10)),
            )
        )
        self.assert_posted(corrected, claim_receivable=-100, allowance=-10)
        self.assertEqual((other.rcm_claim_status, invoice.rcm_claim_status), ("paid", "paid"))

    def test_amounts_finer_than_the_currency_hold_the_remittance(self):
        self.claim_invoice("A100063", 100)
        self.claim_invoice("A100064", 100)
        fine = claim("A100063", "100.005", "50.005", ("CO 45", 50))
        finer = claim("A100064", "100.005", "50.005", ("CO 45", 50))
        remittance = self.take_in(self.remit(fine, finer))
        self.assertEqual(remittance.state, "held")
        exception = self.exceptions(remittance)
        self.assertEqual(exception.code, "remittance.hold.precision")
        self.assertTrue(exception.location and exception.expected and exception.found and exception.remedy)
        self.assertFalse(remittance.entry_ids)

    def test_correction_after_its_reversal_is_forwarded(self):
        self.claim_invoice("A100060", 100)
        crossed = {"status": "19", "crossover_payer_identifier": OTHER_PAYER_ID}
        self.take_in(self.remit(claim("A100060", 100, 70, ("PR 2", 30), **crossed)))
        corrected = self.take_in(
            self.remit(
                claim("A100060", -100, -70, ("PR 2", -30), status="22"),
                claim("A100060", 100, 80, ("PR 2", 20), **crossed),
            )
        )
        self.assert_posted(corrected, payer_receivable=-10)
        self.assertFalse(self.exceptions(corrected))

    def test_unknown_reason_goes_to_review(self):
        invoice = self.claim_invoice("A100007", 100)
        remittance = self.take_in(self.remit(claim("A100007", 100, 80, ("CO 9999", 20))))
        self.assert_posted(remittance, claim_receivable=-80)
        self.assertEqual(invoice.amount_residual, 20)
        self.assertEqual(len(self.exceptions(remittance)), 1)
        self.assertEqual(self.exceptions(remittance).amount, 20)

    def test_reversal_reopens_the_invoice_for_its_correction(self):
        invoice = self.claim_invoice("A100008", 600)
        first = self.take_in(self.remit(claim("A100008", 600, 600)))
        self.assertEqual(invoice.amount_residual, 0)
        correction = self.take_in(
            self.remit(
                claim("A100008", -600, -600, status="22"),
                claim("A100008", 600, 400, ("CO 45", 200)),
                amount=0,
                adjustments=[provider_adjustment("WO", -200, "A100008")],
            )
        )
        self.assert_posted(correction, allowance=200, payer_refund=-200)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertTrue(first.claim_ids.is_reversed)
        self.assertEqual(correction.claim_ids[0].reversal_of_id, first.claim_ids)

    def test_reversal_of_an_unknown_claim_waits(self):
        self.claim_invoice("A100009", 100)
        self.claim_invoice("A100010", 300)
        remittance = self.take_in(
            self.remit(claim("A100009", -100, -100, status="22"), claim("A100010", 300, 300))
        )
        self.assert_posted(remittance, takeback=100, claim_receivable=-300)
        self.assertEqual(self.codes(remittance), ["remittance.claim.reversal_unknown"])

    def test_reversal_of_a_denied_claim_has_nothing_to_take_back(self):
        invoice = self.claim_invoice("A100014", 100)
        self.take_in(self.remit(claim("A100014", 100, 0, ("CO 50", 100))))
        corrected = self.take_in(
            self.remit(
                claim("A100014", -100, 0, ("CO 50", -100), status="22"),
                claim("A100014", 100, 90, ("CO 45", 10)),
            )
        )
        self.assert_posted(corrected, claim_receivable=-100, allowance=10)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertNotIn("remittance.claim.reversal_unknown", self.codes(corrected))

    def test_unmatched_claim_is_unapplied_cash_until_a_biller_matches_it(self):
        remittance = self.take_in(self.remit(claim("NOWHERE77", 100, 80, ("CO 45", 20))))
        self.assert_posted(remittance, unapplied_cash=-80)
        exception = self.exceptions(remittance)
        self.assertEqual(exception.code, "remittance.claim.unmatched")
        self.assertEqual(exception.rcm_claim_id, remittance.claim_ids)
        invoice = self.claim_invoice("SOMETHING1", 100)
        remittance.claim_ids.with_user(self.biller)._match_by_hand(invoice)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(
            self.balances(remittance), {"clearing": 80, "allowance": 20, "claim_receivable": -100}
        )
        self.assertEqual(exception.state, "resolved")

    def test_over_credit_waits_in_unapplied_cash(self):
        invoice = self.claim_invoice("A100011", 50)
        remittance = self.take_in(self.remit(claim("A100011", 80, 80)))
        self.assert_posted(remittance, claim_receivable=-50, unapplied_cash=-30)
        self.assertEqual(invoice.amount_residual, 0)
        self.assertEqual(self.codes(remittance), ["remittance.claim.over_credit"])

    def test_all_deductible_remittance_without_payment(self):
        invoice = self.claim_invoice("A100012", 100)
        remittance = self.take_in(self.remit(claim("A100012", 100, 0, ("PR 1", 100))))
        self.assert_posted(remittance, patient_receivable=100, claim_receivable=-100)
        self.assertEqual(invoice.amount_residual, 0)

    def test_predetermination_has_no_effect(self):
        invoice = self.claim_invoice("A100013", 100)
        remittance = self.take_in(self.remit(claim("A100013", 100, 0, ("CO 101", 100), status="25")))
        self.assert_posted(remittance)
        self.assertEqual(invoice.amount_residual, 100)
        self.assertEqual(remittance.claim_ids.outcome, "no_effect")


@tagged("post_install", "-at_install")
class TestProviderAdjustments(RcmCase):
    """Each row of the accounting table that concerns provider adjustments, and the worked examples."""

    def pay(self, *amounts, adjustments=(), **values):
        """Take in a remittance that pays claims of these amounts in full."""
        claims = []
        for amount in amounts:
            type(self).sequence = getattr(self, "sequence", 200000) + 1
            number = f"B{self.sequence}"
            self.claim_invoice(number, amount)
            claims.append(claim(number, amount, amount))
        return self.take_in(self.remit(*claims, adjustments=adjustments, **values))

    def test_interest(self):
        remittance = self.pay(600, adjustments=[provider_adjustment("L6", -12.5)])
        self.assertEqual(remittance.amount, 612.5)
        self.assert_posted(remittance, claim_receivable=-600, interest_income=-12.5)
        self.assertEqual(remittance.provider_adjustment_ids.line_ids.mapped("balance"), [-12.5])

    def test_overpayment_is_announced_and_collected_later(self):
        announced = self.pay(600, adjustments=[provider_adjustment("WO", -200, "CLM9")])
        self.assert_posted(announced, claim_receivable=-600, payer_refund=-200)
        collected = self.pay(
            400, adjustments=[provider_adjustment("WO", 200, "CLM9"), provider_adjustment("L6", 5)]
        )
        self.assertEqual(collected.amount, 195)
        self.assert_posted(collected, claim_receivable=-400, payer_refund=200, interest_income=5)
        lines = (announced + collected).entry_ids.line_ids.filtered(
            lambda line: line.rcm_role == "payer_refund"
        )
        self.assertEqual(lines.mapped("reconciled"), [True, True])

    def test_collection_without_announcement_waits(self):
        remittance = self.pay(400, adjustments=[provider_adjustment("WO", 100, "UNKNOWN")])
        self.assert_posted(remittance, claim_receivable=-400, takeback=100)
        self.assertEqual(self.exceptions(remittance).code, "remittance.provider_adjustment.takeback")

    def test_announcement_pairs_with_the_collection_before_it(self):
        collected = self.pay(600, adjustments=[provider_adjustment("WO", 200, "R1")])
        self.assert_posted(collected, claim_receivable=-600, takeback=200)
        exception = self.exceptions(collected)
        announced = self.pay(600, adjustments=[provider_adjustment("WO", -250, "r 1")])
        self.assertEqual((collected.amount, announced.amount), (400, 850))
        self.assert_posted(announced, claim_receivable=-600, takeback=-200, payer_refund=-50)
        takebacks = (collected + announced).entry_ids.line_ids.filtered(
            lambda line: line.rcm_role == "takeback"
        )
        self.assertEqual(takebacks.mapped("reconciled"), [True, True])
        self.assertEqual(exception.state, "resolved")
        self.assertFalse(self.exceptions(collected))

    def test_announcement_of_a_part_leaves_the_exception_open(self):
        collected = self.pay(600, adjustments=[provider_adjustment("WO", 200, "R2")])
        announced = self.pay(600, adjustments=[provider_adjustment("WO", -50, "R2")])
        self.assert_posted(announced, claim_receivable=-600, takeback=-50)
        self.assertEqual(self.exceptions(collected).code, "remittance.provider_adjustment.takeback")

    def test_balance_is_applied_before_it_is_carried_forward(self):
        applied = self.pay(600, adjustments=[provider_adjustment("FB", 200, "T88")])
        exception = self.exceptions(applied)
        carried = self.pay(600, adjustments=[provider_adjustment("FB", -200, "X")], trace="T88")
        self.assert_posted(carried, claim_receivable=-600, forward_balance=-200)
        self.assertEqual(exception.state, "resolved")
        lines = (applied + carried).entry_ids.line_ids
        self.assertTrue(all(line.reconciled for line in lines if line.rcm_role == "forward_balance"))

    def test_balance_is_carried_forward_and_applied(self):
        carried = self.take_in(
            self.remit(
                adjustments=[provider_adjustment("WO", 200, "X"), provider_adjustment("FB", -200, "T77")],
                trace="T77",
                amount=0,
            )
        )
        self.assert_posted(carried, takeback=200, forward_balance=-200)
        applied = self.pay(600, adjustments=[provider_adjustment("FB", 200, "T77")])
        self.assertEqual(applied.amount, 400)
        self.assert_posted(applied, claim_receivable=-600, forward_balance=200)
        lines = (carried + applied).entry_ids.line_ids.filtered(
            lambda line: line.rcm_role == "forward_balance"
        )
        self.assertEqual(lines.mapped("reconciled"), [True, True])

    def test_refund_check_is_acknowledged(self):
        self.pay(100, adjustments=[provider_adjustment("WO", -200, "REF1")])
        remittance = self.pay(
            400, adjustments=[provider_adjustment("WO", 200, "REF1"), provider_adjustment("72", -200, "REF1")]
        )
        self.assertEqual(remittance.amount, 400)
        self.assert_posted(remittance, claim_receivable=-400, payer_refund=200, refund_check=-200)

    def test_periodic_interim_payment(self):
        remittance = self.pay(adjustments=[provider_adjustment("PI", -500)])
        self.assert_posted(remittance, periodic_interim=-500)
        remittance = self.pay(700, adjustments=[provider_adjustment("PI", 500)])
        self.assert_posted(remittance, claim_receivable=-700, periodic_interim=500)

    def test_withheld_tax_and_levy(self):
        remittance = self.pay(500, adjustments=[provider_adjustment("IR", 50), provider_adjustment("LE", 20)])
        self.assert_posted(remittance, claim_receivable=-500, withholding_tax=50, levy=20)

    def test_code_without_rule_is_to_identify(self):
        remittance = self.pay(500, adjustments=[provider_adjustment("CS", 50, "ADJ")])
        self.assert_posted(remittance, claim_receivable=-500, provider_adjustment_review=50)
        self.assertEqual(self.exceptions(remittance).code, "remittance.provider_adjustment.to_identify")
