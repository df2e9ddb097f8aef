"""The logs of a test's own Odoo processes: what nobody expected in them is found, once."""

import pytest

from tests import odoo_logs
from tests.faults import expected_logs
from tests.odoo_logs import OdooLogs

HEAD = "2026-11-20 20:54:12,818 13470 {} db {}: {} - - -\n"
FINE = HEAD.format("INFO", "odoo.modules.loading", "loading 1 modules...")
BAD = HEAD.format("WARNING", "odoo.http", "something odd")
CLASH = "bad query: UPDATE x\n SET y = 1\nERROR: {}\n"


@pytest.fixture
def logs(tmp_path):
    return OdooLogs(tmp_path / "logs")


def entry(level, logger, message):
    return HEAD.format(level, logger, message)


def test_each_process_has_its_log_and_each_entry_is_read_once(logs):
    first, second = logs.new("worker"), logs.new("worker")
    first.write_text(FINE + BAD)
    second.write_text(FINE)
    with pytest.raises(AssertionError, match=r"WARNING odoo\.http: something odd"):
        logs.assert_quiet()
    logs.assert_quiet()
    with second.open("a") as log:
        log.write(BAD)
    with pytest.raises(AssertionError, match="something odd"):
        logs.assert_quiet()
    assert logs.text().count("something odd") == 2


@pytest.mark.parametrize(
    "error",
    [
        "could not serialize access due to concurrent update",
        "could not serialize access due to concurrent delete",
        "deadlock detected",
        'could not obtain lock on row in relation "ir_cron"',
    ],
)
def test_what_is_expected_is_no_failure_and_nothing_else_is(logs, error):
    logs.new("server").write_text(entry("ERROR", "odoo.sql_db", CLASH.format(error)) + BAD)
    with pytest.raises(AssertionError) as caught:
        logs.assert_quiet([odoo_logs.CONCURRENT])
    assert "something odd" in str(caught.value) and "bad query" not in str(caught.value)


def test_a_process_that_ended_on_an_exception_is_seen(logs):
    traceback = "Traceback (most recent call last):\n  File 'x.py', line 1\nValueError: no log entry\n"
    logs.new("worker").write_text(FINE + traceback)
    with pytest.raises(AssertionError, match="no log entry"):
        logs.assert_quiet()


def test_a_server_that_was_stopped_while_a_scheduled_action_ran(logs):
    warning = "Exception in cron:\nTraceback (most recent call last):\n  File 'x.py', line 1\n"
    pool = "psycopg2.pool.PoolError: This connection does not belong to the pool\n"
    thread = "Exception in thread odoo.service.cron.cron0:\n" + warning
    closed = "psycopg2.InterfaceError: connection already closed\n"
    log = logs.new("server")
    log.write_text(entry("WARNING", "odoo.addons.base.models.ir_cron", warning + pool + thread + closed))
    logs.assert_quiet([odoo_logs.STOPPED])
    log.write_text(log.read_text() + FINE + thread + closed)
    logs.assert_quiet([odoo_logs.STOPPED])
    log.write_text(log.read_text() + BAD + FINE + thread + "ValueError: other")
    with pytest.raises(AssertionError, match="(?s)something odd.*ValueError: other"):
        logs.assert_quiet([odoo_logs.STOPPED])


def test_a_file_that_is_no_log_is_no_proof(tmp_path):
    (tmp_path / "empty").touch()
    with pytest.raises(AssertionError, match="nothing was logged"):
        odoo_logs.assert_quiet([tmp_path / "empty"])
    (tmp_path / "log").write_text(FINE)
    odoo_logs.assert_quiet([tmp_path / "empty", tmp_path / "log"])


@pytest.mark.parametrize(
    ("level", "logger", "message"),
    [
        ("ERROR", "odoo.sql_db",
         "bad query: SELECT 1\nERROR: server closed the connection unexpectedly\n\tThis"),
        ("WARNING", "odoo.addons.base.models.ir_cron",
         "Exception in cron:\nTraceback (most recent call last):\n  File 'x.py', line 1\n"
         "psycopg2.InterfaceError: connection already closed"),
    ],
)  # fmt: skip
def test_a_server_that_vanished(logs, level, logger, message):
    logs.new("worker").write_text(entry(level, logger, message))
    logs.assert_quiet([expected_logs.POSTGRESQL_GONE])


@pytest.mark.parametrize(
    ("level", "logger", "message"),
    [
        ("ERROR", "odoo.sql_db", "bad query: SELECT 1\nERROR: relation does not exist"),
        ("ERROR", "odoo.sql_db", "bad query: SELECT 'cursor already closed'" + "\n" * 9 + "ERROR: no"),
        ("CRITICAL", "odoo.sql_db", "server closed the connection unexpectedly"),
        ("ERROR", "odoo.addons.account", "server closed the connection unexpectedly"),
    ],
)  # fmt: skip
def test_what_only_looks_like_a_server_that_vanished(logs, level, logger, message):
    logs.new("worker").write_text(entry(level, logger, message))
    with pytest.raises(AssertionError, match=logger):
        logs.assert_quiet([expected_logs.POSTGRESQL_GONE, expected_logs.KILLED])
