"""The test kit of the suite: for this addon, the domain addons and whoever builds on them.

>>> class TestMyFlow(IntegrationCase):                                    # doctest: +SKIP
...     def test_receive(self):
...         mailbox = self.sandbox_endpoint()
...         mailbox.drop("remittance.835", b"ISA*...")
...         with self.trap_tasks() as trap:
...             mailbox.endpoint._queue_poll()
...         trap.assert_enqueued("integration.endpoint", "_poll")
...         self.run_tasks()
...         self.assertEqual(mailbox.archived(), ["remittance.835"])
"""

import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.tests import TransactionCase, freeze_time, new_test_user

ADDON = "healthcare_integration_base"


class TaskTrap:
    """The tasks that were enqueued while it was open: assert what was asked for, apart from running it."""

    def __init__(self, case):
        self._case = case
        self._before = self._last_id()
        self._after = None

    def _last_id(self):
        return self._case.env["integration.task"].search([], order="id desc", limit=1).id or 0

    def close(self):
        """Count what is enqueued from here on no more."""
        self._after = self._last_id()

    @property
    def tasks(self):
        """The integration.task records enqueued while the trap was open, oldest first."""
        last = self._last_id() if self._after is None else self._after
        domain = [("id", ">", self._before), ("id", "<=", last)]
        return self._case.env["integration.task"].search(domain, order="id")

    def assert_enqueued(self, model_name, method_name, *, records=None, count=1, **expected):
        """Fail unless the call was enqueued ``count`` times.

        :param records: the records that the call is made on
        :param expected: field values that each of these tasks must have
        :return: the matching tasks
        """
        found = self.tasks.filtered(
            lambda task: (
                task.model_name == model_name
                and task.method_name == method_name
                and (records is None or task.arguments["ids"] == records.ids)
                and all(task[name] == value for name, value in expected.items())
            )
        )
        listed = [f"{task.model_name}.{task.method_name}" for task in self.tasks]
        self._case.assertEqual(len(found), count, f"{model_name}.{method_name} among {listed}")
        return found

    def assert_nothing_enqueued(self):
        self._case.assertFalse(self.tasks.mapped("description"))


class SandboxMailbox:
    """An endpoint on a folder of its own: a partner to drop files for and to look at afterwards."""

    def __init__(self, endpoint, root):
        self.endpoint = endpoint
        self.root = Path(root)

    def drop(self, name, content):
        """Let the partner leave a file."""
        (self.root / "inbox" / name).write_bytes(content)

    def waiting(self):
        """Return the names of the files that were not taken yet."""
        return sorted(path.name for path in (self.root / "inbox").iterdir())

    def archived(self):
        """Return the names of the files that were taken and archived."""
        folder = self.root / "archive"
        return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


class IntegrationCase(TransactionCase):
    """A transaction with the means to trap and run tasks, to freeze the clock and to play the partner."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # A test database is a copy by nature, and its partners are folders of the test.
        cls.env["integration.instance"]._confirm_here()

    # === TASKS === #

    @contextmanager
    def trap_tasks(self):
        """Yield a :class:`TaskTrap`; the tasks stay in the queue, for :meth:`run_tasks` to run."""
        trap = TaskTrap(self)
        yield trap
        trap.close()

    def run_tasks(self):
        """Run all due tasks, and those that they enqueue, as a lane does."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            api.Environment(cr, SUPERUSER_ID, {})["integration.queue"]._cron_run_lane()
        self.env.invalidate_all()

    def assert_no_dead_task(self):
        """Fail with the errors of the tasks that died."""
        dead = self.env["integration.task"].search([("state", "=", "dead")])
        self.assertFalse(dead.mapped(lambda task: f"{task.description}: {task.error}"))

    # === CLOCK === #

    @contextmanager
    def frozen_clock(self, at):
        """Let Python and the queue believe that it is ``at`` (naive UTC datetime or its text)."""
        with freeze_time(at) as clock:
            cr = self.env.cr
            before, cr._now = cr._now, clock().replace(tzinfo=None)
            try:
                yield clock
            finally:
                cr._now = before

    # === RECORDS === #

    @classmethod
    def integration_user(cls, login, *roles, **values):
        """Return a user with roles of the suite, e.g. ``integration_user("nina", "operator", "phi")``."""
        groups = ",".join(["base.group_user", *(f"{ADDON}.group_{role}" for role in roles)])
        return new_test_user(cls.env, login, groups, **values)

    @classmethod
    def live_system(cls, **values):
        """Return a system that may exchange documents."""
        system = cls.env["integration.system"].create(
            {"name": "Sandbox", "code": values.pop("code", "sandbox"), "category": "clearing_house", **values}
        )
        system.action_approve()
        system.action_go_live()
        return system

    def sandbox_endpoint(self, system=None, **values):
        """Return a :class:`SandboxMailbox` that is active; its folder goes with the test.

        :param system: the integration.system; the sandbox system when not given
        :param values: of the integration.endpoint
        """
        system = system or self._sandbox_system()
        root = tempfile.mkdtemp(prefix="mailbox-")
        self.addCleanup(shutil.rmtree, root, ignore_errors=True)
        (Path(root) / "inbox").mkdir()
        endpoint = self.env["integration.endpoint"].create(
            {
                "name": "Sandbox mailbox",
                "system_id": system.id,
                "transport": "folder",
                "base_path": root,
                "inbox_path": "inbox",
                "archive_path": "archive",
                "quiet_seconds": 0,
                "data_class_ids": self.env["integration.data.class"].search([]).ids,
                **values,
            }
        )
        endpoint.action_activate()
        return SandboxMailbox(endpoint, root)

    def _sandbox_system(self):
        domain = [("code", "=", "sandbox"), ("company_id", "=", self.env.company.id)]
        return self.env["integration.system"].search(domain) or self.live_system()

    def receive(self, mailbox, name, content):
        """Let a file arrive and everything happen that follows from it.

        :return: the integration.message of the file
        """
        mailbox.drop(name, content)
        mailbox.endpoint._queue_poll()
        self.run_tasks()
        return self.env["integration.message"].search(
            [("endpoint_id", "=", mailbox.endpoint.id), ("file_name", "=", name), ("parent_id", "=", False)],
            limit=1,
        )
