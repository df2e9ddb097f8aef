from odoo.exceptions import AccessError
from odoo.service.model import get_public_method
from odoo.tests import tagged

from ..errors import IntegrationError
from .access_common import ROLES
from .common import ADDON
from .queue_common import QueueCase

# What Odoo itself lets any client call, guarded by access rights; overrides of it are no new doors.
ORM_METHODS = {"create", "write", "unlink", "copy_data", "export_data", "init"}
KERNEL_MODELS = (
    "integration.task",
    "integration.lease",
    "integration.message",
    "integration.message.key",
    "integration.message.link",
    "integration.exception",
    "integration.endpoint.file",
)


@tagged("post_install", "-at_install")
class TestQueueAccess(QueueCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.integration_user(f"queue-{role}", role) for role in ROLES}
        cls.users["nobody"] = cls.integration_user("queue-nobody")
        administrator = cls.integration_user(
            "queue-administrator", "manager", "secrets_officer", "auditor", "phi"
        )
        administrator.group_ids += cls.env.ref("base.group_system")
        cls.users["administrator"] = administrator
        cls.message = cls.env["integration.message"].create({"company_id": cls.env.company.id})

    def setUp(self):
        super().setUp()
        self.outcomes = [IntegrationError("a.b", "Broken")]
        self.task = self.enqueue(message=self.message)
        self.run_tasks()
        self.exception = self.task.exception_id

    def test_nobody_forges_tasks_messages_or_exceptions(self):
        forged = {
            "model_name": "res.users",
            "method_name": "unlink",
            "arguments": {"ids": [2], "args": [], "kwargs": {}},
        }
        values = {
            "integration.task": {
                "description": "x",
                "company_id": self.env.company.id,
                "user_id": 1,
                **forged,
            },
            "integration.message": {"company_id": self.env.company.id, "state": "applied"},
            "integration.exception": {
                "name": "x",
                "company_id": self.env.company.id,
                "category": "data",
                "code": "x",
            },
        }
        records = {"integration.task": self.task, "integration.message": self.message}
        for role, user in self.users.items():
            for name, row in values.items():
                with self.assertRaises(AccessError, msg=f"{role} creates {name}"):
                    self.env[name].with_user(user).create(row)
            for name, record in records.items():
                with self.assertRaises(AccessError, msg=f"{role} writes {name}"):
                    record.with_user(user).write(
                        {"state": "pending", **(forged if record == self.task else {})}
                    )
                with self.assertRaises(AccessError, msg=f"{role} deletes {name}"):
                    record.with_user(user).unlink()
            with self.assertRaises(AccessError, msg=f"{role} closes an exception"):
                self.exception.with_user(user).write({"state": "resolved"})

    def test_a_forged_row_runs_no_method_that_is_not_marked(self):
        """Whoever can write to the table still runs nothing but what the suite lets the queue run."""
        for method_name in (
            "unlink",
            "write",
            "sudo",
            "env",
            "__init__",
            "_write",
            "with_user",
            "action_retry",
        ):
            self.env.cr.execute(
                """
                INSERT INTO integration_task (description, company_id, user_id, model_name, method_name,
                                              arguments, state, priority, rank, attempts, max_attempts)
                VALUES ('Harmless', %s, 1, 'res.partner', %s, %s, 'pending', 1, 1, 0, 8) RETURNING id
                """,
                (
                    self.env.company.id,
                    method_name,
                    f'{{"ids": [{self.partner.id}], "args": [], "kwargs": {{}}}}',
                ),
            )
            task = self.env["integration.task"].browse(self.env.cr.fetchone()[0])
            self.run_tasks()
            self.assertEqual((task.state, task.error_code), ("dead", "task.method_not_allowed"), method_name)
            self.assertTrue(self.partner.exists())

    def test_people_assign_exceptions_and_no_more(self):
        operator = self.users["operator"]
        own = self.exception.with_user(operator)
        own.write({"owner_id": operator.id, "severity": "low"})
        self.assertEqual((self.exception.owner_id, self.exception.severity), (operator, "low"))
        for values in (
            {"resolution": "x"},
            {"code": "x"},
            {"message_ids": [(5,)]},
            {"owner_id": 1, "state": "waived"},
        ):
            with self.assertRaises(AccessError):
                own.write(values)

    def test_the_queue_has_no_public_door(self):
        public = (
            ("res.partner", "with_integration_task"),
            ("res.partner", "with_kernel_task"),
            ("integration.exception", "_report"),
            *(
                ("integration.queue", name)
                for name in ("_enqueue", "_describe_call", "_requeue", "_cron_run_lane")
            ),
        )
        for model_name, method_name in public:
            with self.assertRaises(AccessError, msg=method_name):
                get_public_method(self.env[model_name], method_name)

    def test_public_methods_of_the_kernel_are_actions(self):
        """Whatever has no underscore can be called by any logged-in user."""
        for model_name in (*KERNEL_MODELS, "integration.queue", "integration.handler"):
            for cls in type(self.env[model_name]).__mro__:
                if not cls.__module__.startswith(f"odoo.addons.{ADDON}."):
                    continue
                for name, value in vars(cls).items():
                    if name.startswith(("_", "action_")) or not callable(value) or name in ORM_METHODS:
                        continue
                    self.assertTrue(getattr(value, "_api_private", False), f"{model_name}.{name} is public")

    def test_actions_need_the_operators_role(self):
        actions = [
            (self.task, "action_retry"),
            (self.task, "action_cancel"),
            (self.message, "action_reprocess"),
            (self.exception, "action_start"),
            (self.exception, "action_resolve"),
            (self.exception, "action_waive"),
        ]
        for role in ("viewer", "auditor", "secrets_officer", "phi", "nobody"):
            for records, action in actions:
                with self.assertRaises(AccessError, msg=f"{role}: {action}"):
                    getattr(records.with_user(self.users[role]), action)()
            with self.assertRaises(AccessError):
                self.exception.with_user(self.users[role])._waive("because")
        self.assertEqual((self.task.state, self.exception.state), ("dead", "open"))
        self.exception.with_user(self.users["operator"]).action_resolve()
        self.assertEqual(
            (self.task.state, self.exception.resolved_by_id), ("pending", self.users["operator"])
        )

    def test_tasks_of_another_company_are_out_of_reach(self):
        other = self.env["res.company"].create({"name": "Other Hospital"})
        stranger = self.integration_user(
            "queue-stranger", "manager", company_id=other.id, company_ids=[(6, 0, other.ids)]
        )
        for records, action in ((self.task, "action_retry"), (self.exception, "action_resolve")):
            with self.assertRaises(AccessError):
                getattr(records.with_user(stranger), action)()

    def test_a_payload_needs_the_group_for_private_data(self):
        self.message._store_payload([b"ISA*secret~"])
        for role in ("viewer", "operator", "manager", "auditor"):
            with self.assertRaises(AccessError):
                self.message.with_user(self.users[role]).action_show_payload()
        administrator = self.users["administrator"]
        action = self.message.with_user(administrator).action_show_payload()
        wizard = self.env[action["res_model"]].with_user(administrator).browse(action["res_id"])
        self.assertEqual(wizard.payload, "ISA*secret~\n")
        with self.assertRaises(AccessError):
            wizard.sudo().with_user(self.users["manager"]).read(["payload"])
        reads = [("event", "=", "message.payload_read"), ("res_id", "=", self.message.id)]
        self.assertEqual(self.env["integration.audit.entry"].search(reads).actor_id, administrator)
