"""What the tests of the queue share: a task method whose behaviour each test chooses."""

from unittest.mock import patch

from odoo import SUPERUSER_ID, api

from ..models import integration_queue_run
from ..queue import integration_task
from .common import IntegrationCase

METHOD = "_integration_test_work"


class QueueCase(IntegrationCase):
    """Partners on which a task may be run: it notes its call and raises what is asked for."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.partner = cls.env["res.partner"].create({"name": "Queue Test"})
        cls.queue = cls.env["integration.queue"]

    def setUp(self):
        super().setUp()
        self.calls, self.outcomes = [], []
        self.allow_method(METHOD, self._work(), max_attempts=3)
        # Two lanes that meet wait a moment; here they never do.
        naps = patch.object(integration_queue_run.time, "sleep")
        self.naps = naps.start()
        self.addCleanup(naps.stop)

    def _work(self):
        def work(records, *args, **kwargs):
            self.calls.append({"records": records, "args": args, "kwargs": kwargs, "env": records.env})
            for record in records:
                record.ref = f"{record.ref or ''}x"
            outcome = self.outcomes.pop(0) if self.outcomes else None
            if isinstance(outcome, BaseException):
                raise outcome
            if outcome:
                outcome(records)

        return work

    def allow_method(self, name, function, **options):
        """Add a task method to partners for the length of the test."""
        marked = integration_task("Test work", **options)(function)
        patcher = patch.object(self.registry["res.partner"], name, marked, create=True)
        patcher.start()
        self.addCleanup(patcher.stop)

    def enqueue(self, *args, records=None, **options):
        """Enqueue the test's work.

        :return: the integration.task
        """
        records = self.partner if records is None else records
        return getattr(records.with_integration_task(**options), METHOD)(*args)

    def in_lane(self, work):
        """Return what ``work(queue)`` returns, called where the queue may commit."""
        self.env.flush_all()
        with self.enter_registry_test_mode(), self.registry.cursor() as cr:
            result = work(api.Environment(cr, SUPERUSER_ID, {})["integration.queue"])
            cr.commit()
        self.env.invalidate_all()
        return result

    def claim(self, limit=1, token="a worker"):
        """Claim tasks for a worker that will not be heard of again."""
        return self.in_lane(lambda queue: queue._claim(limit, token))

    def expire_leases(self):
        self.env.cr.execute("UPDATE integration_lease SET expires_at = now() - interval '1 day'")

    def exceptions(self, code):
        return self.env["integration.exception"].search([("code", "=", code)])


class BatchCase(QueueCase):
    """Six partners whose tasks share a transaction.

    :ivar commits: one item for each commit of the queue
    """

    def setUp(self):
        super().setUp()
        self.allow_method(METHOD, self._work(), max_attempts=3, batchable=True)
        self.partners = self.env["res.partner"].create([{"name": f"Batch {n}"} for n in range(6)])
        self.commits = []
        original = type(self.queue)._commit
        self.patch_model(
            "integration.queue", "_commit", lambda queue: (self.commits.append(1), original(queue))
        )

    def patch_model(self, model_name, name, function):
        """Replace a method for the length of the test."""
        patcher = patch.object(self.registry[model_name], name, function)
        patcher.start()
        self.addCleanup(patcher.stop)

    def run_claimed(self, tasks):
        """Let a lane claim as many tasks as these, and run them."""
        claimed = self.claim(len(tasks), "t")
        self.in_lane(lambda queue: queue._run_claimed("t", claimed))
