import datetime

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from ..errors import DocumentError, MappingError
from .intake_common import IntakeCase, x12_file


@tagged("post_install", "-at_install")
class TestRetention(IntakeCase):
    def setUp(self):
        super().setUp()
        self.route()
        self.system.data_class = "phi"
        self.rule = self.env["integration.retention"].create({"data_class": "phi", "payload_days": 30})
        self.rule.action_activate()

    def _settled(self, name, days):
        """Return a file that was settled so many days ago."""
        file = self.receive(self.mailbox, name, x12_file([["BPR", "I", name]]))
        self.assertEqual(file.state, "settled")
        self.age(file, days)
        return file

    def age(self, messages, days):
        moment = self.env.cr.now() - datetime.timedelta(days=days)
        (messages | messages.child_ids).closed_at = moment

    def _purge(self):
        with self.enter_registry_test_mode():
            self.env.ref("healthcare_integration_base.ir_cron_integration_retention").method_direct_trigger()
        self.env.invalidate_all()

    def _chunks(self, message):
        self.env.cr.execute(
            "SELECT count(*) FROM integration_message_chunk WHERE message_id = %s", (message.id,)
        )
        return self.env.cr.fetchone()[0]

    def test_a_payload_goes_when_its_time_is_over_and_the_proof_stays(self):
        old, young = self._settled("old.835", 31), self._settled("young.835", 29)
        digest = old.payload_hash
        self._purge()
        self.assertEqual((self._chunks(old), self._chunks(young)), (0, 1))
        self.assertEqual((old.payload_hash, old.state, old.file_name), (digest, "settled", "old.835"))
        entries = self.env["integration.audit.entry"].search([("event", "=", "message.payload_purged")])
        self.assertEqual(entries.mapped("res_id"), old.ids)
        self.assertIn("30 days", entries.detail)

    def test_a_purged_payload_reads_as_what_became_of_it(self):
        file = self._settled("old.835", 31)
        self._purge()
        for message in (file, file.child_ids):
            with self.assertRaises(DocumentError) as caught:
                message._payload()
            self.assertEqual(caught.exception.code, "payload.purged")
            self.assertIn(self.rule.name, str(caught.exception))
            with self.assertRaises(UserError):
                message.action_show_payload()

    def test_a_purged_message_cannot_be_replayed(self):
        file = self._settled("old.835", 31)
        self._purge()
        file.child_ids.state = "rejected"
        with self.assertRaises(UserError):
            file.child_ids._replay("too late")

    def test_a_repeat_of_a_purged_file_is_still_a_duplicate(self):
        self._settled("old.835", 31)
        self._purge()
        self.mailbox.drop("again.835", x12_file([["BPR", "I", "old.835"]]))
        self.look()
        self.assertEqual(self.messages()[-1].state, "duplicate")

    def test_what_is_not_settled_is_kept(self):
        file = self._settled("old.835", 31)
        file.child_ids.state = "held"
        self._purge()
        self.assertEqual(self._chunks(file), 1)
        file.child_ids.state = "applied"
        file.state = "held"
        self._purge()
        self.assertEqual(self._chunks(file), 1)

    def test_what_a_person_or_a_task_still_needs_is_kept(self):
        file = self._settled("old.835", 31)
        part = file.child_ids
        error = MappingError(code="rule.missing", message="A rule is missing", subject="CO 9999")
        exception = self.env["integration.exception"]._report(error, company=part.company_id, message=part)
        self._purge()
        self.assertEqual(self._chunks(file), 1)
        exception.action_start()
        self._purge()
        self.assertEqual(self._chunks(file), 1, "somebody is at it")
        exception._leave(part, "The rule was added.")
        task = part.with_kernel_task(message=part)._process()
        self._purge()
        self.assertEqual(self._chunks(file), 1)
        self.env["integration.queue"]._cancel(task)
        part.state = "applied"
        self._purge()
        self.assertEqual(self._chunks(file), 0)

    def test_nothing_under_legal_hold_goes(self):
        file = self._settled("old.835", 31)
        duplicate = file.copy({"duplicate_of_id": file.id, "state": "duplicate", "uuid": "duplicate"})
        for held in (file, file.child_ids, file.child_ids.flow_id, file.system_id, duplicate):
            with self.subTest(held=held):
                held._place_hold("Case 4711")
                self._purge()
                self.assertEqual(self._chunks(file), 1)
                held._release_hold("Case closed")
        self._purge()
        self.assertEqual(self._chunks(file), 0)

    def test_other_classes_companies_and_inactive_rules_delete_nothing(self):
        file = self._settled("old.835", 31)
        self.system.data_class = "price"
        self._purge()
        self.system.data_class = "phi"
        self.rule.action_deactivate()
        self._purge()
        self.rule.company_id = self.env["res.company"].create({"name": "Hospital South"})
        self.rule.action_activate()
        self._purge()
        self.assertEqual(self._chunks(file), 1)

    def test_details_go_after_the_payload(self):
        file = self._settled("old.835", 31)
        self.rule.action_deactivate()
        self.rule.metadata_days = 60
        self.rule.action_activate()
        self._purge()
        self.assertEqual(file.file_name, "old.835")
        self.age(file, 61)
        self._purge()
        part = file.child_ids
        for message in (file, part):
            self.assertFalse(message.file_name or message.sender or message.envelope or message.findings)
            self.assertNotIn("old.835", message.name)
            self.assertTrue(message.metadata_purged_at)
        self.assertEqual((part.transaction_control_number, part.state), ("0001", "applied"))
        self.assertTrue(file.payload_hash)
        self._purge()
        purged = self.env["integration.audit.entry"].search_count([("event", "=", "message.metadata_purged")])
        self.assertEqual(purged, 1, "once")

    def test_the_preview_says_what_activation_deletes(self):
        self._settled("old.835", 31)
        rule = self.rule.with_context(lang="en_US")
        self.assertTrue(rule.preview.startswith("1 payloads"), rule.preview)
        self._purge()
        rule.invalidate_recordset(["preview"])
        self.assertTrue(rule.preview.startswith("0 payloads"), rule.preview)

    def test_an_active_rule_does_not_change_and_changes_are_audited(self):
        with self.assertRaises(UserError):
            self.rule.payload_days = 1
        with self.assertRaises(UserError):
            self.rule.unlink()
        self.rule.action_deactivate()
        self.rule.payload_days = 60
        self.rule.action_activate()
        events = self.env["integration.audit.entry"].search(
            [("res_model", "=", "integration.retention")], order="id"
        )
        self.assertEqual(
            events.mapped("event"), ["retention.activated", "retention.deactivated", "retention.activated"]
        )
        self.assertIn('"payload_days": 60', events[-1].detail)

    def test_only_managers_place_holds_and_the_reason_is_asked(self):
        file = self._settled("old.835", 31)
        operator = self.integration_user("hold-operator", "operator")
        manager = self.integration_user("hold-manager", "manager")
        for method in ("action_place_hold", "action_release_hold"):
            with self.assertRaises(AccessError):
                getattr(file.with_user(operator), method)()
        with self.assertRaises(AccessError):
            file.with_user(operator)._place_hold("mine")
        action = file.with_user(manager).action_place_hold()
        form = Form(self.env[action["res_model"]].with_user(manager).with_context(**action["context"]))
        form.reason = "Case 4711"
        form.save().action_confirm()
        self.assertEqual((file.legal_hold, file.legal_hold_by_id), (True, manager))
        with self.assertRaises(UserError):
            self.system._place_hold("too") or self.system.unlink()

    def test_rights_are_not_given_through_the_wizard(self):
        wizard = self.env["integration.legal.hold.change"].create(
            {"res_model": "res.users", "res_ids": self.env.user.ids, "reason": "no"}
        )
        with self.assertRaises(UserError):
            wizard.action_confirm()
