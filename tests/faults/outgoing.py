"""What the tests of sending share: a flow that sends to a folder, and what became of its messages."""

from __future__ import annotations

from pathlib import Path


class Outgoing:
    """A flow of a fleet's database that sends to a folder.

    :param folder: of the partner; it may be a disk of its own, and need not exist
    """

    def __init__(self, fleet, folder: Path, name: str):
        self.name = name
        self.outbox = folder / "outbox"
        self.outbox.mkdir(parents=True, exist_ok=True)
        self._fleet = fleet
        fleet.prepare("sender", name, str(folder))

    def queue(self, count: int = 1, size: int = 100) -> None:
        """Queue messages of about so many bytes each."""
        self._fleet.prepare("outgoing", self.name, str(count), str(size))

    def arrived(self) -> dict[str, bytes]:
        """Return what lies in the partner's folder, by name, files that are being written included."""
        return {path.name: path.read_bytes() for path in self.outbox.iterdir()}

    def messages(self, fleet=None) -> list[tuple[str, str]]:
        """Return name and state of the messages, in this database or in that of another fleet."""
        return (fleet or self._fleet).query(
            """
            SELECT file_name, message.state
              FROM integration_message AS message JOIN integration_flow AS flow ON flow.id = flow_id
             WHERE flow.code = %s ORDER BY message.id
            """,
            self.name,
        )

    def states(self, fleet=None) -> list[str]:
        return [state for _name, state in self.messages(fleet)]

    def are_sent(self) -> bool:
        return set(self.states()) == {"sent"}

    def assert_arrived_once(self) -> None:
        """Fail unless each message is one file of its name, and nothing else lies there."""
        arrived, sent = set(self.arrived()), {name for name, _state in self.messages()}
        assert (arrived - sent, sent - arrived) == (set(), set())
        assert self.are_sent()
        sent = self._fleet.query(
            "SELECT res_id, count(*) FROM integration_audit_entry WHERE event = 'message.sent' GROUP BY 1"
        )
        assert {count for _message, count in sent} == {1}
