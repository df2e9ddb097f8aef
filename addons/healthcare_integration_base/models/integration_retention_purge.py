from odoo import api, models
from odoo.tools import SQL

BATCH_SIZE = 100


class IntegrationRetentionPurge(models.Model):
    """Deletes what the active rules say, in short transactions; what it did is in the audit log."""

    _inherit = "integration.retention"

    @api.model
    def _cron_purge(self):
        """Delete batch after batch until nothing is due or the time of the cron's run is used up."""
        cron = self.env["ir.cron"]
        for rule in self.search([("state", "=", "active")]):
            for purge in (rule._purge_payloads, rule._purge_metadata):
                while purged := self.env["integration.queue"]._in_own_transaction(purge):
                    if not cron._commit_progress(processed=purged):
                        cron._commit_progress(remaining=1)
                        cron.browse(self.env.context.get("cron_id"))._trigger()
                        return

    def _purge_payloads(self, limit=BATCH_SIZE):
        """Delete the payloads of a batch; hash and size stay.

        :return: how many messages were purged
        """
        messages = self._lock_due("payload", limit)
        if messages:
            messages._drop_payload()
            self._mark(
                messages, SQL("payload_purged_at = %s, payload_purged_by = %s", self._now(), self.name)
            )
            self._record("message.payload_purged", messages)
        return len(messages)

    def _purge_metadata(self, limit=BATCH_SIZE):
        """Remove what describes the content of a batch of messages and of their transactions.

        :return: how many messages were purged
        """
        messages = self._lock_due("metadata", limit)
        if messages:
            parts = SQL(
                """
                metadata_purged_at = %s, name = left(uuid, 8), file_name = NULL, sender = NULL,
                receiver = NULL, envelope = NULL, findings = NULL, state_reason = NULL
                """,
                self._now(),
            )
            self._mark(messages, parts, with_parts=True)
            self._record("message.metadata_purged", messages)
        return len(messages)

    def _lock_due(self, part, limit):
        """Return due messages, locked, with whatever could be held meanwhile or decides about their class.

        A hold or a class that is committed after this transaction began makes one of the locks fail, and with
        it the transaction: what is held, or has become more sensitive, is not deleted.
        """
        self.ensure_one()
        if not self._days(part):
            return self.env["integration.message"]
        self.env.flush_all()
        # A branch may use the systems and flows of the companies above it.
        of_companies = SQL("company_id = ANY(%s)", self.company_id.parent_ids.ids)
        for table, scope in (
            ("integration_system", of_companies),
            ("integration_flow", of_companies),
            ("integration_document_type", SQL("TRUE")),
        ):
            self.env.cr.execute(
                SQL("SELECT FROM %s WHERE %s FOR SHARE", SQL.identifier(table), scope), log_exceptions=False
            )
        self.env.cr.execute(
            SQL("%s FOR UPDATE OF message SKIP LOCKED", self._due(part, SQL("message.id"), limit)),
            log_exceptions=False,
        )
        return self.env["integration.message"].browse(row[0] for row in self.env.cr.fetchall())

    def _mark(self, messages, assignments, *, with_parts=False):
        condition = SQL("id = ANY(%s)", messages.ids)
        if with_parts:
            condition = SQL("%s OR parent_id = ANY(%s)", condition, messages.ids)
        self.env.cr.execute(
            SQL("UPDATE integration_message SET %s WHERE %s", assignments, condition), log_exceptions=False
        )
        self.env["integration.message"].invalidate_model()

    def _record(self, event, messages):
        self.env["integration.audit.entry"]._record(event, messages, {"rule": self.name})

    def _now(self):
        return self.env.cr.now()
