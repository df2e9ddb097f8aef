import getpass

from odoo.tests import tagged

from .command_common import CommandCase
from .intake_common import x12_file


@tagged("post_install", "-at_install")
class TestCommandFlow(CommandCase):
    """Commands that name a flow or messages: what they are told to do happens, not only an answer."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        with cls._environment(cls.database) as env:
            endpoint = cls._create_endpoint(env, "Flow mailbox", "flow-inbox")
            document_type = env["integration.document.type"].create(
                {"name": "Command", "code": "command", "format": "x12"}
            )
            flow = env["integration.flow"].create(
                {
                    "name": "Command",
                    "code": "command-flow",
                    "state": "live",
                    "system_id": endpoint.system_id.id,
                    "document_type_id": document_type.id,
                    "user_id": env.ref("base.user_admin").id,
                }
            )
            env["integration.route"].create({"endpoint_id": endpoint.id, "flow_id": flow.id})
            cls.flow_id, cls.flow_endpoint_id = flow.id, endpoint.id

    def _looks_queued(self, endpoint_id):
        with self._environment(self.database) as env:
            domain = [("method_name", "=", "_poll"), ("endpoint_id", "=", endpoint_id)]
            return env["integration.task"].search_count([*domain, ("state", "=", "pending")])

    def _arrived(self, endpoint_id):
        """Return the names of the files that an endpoint has taken in."""
        with self._environment(self.database) as env:
            domain = [("endpoint_id", "=", endpoint_id), ("parent_id", "=", False)]
            return env["integration.message"].search(domain).mapped("file_name")

    def test_a_mailbox_is_looked_into_by_its_endpoint_and_by_its_flow(self):
        for where, endpoint_id, inbox in (
            (("--endpoint", "Command mailbox"), self.endpoint_id, "inbox"),
            (("--flow", "command-flow"), self.flow_endpoint_id, "flow-inbox"),
        ):
            with self.subTest(where=where):
                (self.folder / inbox / f"{inbox}.835").write_bytes(x12_file([["BPR", "I", inbox]]))
                self.assertEqual(self._run_json("run-flow", *where)["endpoint"], endpoint_id)
                self.assertEqual(self._looks_queued(endpoint_id), 1)
                # The transaction has no handler or route: its task dies, and the file has arrived.
                self.assertEqual(self._run_json("drain", status=1)["dead"], 1)
                self.assertEqual(self._looks_queued(endpoint_id), 0)
                self.assertIn(f"{inbox}.835", self._arrived(endpoint_id))
        user = getpass.getuser()
        self.assertEqual([entry["os_user"] for entry in self._audited("command.run_flow")], [user] * 2)

    def test_a_file_of_a_flow_is_taken_in_and_its_stopped_transaction_replayed(self):
        content = x12_file([["BPR", "I", "imported"]])
        imported = self._import(content, "imported.835", "--flow", "command-flow")
        self.assertIn("imported.835", self._arrived(self.flow_endpoint_id))
        self.assertEqual(self._run_json("drain", status=1)["dead"], 1)
        with self._environment(self.database) as env:
            part = env["integration.message"].browse(imported["message"]).child_ids
            self.assertEqual((part.state, part.flow_id.id), ("held", self.flow_id))
        replayed = self._run_json("replay", "--ids", str(part.id), "--reason", "It was mended")
        self.assertEqual(replayed, {"messages": [part.id]})
        with self._environment(self.database) as env:
            part = env["integration.message"].browse(part.id)
            self.assertEqual((part.state, part.task_ids.mapped("state")), ("received", ["pending"]))
        self.assertIn(
            {"os_user": getpass.getuser(), "reason": "It was mended"}, self._audited("message.replayed")
        )
        self.assertEqual(self._run_json("drain", status=1)["dead"], 1, "it was run again")
