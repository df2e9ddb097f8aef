from odoo.tests import tagged

from .common import RcmCase, claim


@tagged("post_install", "-at_install")
class TestHolds(RcmCase):
    """What holds a whole remittance, and what lets it go."""

    def test_unknown_payer_waits_for_its_mapping(self):
        self.claim_invoice("H100001", 100)
        remittance = self.take_in(self.remit(claim("H100001", 100, 100), payer="1777777777"))
        exception = self.assert_held(remittance, "remittance.hold.payer_unknown")
        self.assertEqual(exception.category, "mapping")
        self.env["integration.reference"]._remember(self.system, "payer", "1777777777", self.payer)
        self.resolve(exception)
        self.assert_posted(remittance, claim_receivable=-100)
        self.assertEqual(exception.state, "resolved")

    def test_the_only_exception_opens_at_once(self):
        held = self.take_in(self.remit(claim("H100009", 100, 100), payer="1777777777"))
        action = held.with_user(self.biller).action_open_exceptions()
        self.assertEqual((action["view_mode"], action["res_id"]), ("form", self.exceptions(held).id))
        several = self.take_in(self.remit(claim("H100010", 100, 100), claim("H100011", 100, 100)))
        action = several.with_user(self.biller).action_open_exceptions()
        self.assertEqual(action["view_mode"], "list,form")
        found = self.env["integration.exception"].search(action["domain"])
        self.assertEqual(len(found), 2)

    def test_one_unknown_payer_is_one_exception(self):
        remittances = self.take_in(
            *(self.remit(claim(f"H20000{n}", 100, 100), payer="1777777777") for n in range(3))
        )
        exceptions = self.env["integration.exception"].search(
            [("code", "=", "remittance.hold.payer_unknown")]
        )
        self.assertEqual(len(exceptions), 1)
        self.assertEqual(exceptions.message_count, 3)
        self.assertEqual(exceptions.amount, 300)
        self.assertEqual(set(remittances.mapped("state")), {"held"})

    def test_a_remittance_counts_once_however_often_it_fails(self):
        remittances = self.take_in(
            *(self.remit(claim(f"H30000{n}", 100, 100 + n), payer="1777777777") for n in range(2))
        )
        exception = self.exceptions(remittances[0])
        self.assertEqual(exception.amount, 201)
        remittances[0].message_id.with_user(self.biller).action_reprocess()
        self.assertEqual(exception.amount, 101)
        self.run_tasks()
        self.assertEqual((exception.state, exception.amount), ("open", 201))

    def test_posting_a_held_remittance_ends_what_held_it(self):
        self.claim_invoice("H100014", 100)
        remittance = self.take_in(self.remit(claim("H100014", 100, 100), payer="1777777777"))
        exception = self.assert_held(remittance, "remittance.hold.payer_unknown")
        self.env["integration.reference"]._remember(self.system, "payer", "1777777777", self.payer)
        remittance.with_user(self.biller).action_post()
        self.assertEqual((exception.state, exception.resolved_by_id), ("resolved", self.biller))
        self.run_tasks()
        self.assert_posted(remittance, claim_receivable=-100)

    def test_what_is_decided_keeps_its_amount(self):
        self.claim_invoice("H400001", 100)
        mended = self.take_in(self.remit(claim("H400001", 100, 100), payer="1777777777"))
        waived = self.take_in(self.remit(claim("H400002", 70, 70)), usage="T")
        self.env["integration.reference"]._remember(self.system, "payer", "1777777777", self.payer)
        exceptions = self.exceptions(mended) + self.exceptions(waived)
        self.resolve(exceptions[0])
        exceptions[1].with_user(self.biller)._waive("A test")
        self.assertEqual(exceptions.mapped("state"), ["resolved", "waived"])
        self.assertEqual(exceptions.mapped("amount"), [100, 70])

    def test_unknown_payee(self):
        remittance = self.remit(claim("H100002", 100, 100))
        remittance.header.payee.identifier = "9999999999"
        self.assert_held(self.take_in(remittance), "remittance.hold.payee_unknown")

    def test_unbalanced_payment(self):
        self.claim_invoice("H100003", 100)
        remittance = self.take_in(self.remit(claim("H100003", 100, 100), amount=90))
        exception = self.assert_held(remittance, "remittance.hold.unbalanced")
        self.assertEqual(exception.amount, 90, "the payment is what waits")
        self.assertIn("difference -10", exception.found)

    def unbalanced_claim(self):
        self.claim_invoice("H100012", 100)
        self.claim_invoice("H100013", 100)
        return self.remit(claim("H100012", 100, 80, ("CO 45", 15)), claim("H100013", 100, 100))

    def test_unbalanced_claim_holds_the_remittance(self):
        self.assert_held(self.take_in(self.unbalanced_claim()), "remittance.hold.unbalanced")

    def test_unbalanced_claim_waits_alone_when_the_company_says_so(self):
        self.company.rcm_unbalanced_claim_policy = "post_balanced"
        remittance = self.take_in(self.unbalanced_claim())
        self.assert_posted(remittance, claim_receivable=-100, unapplied_cash=-80)
        self.assertEqual(self.exceptions(remittance).code, "remittance.claim.unbalanced")

    def test_test_file_in_production(self):
        remittance = self.take_in(self.remit(claim("H100004", 100, 100)), usage="T")
        self.assert_held(remittance, "remittance.hold.test_file")

    def test_test_file_through_a_test_endpoint(self):
        self.mailbox.endpoint.is_test = True
        self.claim_invoice("H100005", 100)
        remittance = self.take_in(self.remit(claim("H100005", 100, 100)), usage="T")
        self.assert_posted(remittance, claim_receivable=-100)

    def test_debit(self):
        remittance = self.take_in(self.remit(claim("H100006", 100, 100), credit_debit="D"))
        self.assert_held(remittance, "remittance.hold.debit")

    def test_currency_that_is_not_active(self):
        canadian = self.env.ref("base.CAD")
        canadian.active = False
        self.claim_invoice("H100015", 100)
        remittance = self.take_in(self.remit(claim("H100015", 100, 100), currency="CAD"))
        exception = self.assert_held(remittance, "remittance.hold.currency")
        self.assertEqual((exception.expected, exception.found), ("USD", "CAD"))
        self.assertEqual(remittance.currency_id, canadian)

    def test_currency_that_nobody_knows(self):
        self.claim_invoice("H100016", 100)
        remittance = self.take_in(self.remit(claim("H100016", 100, 100), currency="QQQ"))
        exception = self.assert_held(remittance, "remittance.hold.currency")
        self.assertEqual((exception.expected, exception.found), ("USD", "QQQ"))

    def test_own_currency_by_name(self):
        self.claim_invoice("H100017", 100)
        remittance = self.take_in(self.remit(claim("H100017", 100, 100), currency="USD"))
        self.assert_posted(remittance, claim_receivable=-100)

    def test_missing_account(self):
        self.env["rcm.posting.account"].search([("role", "=", "allowance")]).unlink()
        self.claim_invoice("H100007", 100)
        remittance = self.take_in(self.remit(claim("H100007", 100, 80, ("CO 45", 20))))
        exception = self.assert_held(remittance, "remittance.hold.account_missing")
        self.env["rcm.posting.setup"].create({"company_id": self.company.id}).action_apply()
        self.resolve(exception)
        self.assert_posted(remittance, allowance=20, claim_receivable=-100)

    def test_missing_journal(self):
        self.company.rcm_journal_id = False
        self.claim_invoice("H100018", 100)
        remittance = self.take_in(self.remit(claim("H100018", 100, 100)))
        exception = self.assert_held(remittance, "remittance.hold.journal_missing")
        self.env["rcm.posting.setup"].create({"company_id": self.company.id}).action_apply()
        self.resolve(exception)
        self.assert_posted(remittance, claim_receivable=-100)

    def test_waived_exception_rejects_the_remittance(self):
        remittance = self.take_in(self.remit(claim("H100010", 100, 100)), usage="T")
        exception = self.assert_held(remittance, "remittance.hold.test_file")
        exception.with_user(self.biller)._waive("A test of the payer")
        self.assertEqual((remittance.state, remittance.message_id.state), ("rejected", "rejected"))
        self.assertEqual(exception.state, "waived")

    def test_garbled_file_is_held_with_its_payload(self):
        message = self.receive(self.mailbox, "garbled.835", b"\x00\x01 this is no remittance")
        self.assertEqual(message.state, "held")
        self.assertEqual(message._payload(), b"\x00\x01 this is no remittance")
        self.assertEqual(message.exception_ids.category, "data")

    def test_other_transaction_set_finds_no_route(self):
        content = self.file_of(self.remit(claim("H100011", 100, 100))).replace(b"ST*835*", b"ST*837*")
        message = self.receive(self.mailbox, "claims.837", content)
        self.assertEqual(message.child_ids.state, "held")
        self.assertEqual(message.child_ids.exception_ids.code, "route.not_found")
