"""The embedded PostgreSQL on a throw-away cluster: shared, stopped after the last user, never left behind."""

import os
import signal
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg2
import pytest
from provisioning import cluster as cluster_module
from provisioning import locks
from provisioning.failure import SetupError

from tests.sandbox.database_server import throw_away
from tests.setup.users import users

USER = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from provisioning.cluster import Cluster
cluster = Cluster(Path(sys.argv[2]), Path(sys.argv[3]))
cluster.join()
print("joined", flush=True)
sys.stdin.read()
cluster.leave()
"""


@pytest.fixture(scope="module")
def cluster():
    """A cluster of this test's own."""
    with throw_away() as cluster:
        yield cluster


@pytest.fixture
def user(cluster):
    """Start commands that use the server, and end them."""
    with users(USER, cluster.folder, cluster.binaries) as start:
        yield start
    assert wait_until(lambda: not cluster.postmaster_pid())


def wait_until(condition, seconds=30):
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def keeper_pid(cluster):
    return int(Path(f"/proc/{cluster.postmaster_pid()}/stat").read_text().rpartition(")")[2].split()[1])


def test_the_role_may_what_odoo_needs_and_no_more(cluster, user, monkeypatch):
    user()
    for name, value in cluster.variables().items():
        monkeypatch.setenv(name, value)
    connection = psycopg2.connect(dbname="postgres")
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = current_user")
        assert cursor.fetchone() == (False, True)
        cursor.execute("SELECT system_identifier FROM pg_control_system()")
        assert cursor.fetchone()[0]
        cursor.execute("CREATE DATABASE trial")
        cursor.execute("SHOW fsync")
        assert cursor.fetchone() == ("on",)
    connection.close()


def test_a_wrong_password_is_refused(cluster, user):
    user()
    variables = cluster.variables()
    with pytest.raises(psycopg2.OperationalError, match="password authentication failed"):
        psycopg2.connect(
            host=variables["PGHOST"],
            port=variables["PGPORT"],
            user="odoo",
            password="guess",
            dbname="postgres",
        )


def test_secrets_are_private(cluster, user):
    user()
    for name in ("passwords", "role-password", "superuser-password"):
        assert (cluster.folder / name).stat().st_mode & 0o777 == 0o600
    assert not (cluster.folder / "initdb-password").exists()
    assert cluster.data.stat().st_mode & 0o777 == 0o700


def test_two_users_share_one_server(cluster, user):
    first, second = user(), user()
    server = cluster.postmaster_pid()
    first.communicate()
    assert cluster.postmaster_pid() == server
    assert cluster.answers()
    second.communicate()
    assert not cluster.postmaster_pid()


def test_killed_users_leave_no_server(cluster, user):
    first, second = user(), user()
    first.kill()
    second.kill()
    assert wait_until(lambda: not cluster.postmaster_pid())


def test_the_next_user_gets_a_server_when_it_was_killed(cluster, user):
    first = user()
    os.kill(cluster.postmaster_pid(), signal.SIGKILL)
    assert wait_until(lambda: not cluster.postmaster_pid())
    user()
    assert cluster.answers()
    first.communicate()
    assert cluster.answers()


def test_a_server_whose_keeper_was_killed_is_taken_over(cluster, user):
    first = user()
    server = cluster.postmaster_pid()
    os.kill(keeper_pid(cluster), signal.SIGKILL)
    second = user()
    assert cluster.postmaster_pid() == server
    first.communicate()
    assert cluster.postmaster_pid() == server
    second.communicate()
    assert wait_until(lambda: not cluster.postmaster_pid())


def test_a_keeper_that_is_still_ending_is_waited_for(cluster, user):
    user().communicate()
    assert wait_until(lambda: not locks.is_held(cluster.keeper_lock))
    with ThreadPoolExecutor() as threads:
        with locks.held_alone(cluster.keeper_lock) as former_keeper:
            assert former_keeper
            joining = threads.submit(user)
            time.sleep(1)
            assert not joining.done()
        joining.result()
    assert cluster.answers()


def test_a_process_id_left_behind_is_not_taken_for_the_server(cluster, user):
    user().communicate()
    stale = cluster.data / "postmaster.pid"
    stale.write_text(f"{os.getpid()}\n{cluster.data}\n")
    assert cluster.postmaster_pid() == 0
    user()
    assert cluster.answers()
    assert cluster.postmaster_pid() != os.getpid()


def test_a_server_that_cannot_start_is_reported_at_once(cluster, user, monkeypatch):
    """Were it waited for, the test would hang."""
    monkeypatch.setattr(cluster_module, "_START_SECONDS", 3600)
    user().communicate()
    control = cluster.data / "global" / "pg_control"
    control.rename(control.with_name("elsewhere"))
    try:
        with pytest.raises(SetupError, match="did not start") as caught:
            cluster.join()
    finally:
        control.with_name("elsewhere").rename(control)
    assert "could not find the database system" in str(caught.value)


def test_databases_of_another_release_are_left_alone(cluster, user):
    user().communicate()
    version = cluster.data / "PG_VERSION"
    before = version.read_text()
    version.write_text("9\n")
    try:
        with pytest.raises(SetupError, match="made by PostgreSQL 9"):
            cluster.join()
    finally:
        version.write_text(before)


def test_a_port_that_was_taken_meanwhile(cluster, user):
    user().communicate()
    port = cluster.port()
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", port))
        other.listen()
        user()
        assert cluster.port() != port
        assert cluster.answers()
