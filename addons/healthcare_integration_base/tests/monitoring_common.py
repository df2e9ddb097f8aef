"""What the tests of health and metrics share: a lane that ran a moment ago, and a token."""

from odoo.tests import HttpCase

from ..controllers.health import recently_ready


class MonitoringCase(HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["integration.instance"]._confirm_here()
        cls.lanes = cls.env["integration.queue"]._lanes()
        cls.token = cls.env["integration.monitoring.token"]._renew()

    def setUp(self):
        super().setUp()
        recently_ready.clear()
        self.addCleanup(recently_ready.clear)
        self.set_last_run(self.env.cr.now())

    def set_last_run(self, moment):
        self.env.cr.execute("UPDATE ir_cron SET lastcall = %s WHERE id = ANY(%s)", (moment, self.lanes.ids))
        self.lanes.invalidate_recordset()

    def set_parameter(self, name, value):
        self.env["ir.config_parameter"].set_param(f"healthcare_integration.{name}", value)

    def insert_task(self, state="pending", *, seconds_ago=0, **values):
        """Insert a task that has been in its state for so many seconds.

        :return: the integration.task
        """
        task = self.env["integration.task"].create(
            {
                "description": "Test",
                "company_id": self.env.company.id,
                "user_id": self.env.ref("base.user_root").id,
                "model_name": "res.partner",
                "method_name": "_test",
                "state": state,
                "max_attempts": 1,
                **values,
            }
        )
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE integration_task SET state_since = %s - make_interval(secs => %s) WHERE id = %s",
            (self.env.cr.now(), seconds_ago, task.id),
        )
        return task

    def get(self, path, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return self.url_open(path, headers=headers)
