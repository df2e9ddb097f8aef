"""One payment in two files that two workers post at the same moment: the books have it once.

A gate stops each worker where it takes the identity of the payment, after it found that nobody posted it.
The gate opens when both stand there: what happens then is up to the database alone.
"""

import os

import pytest

GATE = 835
CLAIMS = 2
METHOD = "_post_next_part"


@pytest.fixture(scope="module")
def mailbox(fleet):
    """A payer's mailbox, in a database with the gate in it: open, as long as nobody holds its lock."""
    folder = fleet.folder / "partner"
    fleet.prepare("hospital", str(folder), "race")
    fleet.execute(
        f"""
        CREATE FUNCTION integration_fault_gate() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock_shared({GATE});
                RETURN NEW;
            END $$;
        CREATE TRIGGER integration_fault_gate BEFORE UPDATE ON rcm_remittance
            FOR EACH ROW WHEN (NEW.state = 'posting') EXECUTE FUNCTION integration_fault_gate();
        """
    )
    return folder / "race"


@pytest.fixture
def payment(fleet, mailbox):
    """The file of a payment, and open invoices for its claims and for those of another file."""

    def written(prefix, *other_prefixes):
        path = fleet.folder / f"{prefix}.835"
        invoices = [
            part for each in (prefix, *other_prefixes) for part in ("invoices", each, str(CLAIMS), "+")
        ]
        fleet.prepare(*invoices, "remittance", prefix, str(CLAIMS), str(path))
        return path.read_bytes()

    return written


def test_the_same_content_is_posted_once(fleet, mailbox, payment):
    content = payment("RA")
    _race(fleet, mailbox, content, _sent_again(content))
    [posted, other] = _remittances(fleet, "TRA")
    assert (posted["state"], other["state"]) == ("posted", "duplicate")
    assert other["original_id"] == posted["id"]
    _assert_posted_by(fleet, posted, other)
    assert _paid_claims(fleet, "RA") == CLAIMS
    assert _message_states(fleet, "TRA") == {posted["id"]: "applied", other["id"]: "duplicate"}
    fleet.assert_in_order()


def test_other_content_waits_for_a_person(fleet, mailbox, payment):
    content = payment("RB", "RC")
    _race(fleet, mailbox, content, _sent_again(content).replace(b"CLP*RB", b"CLP*RC"))
    [posted, other] = _remittances(fleet, "TRB")
    assert (posted["state"], other["state"]) == ("posted", "held")
    _assert_posted_by(fleet, posted, other)
    assert sorted([_paid_claims(fleet, "RB"), _paid_claims(fleet, "RC")]) == [0, CLAIMS]
    assert _message_states(fleet, "TRB") == {posted["id"]: "applied", other["id"]: "held"}
    exceptions = fleet.query(
        "SELECT code, state FROM integration_exception WHERE rcm_remittance_id = %s OR subject = %s",
        other["id"],
        f"remittance:{other['id']}",
    )
    assert exceptions == [("remittance.identity.conflict", "open")]


# === THE RACE === #


def _sent_again(content):
    """Return the file under other control numbers: the bytes differ, the payment does not."""
    again = content.replace(b"000000001", b"000000002").replace(b"*0001", b"*0002")
    assert again != content
    return again


def _race(fleet, mailbox, first, second):
    """Have two workers post a file each, both of them past the check before either commits."""
    before = fleet.value("SELECT coalesce(max(id), 0) FROM integration_task")
    with fleet.working(2):
        fleet.execute(f"SELECT pg_advisory_lock({GATE})")
        try:
            for number, content in enumerate((first, second), 1):
                _deliver(mailbox, f"{before}-{number}.835", content)
                fleet.look_now()
                # The worker of the first file stands at the gate: the second file is another one's.
                fleet.wait_until(lambda: _waiting(fleet) == number)  # noqa: B023
        finally:
            fleet.execute(f"SELECT pg_advisory_unlock({GATE})")
        fleet.wait_until(fleet.is_idle)
    attempts = fleet.query(
        "SELECT attempts FROM integration_task WHERE method_name = %s AND id > %s ORDER BY 1", METHOD, before
    )
    assert attempts == [(1,), (2,)], "one of them found the identity taken, and looked again"


def _deliver(mailbox, name, content):
    """Put a file there as a whole: nobody sees half of it."""
    path = mailbox / name
    path.write_bytes(content)
    os.replace(path, mailbox / "inbox" / name)


def _waiting(fleet):
    return fleet.value(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND objid = %s AND NOT granted"
        " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())",
        GATE,
    )


# === WHAT BECAME OF THE PAYMENT === #


def _remittances(fleet, trace_number):
    """Return the remittances of a payment, the posted one first."""
    rows = fleet.query(
        "SELECT id, state, original_id, amount FROM rcm_remittance WHERE trace_number = %s"
        " ORDER BY state <> 'posted'",
        trace_number,
    )
    return [dict(zip(("id", "state", "original_id", "amount"), row, strict=True)) for row in rows]


def _assert_posted_by(fleet, posted, other):
    """Fail unless clearing holds the payment once, by entries of the posted remittance alone."""
    clearing = fleet.query(
        "SELECT account_move.rcm_remittance_id, sum(balance), bool_and(parent_state = 'posted')"
        "  FROM account_move_line JOIN account_move ON account_move.id = move_id"
        " WHERE rcm_role = 'clearing' AND account_move.rcm_remittance_id IN (%s, %s) GROUP BY 1",
        posted["id"],
        other["id"],
    )
    assert clearing == [(posted["id"], posted["amount"], True)]


def _paid_claims(fleet, prefix):
    """Return how many invoices of these claims are paid; all others must be untouched."""
    states = dict(
        fleet.query(
            "SELECT payment_state, count(*) FROM account_move"
            " WHERE rcm_claim_number LIKE %s AND move_type = 'out_invoice' GROUP BY 1",
            f"{prefix}%",
        )
    )
    assert set(states) <= {"paid", "not_paid"}
    return states.get("paid", 0)


def _message_states(fleet, trace_number):
    """Return the state of the message of each remittance, by its id."""
    return dict(
        fleet.query(
            "SELECT rcm_remittance.id, integration_message.state"
            "  FROM rcm_remittance JOIN integration_message ON integration_message.id = message_id"
            " WHERE trace_number = %s",
            trace_number,
        )
    )
