from decimal import Decimal

from odoo.tests import tagged

from ..errors import BusinessRuleError, DocumentError, Finding, IntegrationError, MappingError
from .common import IntegrationCase


@tagged("post_install", "-at_install")
class TestException(IntegrationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.system = cls.live_system()
        cls.other_system = cls.live_system(code="other")
        cls.owner = cls.integration_user("exception-owner", "operator")
        cls.messages = cls.env["integration.message"].create(
            [
                {"company_id": cls.env.company.id, "system_id": cls.system.id, "file_name": f"{number}.835"}
                for number in range(3)
            ]
        )

    def _report(self, error, **values):
        return self.env["integration.exception"]._report(error, company=self.env.company, **values)

    def test_one_open_exception_per_cause(self):
        error = MappingError("crosswalk.unknown_code", "Unknown", subject="CO-999")
        exceptions = [self._report(error, message=message) for message in self.messages]
        self.assertEqual(len({exception.id for exception in exceptions}), 1)
        self.assertEqual(exceptions[0].message_ids, self.messages)
        self.assertEqual(exceptions[0].message_count, 3)

    def test_what_makes_two_causes(self):
        error = MappingError("crosswalk.unknown_code", "Unknown", subject="CO-999")
        one = self._report(error, system=self.system)
        self.assertNotEqual(self._report(error, system=self.other_system), one)
        self.assertNotEqual(self._report(error), one)
        self.assertNotEqual(
            self._report(MappingError("other.code", "Unknown", subject="CO-999"), system=self.system), one
        )
        self.assertNotEqual(self._report(error, system=self.system, subject="PR-1"), one)
        other = self.env["res.company"].create({"name": "Other"})
        self.assertNotEqual(self.env["integration.exception"]._report(error, company=other), one)

    def test_the_most_urgent_comes_first(self):
        def exception(code, severity, deadline):
            found = self._report(BusinessRuleError(code, "Wrong", subject=code))
            found.write({"severity": severity, "deadline": deadline})
            return found

        later = exception("a.later", "high", "2030-01-03")
        sooner = exception("a.sooner", "high", "2030-01-02")
        also_sooner = exception("a.also_sooner", "high", "2030-01-02")
        critical = exception("a.critical", "critical", "2030-01-04")
        without = exception("a.without", "high", False)
        everything = later + sooner + also_sooner + critical + without
        found = everything.search([("id", "in", everything.ids)])
        self.assertEqual(list(found), [critical, sooner, also_sooner, later, without])

    def test_wrong_documents_are_causes_of_their_own(self):
        error = DocumentError("x12.not_x12", "The file is not X12", location="byte 0")
        first, second, again = (
            self._report(error, message=m) for m in (*self.messages[:2], self.messages[0])
        )
        self.assertNotEqual(first, second)
        self.assertEqual(first, again)
        self.assertEqual((first.location, second.location), ("0.835: byte 0", "1.835: byte 0"))

    def test_a_cause_in_hand_is_still_open_and_a_closed_one_is_not(self):
        error = BusinessRuleError("period.locked", "Locked", subject="2026-01")
        exception = self._report(error)
        exception.with_user(self.owner).action_start()
        self.assertEqual((exception.state, exception.owner_id), ("in_progress", self.owner))
        self.assertEqual(self._report(error), exception)
        exception.action_resolve()
        self.assertNotEqual(self._report(error), exception)

    def test_the_start_is_audited_of_what_was_open_alone(self):
        begun, opened, closed = (
            self._report(BusinessRuleError("a.b", "Wrong", subject=subject)) for subject in "123"
        )
        closed.action_resolve()
        begun.action_start()
        (begun + opened + closed).action_start()
        self.assertEqual((begun.state, opened.state, closed.state), ("in_progress",) * 2 + ("resolved",))
        starts = self.env["integration.audit.entry"].search(
            [
                ("res_model", "=", begun._name),
                ("res_id", "in", (begun + opened + closed).ids),
                ("event", "=", "exception.started"),
            ],
            order="id",
        )
        self.assertEqual(starts.mapped("res_id"), (begun + opened).ids)

    def test_the_exception_carries_everything_that_the_error_says(self):
        finding = Finding("a.b", "Sum", location="ST 0001", expected="1", found="2", amount=Decimal("12.34"))
        error = DocumentError(
            "a.c", "The sums differ", location="ST 0001", expected="10", found="11", remedy="Ask",
            amount=Decimal("1.50"),
            findings=(finding,),
        )  # fmt: skip
        exception = self._report(error, message=self.messages[0], record=self.owner)
        self.assertEqual(
            (exception.name, exception.expected, exception.found, exception.remedy, exception.amount),
            ("The sums differ", "10", "11", "Ask", 1.5),
        )
        self.assertEqual(
            (exception.category, exception.severity, exception.system_id), ("data", "high", self.system)
        )
        self.assertEqual((exception.res_model, exception.res_id), ("res.users", self.owner.id))
        self.assertEqual(exception.detail[0]["amount"], "12.34")
        self.assertIn("ST 0001", exception.findings_table)
        self.assertTrue(exception.deadline > exception.first_seen_at)
        self.assertFalse(exception.is_overdue)

    def test_findings_of_a_record_are_one_exception_per_record(self):
        finding = Finding("a.b", "Odd", severity="warning")
        first = self._report(finding, record=self.owner)
        self.assertEqual((first.severity, first.category), ("low", "business"))
        self.assertEqual(self._report(finding, record=self.owner), first)
        self.assertNotEqual(self._report(finding, record=self.env.user), first)

    def test_the_owner_of_the_system_gets_what_no_flow_owns(self):
        self.system.business_owner_id = self.owner
        self.assertEqual(
            self._report(IntegrationError("a.b", "Away"), system=self.system).owner_id, self.owner
        )
        self.assertFalse(self._report(IntegrationError("a.b", "Away")).owner_id)

    def test_texts_of_damaged_files_can_be_stored(self):
        error = DocumentError(
            "a.b", "Damaged \0", found="\udcff", findings=(Finding("a.b", "NUL \0", found="\0"),)
        )
        exception = self._report(error, message=self.messages[0])
        self.env.flush_all()
        self.assertEqual((exception.name, exception.detail[0]["found"]), ("Damaged \ufffd", "\ufffd"))

    def test_a_long_subject_is_cut_and_still_one_cause(self):
        error = BusinessRuleError("a.b", "Long", subject="x" * 5000)
        self.assertEqual(self._report(error), self._report(error))

    def test_closing_is_audited_and_final(self):
        exception = self._report(IntegrationError("a.b", "Away"))
        exception.with_user(self.owner).action_resolve()
        self.assertEqual((exception.resolved_by_id, exception.state), (self.owner, "resolved"))
        events = self.env["integration.audit.entry"].search(
            [("res_model", "=", exception._name), ("res_id", "=", exception.id)], order="id"
        )
        self.assertEqual(events.mapped("event"), ["exception.opened", "exception.resolved"])
        with self.assertRaisesRegex(Exception, "closed already"):
            exception.action_resolve()

    def test_the_waiver_asks_for_the_reason(self):
        exception = self._report(IntegrationError("a.b", "Away")).with_user(self.owner)
        action = exception.action_waive()
        wizard = self.env[action["res_model"]].with_user(self.owner).with_context(action["context"])
        wizard.create({"reason": "Known"}).action_waive()
        self.assertEqual((exception.state, exception.resolution), ("waived", "Known"))

    # === MONEY AT STAKE === #

    def _mapping_error(self, amount):
        return MappingError("crosswalk.unknown_code", "Unknown", subject="CO-999", amount=Decimal(amount))

    def test_the_amount_is_that_of_all_documents_that_wait(self):
        for message, amount in zip(self.messages, ("10.10", "20.20", "30.30"), strict=True):
            exception = self._report(self._mapping_error(amount), message=message)
        self.assertEqual(exception.amount, 60.6)

    def test_a_document_that_is_reported_again_counts_once(self):
        first, second, _third = self.messages
        self._report(self._mapping_error("10"), message=first)
        self._report(self._mapping_error("20"), message=second)
        exception = self._report(self._mapping_error("15"), message=first)
        self.assertEqual(exception.amount, 35)

    def test_places_of_a_document_count_each(self):
        for location, amount in (("CLP 1", 10), ("CLP 2", 20), ("CLP 1", 10)):
            finding = Finding("a.b", "No rule", location=location, amount=Decimal(amount))
            exception = self._report(finding, message=self.messages[0], subject="CO 9999")
        self.assertEqual(exception.amount, 30)

    def test_records_count_without_a_message(self):
        for user in (self.owner, self.env.user, self.owner):
            exception = self._report(self._mapping_error("10"), record=user)
        self.assertEqual(exception.amount, 20)

    def test_the_amount_sorts_searches_and_sums_up(self):
        small = self._report(self._mapping_error("10"), message=self.messages[0])
        large = self._report(IntegrationError("a.b", "Away", amount=Decimal("90")), message=self.messages[1])
        none = self._report(IntegrationError("a.c", "Away"))
        ours = [("id", "in", (small + large + none).ids)]
        exceptions = self.env["integration.exception"]
        self.assertEqual(exceptions.search(ours, order="amount desc"), large + small + none)
        self.assertEqual(exceptions.search([*ours, ("amount", "!=", 0)], order="id"), small + large)
        self.assertEqual(exceptions.search([*ours, ("amount", ">", 10)]), large)
        self.assertEqual(exceptions.search([*ours, ("amount", "=", False)]), none)
        self.assertEqual(exceptions._read_group(ours, [], ["amount:sum"]), [(100,)])
        self.assertEqual(exceptions.fields_get(["amount"])["amount"]["aggregator"], "sum")

    def test_who_reads_exceptions_reads_their_amount(self):
        exception = self._report(self._mapping_error("10"), message=self.messages[0])
        self.assertEqual(exception.with_user(self.owner).amount, 10)

    def test_what_leaves_an_exception_counts_no_more(self):
        first, second, _third = self.messages
        exception = self._report(self._mapping_error("10"), message=first)
        self._report(self._mapping_error("20"), message=second)
        exception._leave(first, "Undone")
        self.assertEqual((exception.state, exception.amount, exception.message_ids), ("open", 20, second))
        exception._leave(second, "Undone")
        self.assertEqual((exception.state, exception.amount), ("resolved", 20))
