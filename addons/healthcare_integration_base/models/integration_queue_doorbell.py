import logging
import threading
from functools import partial

import psycopg2

from odoo import SUPERUSER_ID, api, models
from odoo.modules.registry import Registry

_logger = logging.getLogger(__name__)

DELAY_SECONDS = 0.05


class Doorbell:
    """Wakes the lanes a moment after a commit, once for all the commits of that moment.

    Waking costs several statements and a connection: more than taking in a small message.
    """

    def __init__(self):
        self._lock = threading.Lock()
        self._ringing = set()

    def ring(self, database):
        """Wake the lanes of a database soon; a call before that is covered by it."""
        with self._lock:
            if database in self._ringing:
                return
            self._ringing.add(database)
        timer = threading.Timer(DELAY_SECONDS, self._wake, (database,))
        timer.daemon = True
        timer.start()

    def _wake(self, database):
        # What commits from here on rings again, as this transaction may not see it.
        with self._lock:
            self._ringing.discard(database)
        threading.current_thread().dbname = database
        try:
            with Registry(database).cursor() as cr:
                api.Environment(cr, SUPERUSER_ID, {})["integration.queue"]._wake_idle_lanes()
        except psycopg2.Error as error:
            _logger.warning("The queue was not woken and starts by itself within a minute: %s", error.pgcode)


_bell = Doorbell()


class IntegrationQueueDoorbell(models.AbstractModel):
    """Lets doors enqueue a task for each of many small requests without waking the lanes for each."""

    _inherit = "integration.queue"

    @api.model
    def _wake_lanes(self, times):
        """With ``integration_ring_soon`` in the context, wake them a moment after the commit."""
        if self.env.context.get("integration_ring_soon") and set(times) == {None}:
            self.env.cr.postcommit.add(partial(_bell.ring, self.env.cr.dbname))
            return
        super()._wake_lanes(times)

    @api.model
    def _wake_idle_lanes(self):
        """Wake the lanes unless a due trigger waits for each: who finds that, sees all that is committed.

        A lane that runs has used its trigger up, though others see it until the end of the run: it is locked.
        """
        lane_ids = set(self._lanes().ids)
        self.env.cr.execute(
            """
            SELECT cron_id FROM ir_cron_trigger
             WHERE cron_id = ANY(%s) AND call_at <= now() AT TIME ZONE 'UTC' FOR KEY SHARE SKIP LOCKED
            """,
            (list(lane_ids),),
            log_exceptions=False,
        )
        if lane_ids - {row[0] for row in self.env.cr.fetchall()}:
            self._wake_lanes([None])
