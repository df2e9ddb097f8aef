"""Databases on a throw-away cluster: dropped whoever is in them, without the rights of a superuser."""

import time

import psycopg2
import pytest
from provisioning.database import Databases
from provisioning.postgres import Server

from tests.sandbox.database_server import throw_away

#: A worker rests 100 ms after each page of this table: it is there for minutes.
LONG_VACUUM = """
    CREATE TABLE trial (filler text)
        WITH (autovacuum_vacuum_cost_delay = 100, autovacuum_vacuum_cost_limit = 1);
    INSERT INTO trial SELECT repeat('x', 500) FROM generate_series(1, 20000);
    DELETE FROM trial;
"""
VACUUM_WORKERS = (
    "SELECT pid FROM pg_stat_activity WHERE datname = 'trial' AND backend_type = 'autovacuum worker'"
)
SECONDS = 60


@pytest.fixture
def server():
    """A server of this test's own, whose autovacuum looks at each database every second."""
    with throw_away({"autovacuum_naptime": "1s"}) as cluster:
        cluster.join()
        yield Server(cluster.variables(), cluster.binaries)
        cluster.leave()


def test_a_database_is_dropped_under_its_users_and_an_autovacuum_worker(server, monkeypatch):
    for name, value in server.variables.items():
        monkeypatch.setenv(name, value)
    server.query("CREATE DATABASE trial")
    user = psycopg2.connect(dbname="trial")
    server.query(LONG_VACUUM, "trial")
    deadline = time.monotonic() + SECONDS
    while not server.query(VACUUM_WORKERS):
        assert time.monotonic() < deadline, "no autovacuum worker came"
        time.sleep(0.2)

    databases = Databases(server)
    databases.drop("trial")

    assert not databases.exists("trial")
    with pytest.raises(psycopg2.OperationalError), user.cursor() as cursor:
        cursor.execute("SELECT 1")
    user.close()
    databases.drop("trial")
