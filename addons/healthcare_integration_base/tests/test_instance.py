import subprocess

import psycopg2
from psycopg2 import sql

from odoo import SUPERUSER_ID, api
from odoo.modules.neutralize import get_neutralization_queries
from odoo.modules.registry import Registry
from odoo.sql_db import close_db, connection_info_for, db_connect
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.misc import exec_pg_environ, find_pg_tool

from ..errors import BusinessRuleError
from .access_common import ADDON, AccessCase


@tagged("post_install", "-at_install")
class TestInstance(AccessCase):
    def setUp(self):
        super().setUp()
        self.instance = self.env["integration.instance"].search([])
        self.endpoint.write({"state": "active"})

    def _watch(self):
        with self.enter_registry_test_mode():
            self.env.ref(f"{ADDON}.ir_cron_integration_instance").method_direct_trigger()
        self.env.invalidate_all()

    def test_where_it_was_confirmed_nothing_is_stopped(self):
        self.assertTrue(self.env["integration.instance"]._is_confirmed())
        self.assertEqual(self.instance.state, "confirmed")
        self._watch()
        self.assertEqual(self.endpoint.state, "active")

    def test_each_part_of_the_identity_counts(self):
        for name in ("database_uuid", "database_oid", "system_identifier", "instance_identifier"):
            value = self.instance[name]
            self.instance[name] = "elsewhere"
            self.assertFalse(self.env["integration.instance"]._is_confirmed(), name)
            self.assertEqual(self.instance.state, "moved")
            with self.assertRaises(BusinessRuleError) as caught:
                self.endpoint._transport()
            self.assertEqual(caught.exception.code, "instance.not_confirmed")
            self.instance[name] = value
        self.assertTrue(self.env["integration.instance"]._is_confirmed())

    def test_a_missing_file_counts_and_is_not_made_by_looking(self):
        path = self.env.cr.dbname
        self.patch(type(self.instance), "_instance_file", lambda self: f"/nonexistent/{path}")
        self.assertFalse(self.env["integration.instance"]._is_confirmed())

    def test_endpoints_stop_until_an_administrator_confirms(self):
        stopped_by_hand = self.other_endpoint
        stopped_by_hand._set_state("suspended", suspension="user")
        self.instance.database_oid = "1"
        self._watch()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("suspended", "instance"))
        self.assertIn("copied", self.endpoint.state_reason)
        self.as_user(self.instance, "administrator").action_confirm()
        self.env.invalidate_all()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("active", False))
        self.assertEqual(stopped_by_hand.state, "suspended")
        self.assertEqual(self.instance.confirmed_by_id, self.users["administrator"])
        self.assertTrue(self.entries("instance.confirmed"))

    def test_there_is_one_place(self):
        with mute_logger("odoo.sql_db"), self.assertRaises(psycopg2.IntegrityError):
            self.instance.copy()

    def test_neutralized_databases_talk_to_nobody(self):
        self.credential.new_secret = "secret"
        task = self.env["integration.task"].create(
            {
                "description": "Send",
                "company_id": self.company.id,
                "user_id": self.env.uid,
                "model_name": "integration.endpoint",
                "method_name": "_poll",
                "max_attempts": 1,
            }
        )
        self.env.flush_all()
        for query in get_neutralization_queries([ADDON]):
            self.env.cr.execute(query)
        self.env.invalidate_all()
        self.assertEqual((self.endpoint.state, self.endpoint.suspension), ("suspended", "neutralized"))
        self.assertFalse(self.credential.is_set)
        self.assertFalse(self.env["integration.instance"]._is_confirmed())
        self.assertEqual(task.state, "cancelled")
        self.env.cr.execute(
            "SELECT count(*) FROM integration_credential WHERE secret_ciphertext IS NOT NULL OR passphrase_ciphertext IS NOT NULL"
        )
        self.assertEqual(self.env.cr.fetchone(), (0,))
        self.as_user(self.instance, "administrator").action_confirm()
        self.assertEqual(self.endpoint.state, "suspended", "confirming does not undo a neutralization")


@tagged("post_install", "-at_install")
class TestCopiedDatabase(AccessCase):
    """Real copies: a dump restored beside the original, and ``createdb -T`` of that."""

    def test_copies_are_noticed(self):
        restored = f"{self.env.cr.dbname}-restored"
        copied = f"{self.env.cr.dbname}-copied"
        self._restore_dump(restored)
        with self._environment(restored) as env:
            endpoint = self._active_endpoint(env)
            self._assert_silent(env, endpoint)
            env["integration.instance"]._confirm_here()
            self.assertEqual(endpoint.state, "active")
            self.assertTrue(env["integration.instance"]._is_confirmed())
        self._create_database(copied, template=restored)
        with self._environment(copied) as env:
            self._assert_silent(env, env["integration.endpoint"].search([("state", "=", "active")]))
        with self._environment(restored) as env:
            self.assertTrue(env["integration.instance"]._is_confirmed(), "the original goes on")

    def _active_endpoint(self, env):
        system = env["integration.system"].create({"name": "Copied", "code": "COPIED", "state": "live"})
        return env["integration.endpoint"].create(
            {"name": "Copied", "system_id": system.id, "transport": "folder", "base_path": "/tmp", "state": "active"}
        )

    def _assert_silent(self, env, endpoint):
        self.assertEqual(endpoint.state, "active")
        self.assertFalse(env["integration.instance"]._is_confirmed())
        with self.assertRaises(BusinessRuleError):
            endpoint._transport()
        env["integration.instance"]._cron_watch()
        self.assertEqual((endpoint.state, endpoint.suspension), ("suspended", "instance"))

    def _restore_dump(self, name):
        environment = exec_pg_environ()
        command = [find_pg_tool("pg_dump"), "--no-owner", f"--dbname={self.env.cr.dbname}"]
        self._create_database(name, template="template0")
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as dump:
            subprocess.run(
                [find_pg_tool("psql"), "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={name}"],
                stdin=dump.stdout,
                stdout=subprocess.DEVNULL,
                env=environment,
                check=True,
            )
        self.assertEqual(dump.returncode, 0)

    def _create_database(self, name, template):
        self._drop_database(name)
        self.addCleanup(self._drop_database, name)
        self._as_server(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'unicode'").format(
                sql.Identifier(name), sql.Identifier(template)
            )
        )

    def _drop_database(self, name):
        Registry.registries.pop(name, None)
        close_db(name)
        self._as_server(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    def _as_server(self, statement):
        _database, info = connection_info_for("postgres")
        connection = psycopg2.connect(**info)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    def _environment(self, name):
        return _Environment(name)


class _Environment:
    """An environment on another database; what it does is committed and its connections are closed."""

    def __init__(self, name):
        self._name = name

    def __enter__(self):
        self._cursor = db_connect(self._name).cursor()
        return api.Environment(self._cursor, SUPERUSER_ID, {})

    def __exit__(self, kind, *_error):
        if kind is None:
            self._cursor.commit()
        self._cursor.close()
        Registry.registries.pop(self._name, None)
        close_db(self._name)
