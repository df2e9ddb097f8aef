from psycopg2 import IntegrityError

from odoo import SUPERUSER_ID
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestFlow(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.flow = cls.create_flow("remittance")
        cls.manager = cls.user_with("group_manager")

    def test_a_code_names_one_flow_of_a_company(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
            self.create_flow("remittance")

    def test_retry_policies_that_cannot_work_are_refused(self):
        for values in (
            {"max_attempts": 0},
            {"backoff_seconds": 0},
            {"backoff_seconds": 60, "backoff_cap_seconds": 30},
            {"cutoff_hour": 24},
            {"service_level_hours": -1},
        ):
            with self.subTest(values), mute_logger("odoo.sql_db"), self.assertRaises(IntegrityError):
                self.create_flow("refused", **values)
                self.env.flush_all()

    def test_a_flow_cannot_run_as_the_system_user(self):
        with self.assertRaisesRegex(ValidationError, "system user"):
            self.flow.user_id = SUPERUSER_ID

    def test_a_flow_of_a_branch_keeps_its_system_and_is_not_named_to_who_may_not_see_it(self):
        branch = self.env["res.company"].create({"name": "Branch", "parent_id": self.company.id})
        self.runner.company_ids += branch
        self.create_flow("branch", name="Of the Branch", company_id=branch.id).action_approve()
        with self.assertRaisesRegex(UserError, "flows of other companies"):
            self.system.with_user(self.manager).action_retire()
        self.manager.company_ids += branch
        with self.assertRaisesRegex(UserError, "Of the Branch"):
            self.system.with_user(self.manager).with_context(
                allowed_company_ids=(self.company | branch).ids
            ).action_retire()
        self.assertEqual(self.system.state, "draft")

    def test_only_an_administrator_lets_a_flow_run_as_one(self):
        administrator = self.user_with("group_operator")
        administrator.group_ids += self.env.ref("base.group_erp_manager")
        with self.assertRaisesRegex(AccessError, "administrator"), self.env.cr.savepoint():
            self.flow.with_user(self.manager).user_id = administrator
        self.manager.group_ids += self.env.ref("base.group_system")
        self.flow.with_user(self.manager).user_id = administrator
        self.assertEqual(self.flow.user_id, administrator)

    def test_a_flow_runs_as_a_user_of_its_company(self):
        with self.assertRaisesRegex(ValidationError, "Other Hospital"):
            self.env["integration.flow"].create(
                {
                    "name": "Elsewhere",
                    "code": "elsewhere",
                    "company_id": self.other_company.id,
                    "system_id": self.env["integration.system"]
                    .create({"name": "S", "code": "S", "company_id": self.other_company.id})
                    .id,
                    "document_type_id": self.document_type.id,
                    "user_id": self.runner.id,
                }
            )

    def test_a_system_of_another_company_is_refused(self):
        foreign = self.env["integration.system"].create(
            {"name": "Foreign", "code": "F", "company_id": self.other_company.id}
        )
        with self.assertRaises(UserError):
            self.flow.system_id = foreign

    def test_a_flow_goes_live_by_approval(self):
        flow = self.flow.with_user(self.manager)
        with self.assertRaisesRegex(UserError, "Draft"):
            flow.action_go_live()
        flow.action_approve()
        self.assertEqual(flow.approved_by_id, self.manager)
        self.assertTrue(flow.approved_on)
        flow.action_go_live()
        flow.action_pause()
        flow.action_go_live()
        self.assertEqual(flow.state, "live")

    def test_what_was_approved_changes_only_by_revision(self):
        flow = self.flow.with_user(self.manager)
        other_type = self.env["integration.document.type"].create({"name": "Other", "code": "other"})
        flow.action_approve()
        with self.assertRaisesRegex(UserError, "Document Type"):
            flow.document_type_id = other_type
        flow.write({"document_type_id": self.document_type.id, "priority": 3})
        flow.action_revise()
        self.assertEqual((flow.state, flow.version, flow.approved_by_id.id), ("draft", 2, False))
        flow.document_type_id = other_type
        self.assertEqual(flow.document_type_id, other_type)

    def test_a_retired_flow_stays_retired(self):
        self.flow.with_user(self.manager).action_retire()
        for action in ("action_approve", "action_go_live", "action_revise", "action_retire"):
            with self.subTest(action), self.assertRaises(UserError):
                getattr(self.flow.with_user(self.manager), action)()

    def test_operators_do_not_govern_flows(self):
        flow = self.flow.with_user(self.user_with("group_operator"))
        for action in ("action_approve", "action_retire"):
            with self.subTest(action), self.assertRaises(AccessError):
                getattr(flow, action)()

    def test_changes_of_state_are_audited(self):
        self.flow.with_user(self.manager).action_approve()
        entry = self.env["integration.audit.entry"].search(
            [("res_model", "=", "integration.flow"), ("res_id", "=", self.flow.id)]
        )
        self.assertEqual(entry.mapped("event"), ["flow.approved"])
        self.assertEqual(entry.actor_id, self.manager)

    def test_a_copy_starts_as_a_draft_of_its_own(self):
        self.flow.with_user(self.manager).action_approve()
        copy = self.flow.copy()
        self.assertEqual((copy.state, copy.version, copy.approved_by_id.id), ("draft", 1, False))
        self.assertNotEqual(copy.code, self.flow.code)

    def test_open_exceptions_are_counted(self):
        self.env["integration.exception"].create(
            [
                {
                    "name": "Waits",
                    "company_id": self.company.id,
                    "flow_id": self.flow.id,
                    "category": "data",
                    "code": "test.code",
                    "subject": subject,
                    "state": state,
                }
                for subject, state in (("a", "open"), ("b", "in_progress"), ("c", "resolved"))
            ]
        )
        self.assertEqual(self.flow.exception_count, 2)
