from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestBank(RcmCase):
    """The bank's statement line settles the clearing account of its remittance, or waits."""

    def bank_line(self, amount, text, date="2026-03-17"):
        return self.bank_lines(amount, text, [date])

    def bank_lines(self, amount, text, dates):
        journal = self.company_data["default_journal_bank"]
        return self.env["account.bank.statement.line"].create(
            [
                {"journal_id": journal.id, "amount": amount, "payment_ref": text, "date": date}
                for date in dates
            ]
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

    def test_a_longer_trace_number_is_another(self):
        remittance = self.paid("K100021", 95, trace="EFT1")
        longer = self.bank_lines(95, "HCCLAIMPMT TRN*1*EFT12*1999999999", ["2026-03-17"])
        self.assertFalse(self.match(remittance), "the line is another payment's, whoever expects it")
        own = self.bank_line(95, "ACH CREDIT eft1 LAKESIDE")
        self.match(remittance)
        self.assertEqual(remittance.bank_line_id, own)
        other = self.paid("K100022", 95, trace="EFT12")
        self.match(other)
        self.assertEqual(other.bank_line_id, longer)

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

    def choose(self, remittance, user=None):
        """Return the dialog that asks for the bank line of a remittance."""
        user = user or self.biller
        action = remittance.with_user(user).action_match_bank()
        return self.env[action["res_model"]].with_user(user).browse(action["res_id"])

    def test_one_of_two_lines_is_chosen(self):
        remittance = self.paid("K100009", 88, trace="TRACE905")
        later = self.bank_line(88, "ACH CREDIT", date="2026-03-19")
        nearer = self.bank_line(88, "ACH CREDIT", date="2026-03-17")
        candidates = self.choose(remittance).candidate_ids
        self.assertEqual(candidates.bank_line_id.ids, [nearer.id, later.id], "the nearest date first")
        candidates[1].action_match()
        self.assertEqual((remittance.bank_state, remittance.bank_line_id), ("matched", later))
        self.assertTrue(later.is_reconciled)
        self.assertFalse(nearer.is_reconciled)
        self.assertFalse(remittance._open_clearing_lines())
        entry = (
            self.env["integration.audit.entry"].sudo().search([("event", "=", "remittance.bank_line_chosen")])
        )
        self.assertEqual((entry.res_id, entry.actor_login), (remittance.id, self.biller.login))

    def test_an_old_remittance_is_offered_the_lines_of_its_time(self):
        remittance = self.paid("K100015", 94)
        near = self.bank_lines(94, "ACH CREDIT", ["2026-03-17", "2026-03-18"])
        before = self.bank_line(94, "ACH CREDIT", date="2026-03-11")
        after = self.bank_lines(94, "ACH CREDIT", [f"2026-04-{day:02d}" for day in range(1, 13)])
        self.assertEqual(
            self.choose(remittance).candidate_ids.bank_line_id.ids, (near + before + after[:7]).ids
        )

    def test_a_late_line_may_be_chosen(self):
        remittance = self.paid("K100010", 89, trace="TRACE906")
        line = self.bank_line(89, "ACH CREDIT", date="2026-06-01")
        self.assertFalse(self.match(remittance))
        self.choose(remittance).candidate_ids.action_match()
        self.assertEqual(remittance.bank_line_id, line)

    def test_a_line_of_another_amount_is_not_offered(self):
        remittance = self.paid("K100011", 90, trace="TRACE907")
        self.bank_line(91, "TRACE907")
        with self.assertRaisesRegex(UserError, "No open bank statement line"):
            self.choose(remittance)

    def test_a_line_is_matched_once(self):
        first, second = self.paid("K100012", 92), self.paid("K100013", 92)
        self.bank_line(92, "ACH CREDIT")
        dialogs = self.choose(first), self.choose(second)
        dialogs[0].candidate_ids.action_match()
        for dialog in dialogs:
            with self.assertRaisesRegex(UserError, "matched already"):
                dialog.candidate_ids.action_match()
        self.assertEqual((first.bank_state, second.bank_state), ("matched", "waiting"))

    def test_who_may_not_read_bank_lines_chooses_none(self):
        remittance = self.paid("K100014", 93)
        self.bank_line(93, "ACH CREDIT")
        self.bank_line(93, "ACH CREDIT")
        dialog = self.choose(remittance)
        company = {"company_id": self.company.id, "company_ids": self.company.ids}
        operator = self.integration_user("bank-operator", "operator", **company)
        viewer = self.integration_user("bank-viewer", "viewer", **company)
        for user in (operator, viewer):
            with self.assertRaises(AccessError):
                self.choose(remittance, user)
            with self.assertRaises(AccessError):
                dialog.candidate_ids[0].with_user(user).action_match()
        with self.assertRaises(AccessError):
            dialog.candidate_ids.with_user(operator).read(["payment_ref"])
        self.assertEqual(remittance.bank_state, "waiting")

    def test_two_remittances_of_the_amount_wait(self):
        first, second = self.paid("K100004", 79), self.paid("K100005", 79)
        self.bank_line(79, "ACH CREDIT")
        self.assertFalse(self.match(first, second))

    def test_a_payment_of_an_unrelated_company_names_no_line(self):
        other = self.setup_other_company()["company"]
        waiting = (
            self.env["rcm.remittance"]
            .sudo()
            .create(
                {
                    "company_id": other.id,
                    "currency_id": other.currency_id.id,
                    "state": "posted",
                    "amount": 1,
                    "trace_number": "LAKESIDE",
                }
            )
        )
        self.assertEqual(waiting.bank_state, "waiting")
        remittance = self.paid("K100023", 80, trace="TRACE905")
        line = self.bank_line(80, "ACH CREDIT LAKESIDE")
        self.match(remittance)
        self.assertEqual(remittance.bank_line_id, line)

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
        line = self.bank_line(100, "TRACE903")
        self.match(remittance)
        with self.assertRaisesRegex(UserError, "Release first"):
            remittance.with_user(self.biller).action_undo()
        self.assertEqual((remittance.state, remittance.bank_state), ("posted", "matched"))
        self.assertTrue(line.is_reconciled)
        self.assertFalse(remittance.entry_ids.filtered("reversed_entry_id"))
