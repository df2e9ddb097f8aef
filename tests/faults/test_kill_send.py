"""A worker is killed when bytes have left and nothing is committed: the repeat has the same name and key."""

import pytest

from tests.faults.outgoing import Outgoing
from tests.odoo_logs import CONCURRENT
from tests.sandbox.http_partner import running

HOLD_SECONDS = 120
HOLD = f"""
    CREATE FUNCTION integration_fault_hold() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN PERFORM pg_sleep({HOLD_SECONDS}); RETURN NEW; END $$;
    CREATE TRIGGER integration_fault_hold BEFORE UPDATE ON integration_message
        FOR EACH ROW WHEN (NEW.state = 'sent') EXECUTE FUNCTION integration_fault_hold()
"""
IS_HELD = (
    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event = 'PgSleep'"
)
RELEASE = """
    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
     WHERE datname = current_database() AND wait_event = 'PgSleep';
    DROP TRIGGER integration_fault_hold ON integration_message;
    DROP FUNCTION integration_fault_hold()
"""


@pytest.fixture
def held(fleet):
    """The transaction of a sending stays open after the bytes have left, until it is released."""
    fleet.execute(HOLD)
    yield lambda: fleet.execute(RELEASE)


def _kill_after(fleet, has_left, release):
    """Kill the worker whose bytes have left, and let another take its work up."""
    with fleet.working(1):
        fleet.wait_until(lambda: has_left() and fleet.value(IS_HELD))
        victim = fleet.wait_until(lambda: fleet.busy("_send_queued"))
        fleet.kill(victim)
        release()
        fleet.wait_until(fleet.is_idle, 120)
        fleet.settle_lanes()


@pytest.mark.logs(CONCURRENT)
def test_a_file_is_recognised(fleet, tmp_path, held, tell):
    sender = Outgoing(fleet, tmp_path, "killed-folder")
    sender.queue()
    _kill_after(fleet, lambda: [name for name in sender.arrived() if name.endswith(".json")], held)
    sender.assert_arrived_once()
    attempts, repeat = _sent(fleet)
    tell(f"killed between the rename and the commit: one file, sent in attempt {attempts}, recognised")
    assert (attempts, repeat) == (2, True)
    fleet.assert_in_order()


@pytest.mark.logs(CONCURRENT)
def test_an_http_partner_gets_the_same_key(fleet, held, tell):
    with running() as partner:
        fleet.prepare("http_sender", "killed-http", partner.url, "+", "outgoing", "killed-http", "1", "100")
        _kill_after(fleet, lambda: partner.documents, held)
        keys = [request.headers["idempotency-key"] for request in partner.seen]
        tell(f"killed between the answer and the commit: {len(keys)} requests, {len(set(keys))} key")
        assert len(keys) == 2 and len(set(keys)) == 1
        last = "SELECT uuid FROM integration_message WHERE state = 'sent' ORDER BY id DESC LIMIT 1"
        assert list(partner.documents) == [keys[0]] == [fleet.value(last)]
    fleet.assert_in_order()


def _sent(fleet):
    """Return the attempt of the last sending, and whether the partner had it already."""
    return fleet.query(
        """
        SELECT (detail::json->>'attempt')::integer, (detail::json->>'repeat')::boolean
          FROM integration_audit_entry WHERE event = 'message.sent' ORDER BY id DESC LIMIT 1
        """
    )[0]
