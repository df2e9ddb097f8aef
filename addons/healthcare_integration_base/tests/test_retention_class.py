import datetime

from odoo.tests import tagged
from odoo.tools import mute_logger

from .intake_common import IntakeCase, x12_file

QUEUE_LOGGER = "odoo.addons.healthcare_integration_base.models.integration_queue_settlement"


@tagged("post_install", "-at_install")
class TestRetentionClass(IntakeCase):
    """Which rule takes a message: the more sensitive of its system's and its document type's class."""

    def setUp(self):
        super().setUp()
        self.rules = self.env["integration.retention"]
        for data_class, _label in self.rules._select_data_class():
            self.rules += self.rules.create({"data_class": data_class, "payload_days": 30})
        self.rules.action_activate()

    def _rule(self, data_class):
        return self.rules.filtered(lambda rule: rule.data_class == data_class)

    def _age(self, file, days=31):
        closed_at = self.env.cr.now() - datetime.timedelta(days=days)
        (file | file.child_ids).closed_at = closed_at
        return file

    def _settled(self, name, *more):
        """Return a file of one transaction for each interchange, settled long ago."""
        content = x12_file([["BPR", "I", name]]) + b"".join(more)
        file = self.receive(self.mailbox, name, content)
        self.assertEqual(file.state, "settled")
        return self._age(file)

    def _flow_of_type(self, sender, data_class, system=None):
        """Return a live flow of a document type of its own that takes what a sender sends."""
        document_type = self.document_type.copy({"code": f"test.{sender}", "data_class": data_class})
        flow = self.flow.copy(
            {
                "code": sender,
                "document_type_id": document_type.id,
                "system_id": (system or self.system).id,
            }
        )
        flow.action_approve()
        flow.action_go_live()
        self.route(flow_id=flow.id, sender=sender, sequence=1)
        return flow

    def _received(self):
        """Return a document that nothing is to be done for any more."""
        file = self.env["integration.message"]._receive(self.endpoint, "one.csv", [b"a;b"])
        self.env["integration.queue"]._cancel(
            self.env["integration.task"].search([("message_id", "=", file.id)])
        )
        return file

    def _purge(self):
        with self.enter_registry_test_mode():
            self.env.ref("healthcare_integration_base.ir_cron_integration_retention").method_direct_trigger()
        self.env.invalidate_all()

    def _due_under(self):
        """Return the classes of the rules whose preview names a payload."""
        self.rules.invalidate_recordset(["preview"])
        previews = [(rule, rule.with_context(lang="en_US").preview) for rule in self.rules]
        return [rule.data_class for rule, preview in previews if not preview.startswith("0 payloads")]

    def _assert_purged_under(self, file, data_class):
        """Fail unless the rule of one class announces a file and deletes it, and no other rule does."""
        self.assertEqual(self._due_under(), [data_class])
        self._purge()
        self.assertEqual(file.payload_purged_by, self._rule(data_class).name)

    def test_the_more_sensitive_class_decides(self):
        self.route()
        for of_system, of_type, decides in (
            ("none", "none", "none"),
            ("none", "phi", "phi"),
            ("phi", "none", "phi"),
            ("price", "phi", "phi"),
            ("phi", "price", "phi"),
            ("personal", "bank", "bank"),
            ("pay", "personal", "pay"),
        ):
            with self.subTest(system=of_system, document_type=of_type):
                file = self._settled(f"{of_system}-{of_type}.835")
                self.system.data_class, self.document_type.data_class = of_system, of_type
                self._assert_purged_under(file, decides)

    def test_a_short_rule_for_unprotected_data_leaves_health_data_alone(self):
        self.route()
        self._rule("phi").action_deactivate()
        file = self._settled("health.835")
        self.document_type.data_class = "phi"
        self._purge()
        self.assertFalse(file.payload_purged_at, "no rule for it")
        self._rule("phi").payload_days = 60
        self._rule("phi").action_activate()
        self._purge()
        self.assertFalse(file.payload_purged_at, "its rule keeps it longer")

    def test_the_most_sensitive_interchange_decides_about_its_file(self):
        self.route()
        self._flow_of_type("CLINIC", "phi")
        other = x12_file([["BPR", "I", "other"]], sender="CLINIC", control="2")
        file = self._settled("mixed.835", other)
        self.assertEqual(len(file.child_ids.flow_id), 2)
        self._assert_purged_under(file, "phi")

    def test_details_follow_the_same_class(self):
        self.route()
        self._flow_of_type("CLINIC", "phi")
        file = self._settled("mixed.835", x12_file([["BPR"]], sender="CLINIC", control="2"))
        self._assert_purged_under(file, "phi")
        self.rules.action_deactivate()
        self.rules.metadata_days = 31
        self.rules.action_activate()
        self._age(file, 32)
        self.env.flush_all()
        taken = {rule.data_class: rule._purge_metadata() for rule in self.rules}
        self.assertEqual({name for name, count in taken.items() if count}, {"phi"})

    def test_the_system_of_a_transaction_counts_like_that_of_its_file(self):
        self.route()
        clinic = self.live_system(code="clinic", data_class="phi")
        self._flow_of_type("CLINIC", "none", clinic)
        file = self._settled("mixed.835", x12_file([["BPR"]], sender="CLINIC", control="2"))
        self._assert_purged_under(file, "phi")

    def test_a_transaction_that_turns_out_to_be_sensitive_is_not_deleted_by_the_shorter_rule(self):
        self.route()
        flow = self._flow_of_type("ZCLINIC", "none")
        file = self._settled("mixed.835", x12_file([["BPR"]], sender="ZCLINIC", control="2"))
        self.assertEqual(self._due_under(), ["none"])
        flow.document_type_id.data_class = "phi"
        self.assertNotIn("none", self._due_under())
        self.assertEqual(self._rule("none")._purge_payloads(), 0)
        self.assertFalse(file.payload_purged_at)

    def test_without_a_document_type_the_system_decides(self):
        self.system.data_class = "pay"
        with mute_logger(QUEUE_LOGGER):
            file = self.receive(self.mailbox, "unrouted.835", x12_file([["BPR", "I", "unrouted"]]))
        file.child_ids.exception_ids._waive("Nobody takes it")
        self.assertEqual((file.state, file.child_ids.document_type_id.ids), ("settled", []))
        self._age(file)
        self._assert_purged_under(file, "pay")

    def test_a_document_without_transactions_has_the_class_of_its_own_type(self):
        file = self._received()
        file.write({"state": "applied", "flow_id": self.flow.id})
        self._age(file)
        self.document_type.data_class = "phi"
        self._assert_purged_under(file, "phi")

    def test_a_message_without_a_system_is_kept(self):
        file = self._received()
        file.write({"state": "applied", "system_id": False, "flow_id": self.flow.id})
        self._age(file)
        self.assertEqual(self._due_under(), [])
