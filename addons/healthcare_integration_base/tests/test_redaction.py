"""What an Odoo process logs when a statement or a task fails on a patient's data."""

import logging

import psycopg2

from odoo.tests import tagged

from ..redaction import install
from .queue_common import QueueCase

PATIENT = "Quarles O'Wexford"
SQL_LOGGER = "odoo.sql_db"


@tagged("post_install", "-at_install")
class TestRedaction(QueueCase):
    def _fail(self, query, values):
        """Return what is logged of a statement that fails."""
        with (
            self.assertLogs(SQL_LOGGER, "ERROR") as logs,
            self.assertRaises(psycopg2.Error),
            self.env.cr.savepoint(),
        ):
            self.env.cr.execute(query, values)
        return "\n".join(logs.output)

    def test_a_failing_statement_is_logged_without_its_values(self):
        text = self._fail(
            "INSERT INTO res_partner (name, ref, color) VALUES (%s, %s, %s)", (PATIENT, "MRN 4711", "red")
        )
        self.assertNotIn("Quarles", text)
        self.assertNotIn("Wexford", text)
        self.assertNotIn("4711", text)
        self.assertIn("INSERT INTO res_partner (name, ref, color) VALUES (?, ...)", text)
        self.assertIn("invalid input syntax for type integer: ?", text)

    def test_the_detail_of_a_violated_constraint_is_logged_without_its_values(self):
        self.env.cr.execute("CREATE TEMPORARY TABLE patient (name varchar UNIQUE, born date NOT NULL)")
        self.env.cr.execute("INSERT INTO patient VALUES (%s, '1950-01-01')", (PATIENT,))
        text = self._fail("INSERT INTO patient VALUES (%s, '1950-01-01')", (PATIENT,))
        self.assertIn("patient_name_key", text)
        self.assertIn("Key (name)=(?) already exists.", text)
        self.assertNotIn("Quarles", text)
        text = self._fail("INSERT INTO patient VALUES (%s, NULL)", ("Edith Quarles",))
        self.assertIn("Failing row contains (?).", text)
        self.assertNotIn("Quarles", text)

    def test_statements_are_logged_without_values_when_all_are(self):
        logger = logging.getLogger(SQL_LOGGER)
        with self.assertLogs(logger, "DEBUG") as logs:
            self.env.cr.execute("SELECT id FROM res_partner WHERE name = %s", (PATIENT,))
        self.assertIn("SELECT id FROM res_partner WHERE name = ?", "\n".join(logs.output))
        self.assertNotIn("Quarles", "\n".join(logs.output))

    def test_the_orm_fails_without_showing_values(self):
        self.env.cr.execute("CREATE UNIQUE INDEX res_partner_test_uniq ON res_partner (ref)")
        self.partner.ref = "MRN 4711 Quarles"
        self.env.flush_all()
        with (
            self.assertLogs(SQL_LOGGER, "ERROR") as logs,
            self.assertRaises(psycopg2.IntegrityError),
            self.env.cr.savepoint(),
        ):
            self.env["res.partner"].create({"name": PATIENT, "ref": "MRN 4711 Quarles"})
            self.env.flush_all()
        text = "\n".join(logs.output)
        self.assertIn("res_partner_test_uniq", text)
        self.assertNotIn("Quarles", text)
        self.assertNotIn("4711", text)

    def test_a_scheduled_action_that_fails_shows_no_values(self):
        cron = self.env.ref("healthcare_integration_base.ir_cron_poll")
        cron.code = f"model.env.cr.execute('SELECT %s::integer', ({PATIENT!r},))"
        with (
            self.assertLogs("odoo.addons.base.models.ir_cron", "ERROR") as logs,
            self.assertLogs(SQL_LOGGER, "ERROR"),
            self.enter_registry_test_mode(),
        ):
            cron.method_direct_trigger()
        text = "\n".join(logs.output)
        self.assertIn("invalid input syntax for type integer: ?", text)
        self.assertIn("Traceback", text)
        self.assertNotIn("Quarles", text)

    def test_a_task_that_fails_shows_no_values(self):
        self.outcomes = [ValueError(f"no such patient: {PATIENT}")]
        with self.assertLogs("odoo.addons.healthcare_integration_base", "DEBUG") as logs:
            task = self.enqueue()
            self.run_tasks()
        self.assertNotIn("Quarles", "\n".join(logs.output) + task.error)
        self.assertIn("ValueError", task.error)

    def test_it_is_installed_once_for_each_logger(self):
        install()
        for name in (
            SQL_LOGGER,
            "odoo.http",
            "odoo.addons.healthcare_integration_base.models.integration_keyring",
        ):
            kinds = [type(one).__name__ for one in logging.getLogger(name).filters]
            self.assertEqual(kinds.count("RedactingFilter"), 1, name)

    def test_secrets_are_refused_as_arguments_of_tasks(self):
        for arguments in ({"password": "x"}, {"note": "ISA*00*" + "x" * 200}):
            with self.assertRaisesRegex(ValueError, "plain JSON"):
                self.enqueue(arguments)
