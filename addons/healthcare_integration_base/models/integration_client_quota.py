import math

import psycopg2.errors

from odoo import models

TRIES = 5


class IntegrationClientQuota(models.Model):
    """How often a client may call: a bucket of tokens in PostgreSQL, common to all workers and hosts."""

    _inherit = "integration.client"

    def init(self):
        result = super().init()
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS integration_client_bucket (
                client_id integer PRIMARY KEY REFERENCES integration_client ON DELETE CASCADE,
                tokens double precision NOT NULL,
                refilled_at timestamptz NOT NULL)
            """
        )
        return result

    def _compute_last_used_at(self):
        self.env.cr.execute(
            "SELECT client_id, date_trunc('second', refilled_at AT TIME ZONE 'UTC')"
            " FROM integration_client_bucket WHERE client_id = ANY(%s)",
            (self._origin.ids,),
        )
        used = dict(self.env.cr.fetchall())
        for client in self:
            client.last_used_at = used.get(client._origin.id, False)

    def _take_token(self):
        """Count one request of the client, in a transaction of its own: a refused request counts too.

        :return: 0 when it may go on, else the whole seconds until the next one may
        """
        self.ensure_one()
        for _try in range(TRIES):
            try:
                with self.env.registry.cursor() as cr:
                    return self._draw(cr)
            except psycopg2.errors.SerializationFailure:
                continue  # two requests of the client at the same moment: the other one was first
        return 1

    def _draw(self, cr):
        """Refill the bucket for the time that has passed and take one token, in one statement."""
        values = {"id": self.id, "rate": self.rate_per_minute / 60, "burst": self.burst}
        cr.execute(
            """
            INSERT INTO integration_client_bucket AS bucket (client_id, tokens, refilled_at)
            VALUES (%(id)s, %(burst)s - 1, clock_timestamp())
                ON CONFLICT (client_id) DO UPDATE
               SET tokens = LEAST(%(burst)s, bucket.tokens + %(rate)s * EXTRACT(
                                  EPOCH FROM GREATEST(clock_timestamp() - bucket.refilled_at, '0'))) - 1,
                   refilled_at = clock_timestamp()
             WHERE LEAST(%(burst)s, bucket.tokens + %(rate)s * EXTRACT(
                         EPOCH FROM GREATEST(clock_timestamp() - bucket.refilled_at, '0'))) >= 1
            RETURNING tokens
            """,
            values,
            log_exceptions=False,
        )
        if cr.fetchone():
            return 0
        cr.execute(
            """
            SELECT (1 - tokens) / %(rate)s - EXTRACT(EPOCH FROM clock_timestamp() - refilled_at)
              FROM integration_client_bucket WHERE client_id = %(id)s
            """,
            values,
        )
        return max(1, math.ceil(cr.fetchone()[0]))
