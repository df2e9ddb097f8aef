from decimal import Decimal
from typing import NamedTuple

from odoo import api, fields, models

from .integration_exception import OPEN_STATES


class Stake(NamedTuple):
    """The money of a document, or of one place in it.

    :ivar document: what identifies the document
    :ivar place: which place of it, when others of the same document count as well; empty: all of it
    :ivar message_id: the message that the document came with, None without
    """

    document: str
    place: str
    amount: Decimal
    message_id: int | None


class IntegrationExceptionStake(models.Model):
    """The money of one document, or of one place in it, that waits for an exception.

    Each document has rows of its own, so that workers that meet a cause at once never write the same row.
    """

    _name = "integration.exception.stake"
    _description = "Money That Waits for an Exception"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "document"

    exception_id = fields.Many2one(
        "integration.exception", required=True, readonly=True, ondelete="cascade", index=True
    )
    company_id = fields.Many2one("res.company", required=True, readonly=True)
    currency_id = fields.Many2one(related="company_id.currency_id")
    message_id = fields.Many2one(
        "integration.message", readonly=True, index="btree_not_null", ondelete="cascade"
    )
    document = fields.Char(required=True, readonly=True, help="Model and id of what waits")
    place = fields.Char(
        required=True, readonly=True, help="Where in a document that is applied in part; empty: all of it"
    )
    amount = fields.Monetary(readonly=True)

    _place_uniq = models.Constraint(
        "UNIQUE (exception_id, document, place)", "A place of a document counts once."
    )

    @api.model
    def _put(self, exception, stakes):
        """Note what documents have at stake; repeating it changes nothing, another amount replaces it.

        :param stakes: :class:`Stake` of each; of the same place the last one counts
        """
        exception.flush_recordset()
        places = {(stake.document, stake.place): stake for stake in stakes}
        documents, places, amounts, message_ids = (
            list(column) for column in zip(*places.values(), strict=True)
        )
        self.env.cr.execute(
            """
            INSERT INTO integration_exception_stake AS stake
                   (exception_id, company_id, document, place, amount, message_id)
            SELECT %s, %s, new.* FROM unnest(%s::text[], %s::text[], %s::numeric[], %s::int[]) AS new
            ON CONFLICT (exception_id, document, place) DO UPDATE SET amount = EXCLUDED.amount
             WHERE stake.amount <> EXCLUDED.amount
            """,
            (exception.id, exception.company_id.id, documents, places, amounts, message_ids),
            log_exceptions=False,
        )
        self._changed()

    @api.model
    def _drop(self, exceptions, messages, places=None):
        """Let messages count no more in those exceptions that are open; what is closed keeps its amount.

        :param places: those places of the messages alone; all of them without
        """
        self.env["integration.exception"].flush_model(["state"])
        self.env.cr.execute(
            """
            DELETE FROM integration_exception_stake AS stake USING integration_exception AS exception
             WHERE stake.exception_id = ANY(%s) AND stake.message_id = ANY(%s)
               AND (%s::text[] IS NULL OR stake.place = ANY(%s::text[]))
               AND exception.id = stake.exception_id AND exception.state = ANY(%s)
            """,
            (exceptions.ids, messages.ids, places, places, list(OPEN_STATES)),
        )
        self._changed()

    @api.model
    def _changed(self):
        self.invalidate_model()
        self.env["integration.exception"].invalidate_model(["amount", "stake_ids"])
