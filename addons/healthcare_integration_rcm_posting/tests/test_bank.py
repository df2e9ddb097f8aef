from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestBank(RcmCase):
    """The bank's statement line settles the clearing account of its remittance, or waits."""

    def bank_line(self, amount, text, date="2026-03-17"):
        return self.env["account.bank.statement.line"].create(
            {
                "journal_id": self.company_data["default_journal_bank"].id,
                "amount": amount,
                "payment_ref": text,
                "date": date,
            }
        )

    def paid(self, number, amount, **values):
        self.claim_invoice(number, amount)
        return self.take_in(self.remit(claim(number, amount, amount), **values))

    def match(self, *remittances):
        return remittances[0].union(*remittances).with_user(self.biller)._match_bank()

    def test_trace_number_decides(self):
        remittance = self.paid("K100001", 100, trace="TRACE900")
        self.bank_line(100, "HCCLAIMPMT TRN*1*OTHER900*1999999999")
        line = self.bank_line(100, "HCCLAIMPMT TRN*1*TRACE900*1999999999")
        self.match(remittance)
        self.assertEqual(remittance.bank_state, "matched")
        self.assertEqual(remittance.bank_line_id, line)
        self.assertTrue(line.is_reconciled)
        self.assertFalse(remittance._open_clearing_lines())

    def test_amount_and_date_decide_when_nothing_else_fits(self):
        remittance = self.paid("K100002", 77, trace="TRACE901")
        line = self.bank_line(77, "ACH CREDIT")
        self.match(remittance)
        self.assertEqual(remittance.bank_line_id, line)

    def test_two_lines_of_the_amount_wait(self):
        remittance = self.paid("K100003", 78, trace="TRACE902")
        self.bank_line(78, "ACH CREDIT")
        self.bank_line(78, "ACH CREDIT")
        self.assertFalse(self.match(remittance))
        self.assertEqual(remittance.bank_state, "waiting")

    def test_two_remittances_of_the_amount_wait(self):
        first, second = self.paid("K100004", 79), self.paid("K100005", 79)
        self.bank_line(79, "ACH CREDIT")
        self.assertFalse(self.match(first, second))

    def test_nothing_to_expect_without_payment(self):
        self.claim_invoice("K100006", 100)
        remittance = self.take_in(self.remit(claim("K100006", 100, 0, ("PR 1", 100))))
        self.assertEqual(remittance.bank_state, "none")

    def test_billing_right_is_enough(self):
        remittance = self.paid("K100008", 101, trace="TRACE904")
        line = self.bank_line(101, "TRACE904")
        self.biller.group_ids -= self.env.ref("account.group_account_user")
        self.biller.group_ids += self.env.ref("account.group_account_invoice")
        self.biller.group_ids += self.env.ref("account.group_account_readonly")
        remittance.with_user(self.biller).action_match_bank()
        self.assertEqual(remittance.bank_line_id, line)
        self.assertTrue(line.is_reconciled)

    def test_matched_remittance_is_not_undone(self):
        remittance = self.paid("K100007", 100, trace="TRACE903")
        self.bank_line(100, "TRACE903")
        self.match(remittance)
        self.assertTrue(remittance._later_uses())
