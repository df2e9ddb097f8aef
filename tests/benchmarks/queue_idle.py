"""How many lanes of the queue stand idle while work is due, looked at while a backlog is worked off."""

from __future__ import annotations

from dataclasses import dataclass

from .queue_server import Server

# In one statement, so that all is of one moment. A scheduled action that runs holds a lock on its row, and
# with it one on the table; nobody has to ask for a lock, and so disturb the lanes, to see that.
LOOK = """
    SELECT EXISTS (SELECT FROM integration_task WHERE state = 'pending'),
           (SELECT count(DISTINCT pid) FROM pg_locks
             WHERE relation = 'ir_cron'::regclass AND mode = 'RowShareLock' AND granted),
           (SELECT count(DISTINCT lane_id) FROM integration_lease WHERE lane_id > 0)
"""


@dataclass
class IdleLanes:
    """Counts, look by look, the lanes that do nothing while a pending task waits for one.

    :ivar looks: how often a task was waiting
    :ivar asleep: how many lanes did not run then, all looks together; before they have woken, too
    :ivar without_claim: how many had no claim, because they were asleep or just about to make one
    """

    lanes: int
    looks: int = 0
    asleep: int = 0
    without_claim: int = 0

    def look(self, server: Server) -> None:
        [(is_due, running, claims)] = server.execute(LOOK)
        if is_due:
            self.looks += 1
            self.asleep += self.lanes - min(running, self.lanes)
            self.without_claim += self.lanes - claims

    def percentage(self, idle: int) -> float:
        """Return the share of idle lanes, of all lanes in all looks."""
        return 100 * idle / (self.lanes * self.looks)
