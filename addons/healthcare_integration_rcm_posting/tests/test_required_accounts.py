from contextlib import contextmanager
from unittest.mock import patch

from odoo import Command
from odoo.tests import tagged

from .common import PAYEE_NPI, RcmCase, claim, provider_adjustment

#: With two claims an entry, what the first task of a remittance posts.
FIRST_PART = 8


@tagged("post_install", "-at_install")
class TestRequiredAccounts(RcmCase):
    """What Odoo would refuse in a later part of a large remittance holds it before the first one."""

    def setUp(self):
        super().setUp()
        self.company.rcm_entry_claim_limit = 2

    def remit_parts(self, *last, adjustments=()):
        """Return a remittance whose first part has nothing special."""
        ordinary = [claim(f"R10000{number:02d}", 100, 100) for number in range(FIRST_PART + 1)]
        for document in ordinary:
            self.claim_invoice(document.claim_id, 100)
        return self.remit(*ordinary, *last, adjustments=adjustments)

    def remit_interest(self):
        return self.remit_parts(adjustments=[provider_adjustment("L6", -5)])

    def account(self, role):
        return self.env["account.account"].browse(self.accounts[role])

    def new_account(self, name, account_type, **values):
        return self.env["account.account"].create(
            {
                "name": name,
                "code": f"98{self.env['account.account'].search_count([]):04d}",
                "account_type": account_type,
                "company_ids": self.company.ids,
                **values,
            }
        )

    def assert_refused(self, document, account, code="entry_refused"):
        """Take in what a later part cannot post to an account, and return remittance and exception."""
        entries = self.env["account.move"].search_count([])
        remittance = self.take_in(document)
        exception = self.assert_held(remittance, f"remittance.hold.{code}")
        self.assertIn(account.display_name, exception.found)
        self.assertTrue(exception.location.endswith(f"ST {remittance.control_number}"), exception.location)
        self.assertFalse(remittance.posted_claim_count)
        self.assertEqual(self.env["account.move"].search_count([]), entries, "nothing stays of the question")
        return remittance, exception

    # === ANALYTIC PLANS === #

    def require_plan(self, account):
        """Make a plan mandatory for an account, and return an analytic account of it."""
        plan = self.env["account.analytic.plan"].create({"name": "Facilities"})
        plan.applicability_ids = [
            Command.create(
                {
                    "business_domain": "general",
                    "applicability": "mandatory",
                    "account_prefix": account.code,
                    "company_id": self.company.id,
                }
            )
        ]
        return self.env["account.analytic.account"].create(
            {"name": "Children's Clinic", "plan_id": plan.id, "company_id": self.company.id}
        )

    def test_a_plan_that_only_the_last_part_must_have(self):
        clinic = self.require_plan(self.account("interest_income"))
        remittance, exception = self.assert_refused(
            self.remit_interest(), self.account("interest_income"), "analytic_missing"
        )
        payee = self.env["integration.reference"].search(
            [("kind", "=", "payee"), ("external_key", "=", PAYEE_NPI)]
        )
        payee.write({"res_model": clinic._name, "res_id": clinic.id})
        self.resolve(exception)
        self.assert_posted(remittance, claim_receivable=-900, interest_income=-5)

    def test_a_plan_that_distribution_models_serve_does_not_hold(self):
        clinic = self.require_plan(self.account("interest_income"))
        self.env["account.analytic.distribution.model"].create(
            {"partner_id": self.payer.id, "analytic_distribution": {str(clinic.id): 100}}
        )
        remittance = self.take_in(self.remit_interest())
        self.assert_posted(remittance, claim_receivable=-900, interest_income=-5)

    def test_a_plan_that_a_reversal_must_have(self):
        self.claim_invoice("R200001", 100)
        self.take_in(self.remit(claim("R200001", 100, 90, ("CO 45", 10))))
        self.require_plan(self.account("allowance"))
        reversal = claim("R200001", -100, -90, ("CO 45", -10), status="22")
        self.assert_refused(self.remit_parts(reversal), self.account("allowance"), "analytic_missing")

    # === ACCOUNTS === #

    def test_an_account_that_is_archived(self):
        account = self.new_account("Uncollectable", "expense")
        self.env["rcm.posting.rule"].create(
            {"group_code": "CO", "reason": "94", "treatment": "other_account", "account_id": account.id}
        )
        account.active = False
        self.claim_invoice("R200002", 100)
        remittance, exception = self.assert_refused(
            self.remit_parts(claim("R200002", 100, 90, ("CO 94", 10))), account
        )
        account.active = True
        self.resolve(exception)
        self.assert_posted(remittance, claim_receivable=-1000, rule_account=10)

    def test_every_account_that_is_refused_is_named(self):
        accounts = self.account("interest_income") + self.account("unapplied_cash")
        accounts.active = False
        _remittance, exception = self.assert_refused(self.remit_interest(), accounts[0])
        found = " ".join(finding["found"] for finding in exception.detail)
        for account in accounts:
            self.assertIn(account.display_name, found)

    def test_an_account_of_another_company(self):
        elsewhere = self.env["res.company"].create({"name": "Elsewhere"})
        account = self.account("interest_income").sudo()
        account.with_company(elsewhere).code = "987654"
        account.company_ids = elsewhere
        self.assert_refused(self.remit_interest(), self.account("interest_income"))

    def test_an_account_in_another_currency(self):
        self.account("interest_income").currency_id = self.env.ref("base.EUR")
        self.assert_refused(self.remit_interest(), self.account("interest_income"))

    def test_an_account_that_does_not_allow_reconciliation(self):
        self.account("payer_refund").reconcile = False
        recovery = [provider_adjustment("WO", amount, "C17") for amount in (-5, 5)]
        self.assert_refused(self.remit_parts(adjustments=recovery), self.account("payer_refund"))

    def test_an_account_off_the_balance_sheet(self):
        self.account("interest_income").write({"account_type": "off_balance", "tax_ids": False})
        remittance = self.take_in(self.remit_interest())
        self.assert_held(remittance, "remittance.hold.entry_refused")

    # === ACCOUNTS IN THE BOOKS === #

    def test_an_archived_account_of_an_invoice(self):
        former = self.new_account("Receivable until 2025", "asset_receivable")
        self.payer.with_company(self.company).property_account_receivable_id = former
        self.claim_invoice("R200003", 100)
        self.payer.with_company(self.company).property_account_receivable_id = self.company_data[
            "default_account_receivable"
        ]
        former.active = False
        self.assert_refused(self.remit_parts(claim("R200003", 100, 100)), former)

    def test_an_archived_account_of_what_a_provider_adjustment_settles(self):
        self.claim_invoice("R200006", 100)
        announcement = provider_adjustment("WO", -5, "C18")
        self.take_in(self.remit(claim("R200006", 100, 100), adjustments=[announcement]))
        former = self.account("payer_refund")
        successor = self.new_account("Payer refunds", "liability_current", reconcile=True)
        self.env["rcm.posting.account"].search([("role", "=", "payer_refund")]).account_id = successor
        former.active = False
        self.assert_refused(self.remit_parts(adjustments=[provider_adjustment("WO", 5, "C18")]), former)

    # === WHAT STAYS OF THE QUESTION === #

    @contextmanager
    def asked(self):
        """Yield the list of entries that Odoo is asked about, each as its roles."""
        ledger, seen = type(self.env["rcm.ledger"]), []
        refusal = ledger._refusal

        def watched(records, values):
            seen.append({command[2]["rcm_role"] for command in values["line_ids"]})
            return refusal(records, values)

        with patch.object(ledger, "_refusal", watched):
            yield seen

    def test_the_question_leaves_no_gap_in_the_numbers(self):
        self.claim_invoice("R200004", 100)
        before = self.take_in(self.remit(claim("R200004", 100, 100))).entry_ids
        with self.asked() as questions:
            remittance = self.take_in(self.remit_interest())
        self.assertEqual(
            questions, [{"clearing", "claim_receivable", "unapplied_cash", "interest_income"}], "asked once"
        )
        numbers = [before.sequence_number, *remittance.entry_ids.sorted("id").mapped("sequence_number")]
        self.assertEqual(numbers, [*range(numbers[0], numbers[0] + 7)])
        self.assertFalse(any(remittance.entry_ids.mapped("made_sequence_gap")))

    def test_what_fits_in_one_part_is_not_asked_for(self):
        self.claim_invoice("R200005", 100)
        with self.asked() as questions:
            self.take_in(self.remit(claim("R200005", 100, 100)))
        self.assertFalse(questions)

    def test_an_operator_without_rights_in_accounting_may_look_at_the_preview(self):
        self.account("interest_income").active = False
        remittance = self.take_in(self.remit_interest())
        operator = self.integration_user(
            "looker", "operator", company_id=self.company.id, company_ids=[Command.set(self.company.ids)]
        )
        preview = self.env["rcm.remittance.preview"].browse(
            remittance.with_user(operator).action_preview()["res_id"]
        )
        self.assertIn(self.account("interest_income").name, preview.hold_found)
