"""Copies of the test's database, for what needs commits."""

import subprocess
from contextlib import contextmanager

import psycopg2
from psycopg2 import sql

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.sql_db import close_db, connection_info_for, db_connect
from odoo.tests import BaseCase
from odoo.tools.misc import exec_pg_environ, find_pg_tool


class DatabaseCopyCase(BaseCase):
    """Makes and drops databases beside the test's own, which it must not change."""

    @classmethod
    def _restore_dump(cls, source, target):
        environment = exec_pg_environ()
        cls._create_database(target, template="template0")
        command = [find_pg_tool("pg_dump"), "--no-owner", f"--dbname={source}"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment) as dump:
            subprocess.run(
                [find_pg_tool("psql"), "--quiet", "--set=ON_ERROR_STOP=1", f"--dbname={target}"],
                stdin=dump.stdout,
                stdout=subprocess.DEVNULL,
                env=environment,
                check=True,
            )
        if dump.returncode:
            raise RuntimeError(f"pg_dump of {source} ended with code {dump.returncode}.")

    @classmethod
    def _create_database(cls, name, template):
        cls._drop_database(name)
        statement = sql.SQL("CREATE DATABASE {} TEMPLATE {} ENCODING 'unicode'")
        cls._as_server(statement.format(sql.Identifier(name), sql.Identifier(template)))

    @classmethod
    def _drop_database(cls, name):
        cls._forget_connections(name)
        cls._as_server(sql.SQL("DROP DATABASE IF EXISTS {}").format(sql.Identifier(name)))

    @classmethod
    def _forget_connections(cls, name):
        Registry.registries.pop(name, None)
        close_db(name)

    @classmethod
    def _as_server(cls, statement):
        _database, info = connection_info_for("postgres")
        connection = psycopg2.connect(**info)
        try:
            connection.autocommit = True
            with connection.cursor() as cursor:
                cursor.execute(statement)
        finally:
            connection.close()

    @classmethod
    @contextmanager
    def _environment(cls, name):
        """Yield an environment on a copy; what it does is committed."""
        with db_connect(name).cursor() as cr:
            yield api.Environment(cr, SUPERUSER_ID, {})
