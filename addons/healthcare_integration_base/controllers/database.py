"""Which database a request of a monitoring system is about."""

from contextlib import contextmanager

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.http import db_filter, request
from odoo.modules.registry import Registry


def monitored_database(db):
    """Return the name of the database that a request is about, None if there is none or the filter forbids.

    :param str db: the name in the query, or None
    """
    if request.db and db in (None, request.db):
        return request.db
    return db if db and db_filter([db]) else None


@contextmanager
def monitored_environment(db, model_name):
    """Yield the superuser's environment of the database that is asked about, None if there is none.

    Odoo names a request's database where only one is served, by dbfilter, or by the header X-Odoo-Database.
    Monitoring systems that can set neither name it in the query, which works where the addon is in
    server_wide_modules. The dbfilter applies either way.

    :param str db: the name in the query, or None
    :param str model_name: a model of this addon: a database without it cannot be asked
    """
    database = monitored_database(db)
    if database and database == request.db:
        # There is no user: monitoring systems do not log in.
        yield _with_model(request.env(user=SUPERUSER_ID), model_name)
    elif database and (cursor := _open_cursor(database)):
        with cursor as cr:
            yield _with_model(api.Environment(cr, SUPERUSER_ID, {}), model_name)
    else:
        yield None


def _open_cursor(db):
    try:
        return Registry(db).cursor()
    except (psycopg2.Error, AttributeError, ValueError):
        # As Odoo's own dispatcher has it: the database is not there, or is none of Odoo's. What is no name
        # of a database, such as a URI or a text with a NUL character, is a ValueError.
        return None


def _with_model(env, model_name):
    return env if model_name in env else None
