import math

import psycopg2.errors

from odoo import models
from odoo.tools import SQL

TRIES = 5


class IntegrationBucket(models.AbstractModel):
    """How often others may call: a bucket of tokens for a record, common to all workers and hosts.

    The buckets of a model are the rows of a table beside its own, made by first requests: the table of
    ``integration.client`` is ``integration_client_bucket``, with ``client_id``, ``tokens``, ``refilled_at``.
    """

    _name = "integration.bucket"
    _description = "Integration Bucket"

    def init(self):
        result = super().init()
        if not self._abstract:
            self.env.cr.execute(
                SQL(
                    """
                    CREATE TABLE IF NOT EXISTS %(buckets)s (
                        %(owner)s integer PRIMARY KEY REFERENCES %(owners)s ON DELETE CASCADE,
                        tokens double precision NOT NULL,
                        refilled_at timestamptz NOT NULL)
                    """,
                    **self._bucket_names(),
                    owners=SQL.identifier(self._table),
                )
            )
        return result

    def _bucket_names(self):
        return {
            "buckets": SQL.identifier(f"{self._table}_bucket"),
            "owner": SQL.identifier(f"{self._table.removeprefix('integration_')}_id"),
        }

    def _take_from_bucket(self, rate_per_minute, size):
        """Count one request, in a transaction of its own: one that is refused for another reason counts too.

        :param rate_per_minute: tokens that flow into the bucket
        :param size: tokens that it holds: requests that may come at once
        :return: 0 when the request may go on, else the whole seconds until the next one may
        """
        self.ensure_one()
        values = {"id": self.id, "rate": rate_per_minute / 60, "size": size, **self._bucket_names()}
        for _try in range(TRIES):
            try:
                with self.env.registry.cursor() as cr:
                    return self._draw(cr, values)
            except psycopg2.errors.SerializationFailure:
                continue  # two requests at the same moment: the other one was first
        return 1

    def _draw(self, cr, values):
        """Refill the bucket for the time that has passed and take one token, in one statement."""
        query = SQL(
            """
            INSERT INTO %(buckets)s AS bucket (%(owner)s, tokens, refilled_at)
            VALUES (%(id)s, %(size)s - 1, clock_timestamp())
                ON CONFLICT (%(owner)s) DO UPDATE
               SET tokens = LEAST(%(size)s, bucket.tokens + %(rate)s * EXTRACT(
                                  EPOCH FROM GREATEST(clock_timestamp() - bucket.refilled_at, '0'))) - 1,
                   refilled_at = clock_timestamp()
             WHERE LEAST(%(size)s, bucket.tokens + %(rate)s * EXTRACT(
                         EPOCH FROM GREATEST(clock_timestamp() - bucket.refilled_at, '0'))) >= 1
            RETURNING tokens
            """,
            **values,
        )
        cr.execute(query, log_exceptions=False)
        if cr.fetchone():
            return 0
        query = SQL(
            """
            SELECT (1 - tokens) / %(rate)s - EXTRACT(EPOCH FROM clock_timestamp() - refilled_at)
              FROM %(buckets)s WHERE %(owner)s = %(id)s
            """,
            **values,
        )
        cr.execute(query)
        return max(1, math.ceil(cr.fetchone()[0]))
