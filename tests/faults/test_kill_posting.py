"""A payer's file on its way to posted entries, with two workers of which one is killed at each step."""

import time

import pytest

from tests.faults.posted import assert_posted_once

CLAIMS = 1000
FILES = 8
#: What runs in the transaction that the victim is killed in.
STEPS = ("_fetch", "_process", "_post_next_part", "_post_next_part")


@pytest.fixture(scope="module")
def mailboxes(fleet):
    """Two mailboxes of one payer, as folders."""
    folder = fleet.folder / "partner"
    fleet.prepare("hospital", str(folder), "first", "second", "+", "invoices", "K", str(CLAIMS))
    return folder / "first", folder / "second"


def test_a_remittance_is_posted_once_whoever_dies(fleet, mailboxes, tell):
    mailbox = mailboxes[0]
    fleet.prepare("remittance", "K", str(CLAIMS), str(mailbox / "inbox" / "k.835"), "+", "look")
    began, killed_in = time.monotonic(), []
    with fleet.working(2):
        for number, step in enumerate(STEPS):
            later = set(STEPS[number:]) - {step}
            victim = fleet.wait_until(lambda: fleet.busy(step) or _is_past(fleet, later))  # noqa: B023
            if victim is True:
                continue
            # Let it get into the transaction; what is too fast for that is killed before or after it.
            time.sleep(0.2)
            fleet.kill(victim)
            killed_in.append(f"{step} ({time.monotonic() - began:.0f} s)")
        fleet.wait_until(lambda: _is_posted(fleet) and fleet.is_idle(), 180)
    seconds = time.monotonic() - began
    tell(f"{CLAIMS} claims posted in {seconds:.1f} s, workers killed in {', '.join(killed_in)}")
    assert_posted_once(fleet, "K", CLAIMS)
    assert len(killed_in) >= 3
    assert [path.name for path in (mailbox / "archive").iterdir()] == ["k.835"]
    assert not list((mailbox / "inbox").iterdir())
    fleet.assert_in_order()


def test_the_same_files_in_two_mailboxes_at_once_are_posted_once(fleet, mailboxes, tell):
    steps = []
    for number in range(FILES):
        paths = [str(mailbox / "inbox" / f"{number}.835") for mailbox in mailboxes]
        steps += ["invoices", f"D{number}X", "2", "+", "remittance", f"D{number}X", "2", *paths, "+"]
    fleet.prepare(*steps, "look")
    began = time.monotonic()
    with fleet.working(2):
        fleet.wait_until(lambda: fleet.is_idle() and _files(fleet) == 2 * FILES)
    outcomes = fleet.query(
        """
        SELECT payload_hash, array_agg(state ORDER BY state DESC), count(DISTINCT endpoint_id)
          FROM integration_message WHERE parent_id IS NULL AND file_name <> 'k.835' GROUP BY payload_hash
        """
    )
    tell(f"{FILES} files, each in 2 mailboxes, in {time.monotonic() - began:.1f} s: {len(outcomes)} contents")
    assert len(outcomes) == FILES
    assert {(tuple(states), endpoints) for _hash, states, endpoints in outcomes} == {
        (("settled", "duplicate"), 2)
    }
    for number in range(FILES):
        assert_posted_once(fleet, f"D{number}X", 2)
    for mailbox in mailboxes:
        assert not list((mailbox / "inbox").iterdir())
    fleet.assert_in_order()


def _files(fleet):
    return fleet.value(
        "SELECT count(*) FROM integration_message WHERE parent_id IS NULL AND file_name <> 'k.835'"
    )


def _is_past(fleet, later):
    """Tell whether a later step has begun, or there is none left: the step was too fast to be seen."""
    return _is_posted(fleet) or any(method in later for method, _state in fleet.states())


def _is_posted(fleet):
    return bool(
        fleet.value("SELECT count(*) FROM rcm_remittance WHERE trace_number = 'TK' AND state = 'posted'")
    )
