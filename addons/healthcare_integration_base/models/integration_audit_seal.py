import json
import os
import tempfile
from datetime import datetime, timezone
from functools import partial

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..audit_chain import Difference, Seal, differences, manifest
from .access import require_group
from .data_files import data_path

SEAL_PURPOSE = "audit seal"
ENTRIES_PER_SEAL = 10_000
LAST_TRANSACTION = (1 << 63) - 1


class IntegrationAuditSeal(models.Model):
    """Proof of a stretch of the audit log, chained to the seal before it.

    Entries are written without a chain, so that writers never wait for each other. A cron seals what
    every transaction below the oldest running one has written: nothing can be added there any more.
    """

    _name = "integration.audit.seal"
    _description = "Integration Audit Seal"
    _order = "number desc"
    _auto = False
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "number"

    number = fields.Integer(readonly=True, aggregator=None)
    sealed_at = fields.Datetime(readonly=True)
    entry_count = fields.Integer("Entries", readonly=True)
    code = fields.Char(
        readonly=True, help="HMAC over the entries of this seal and the code of the seal before."
    )
    key_id = fields.Char(readonly=True)

    def init(self):
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS integration_audit_seal (
                id serial PRIMARY KEY,
                number integer NOT NULL UNIQUE,
                sealed_at timestamp NOT NULL,
                cluster varchar NOT NULL,
                first_transaction bigint NOT NULL,
                end_transaction bigint NOT NULL,
                entry_count integer NOT NULL,
                manifest bytea NOT NULL,
                previous_code varchar NOT NULL,
                code varchar NOT NULL,
                key_id varchar NOT NULL
            );
            CREATE INDEX IF NOT EXISTS integration_audit_seal_transaction_idx
                ON integration_audit_seal (cluster, end_transaction);
            """
        )
        self.env["integration.audit.entry"]._refuse_changes(self._table)

    def write(self, vals):  # pylint: disable=method-required-super
        """:raise UserError: always"""
        raise UserError(self.env._("Seals of the audit log cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Seals of the audit log cannot be deleted."))

    # === SEALING === #

    @api.model
    def _cron_seal(self):
        """Seal what is complete, some thousands of entries per transaction."""
        keyring = self.env["integration.keyring"]
        if not keyring._is_complete():
            return
        # The first use of a key is recorded; others may do so at this moment, and then this is repeated.
        self.env["integration.queue"]._in_own_transaction(keyring._current_key_id)
        while sealed := self._seal():
            if not self.env["ir.cron"]._commit_progress(processed=sealed):
                break

    @api.model
    def _seal(self, end_transaction=None):
        """Make the next seal, if there is anything to seal.

        :param int end_transaction: seal transactions below this one instead of below the oldest
            running one; for tests, which see only their own transaction
        :return: the number of entries sealed
        """
        stretch = self._next_stretch(end_transaction)
        if not stretch:
            return 0
        cluster, first_transaction, end_transaction = stretch
        entries = self.env["integration.audit.entry"]._digests(cluster, first_transaction, end_transaction)
        last = self._last()
        seal = Seal(
            number=last["number"] + 1 if last else 1,
            cluster=cluster,
            first_transaction=first_transaction,
            end_transaction=end_transaction,
            manifest=manifest(entries),
            previous_code=last["code"] if last else "",
            key_id=self.env["integration.keyring"]._current_key_id(),
            sealed_at=datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S"),
        )
        self._insert(seal, len(entries))
        return len(entries)

    @api.model
    def _next_stretch(self, end_transaction):
        """Return (cluster, first transaction, end) of the oldest unsealed entries, or None.

        Of a former cluster everything is complete. A stretch holds about ENTRIES_PER_SEAL entries: one
        transaction is never split.
        """
        self.env.cr.execute(self._next_stretch_query(end_transaction))
        return self.env.cr.fetchone()

    @api.model
    def _next_stretch_query(self, end_transaction):
        """Each cluster is one step in the log's index, and so is the beginning of what it has unsealed."""
        return SQL(
            """
            WITH RECURSIVE here AS (
                SELECT (%(cluster)s) AS cluster,
                       COALESCE(%(end)s, pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS bound
            ), known AS (
                (SELECT cluster FROM integration_audit_entry ORDER BY cluster LIMIT 1)
                UNION ALL
                SELECT (SELECT entry.cluster FROM integration_audit_entry AS entry
                         WHERE entry.cluster > known.cluster ORDER BY entry.cluster LIMIT 1)
                  FROM known WHERE known.cluster IS NOT NULL
            ), unsealed AS (
                SELECT known.cluster,
                       COALESCE((SELECT max(seal.end_transaction) FROM integration_audit_seal AS seal
                                  WHERE seal.cluster = known.cluster), 0) AS first,
                       CASE WHEN known.cluster = here.cluster THEN here.bound ELSE %(last)s END AS bound
                  FROM known CROSS JOIN here
                 WHERE known.cluster IS NOT NULL
            )
            SELECT unsealed.cluster, unsealed.first, max(entry.transaction_id) + 1
              FROM unsealed CROSS JOIN LATERAL (
                    SELECT transaction_id, id FROM integration_audit_entry
                     WHERE cluster = unsealed.cluster
                       AND transaction_id >= unsealed.first AND transaction_id < unsealed.bound
                     ORDER BY transaction_id LIMIT %(limit)s) AS entry
             GROUP BY unsealed.cluster, unsealed.first
             ORDER BY min(entry.id)
             LIMIT 1
            """,
            cluster=self.env["integration.audit.entry"]._cluster_query(),
            end=end_transaction,
            last=LAST_TRANSACTION,
            limit=ENTRIES_PER_SEAL,
        )

    @api.model
    def _insert(self, seal, entry_count):
        code = self.env["integration.keyring"]._authenticate(SEAL_PURPOSE, seal.message(), seal.key_id)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO integration_audit_seal
                       (number, sealed_at, cluster, first_transaction, end_transaction, entry_count,
                        manifest, previous_code, code, key_id)
                VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
                """,
                seal.number,
                seal.sealed_at,
                seal.cluster,
                seal.first_transaction,
                seal.end_transaction,
                entry_count,
                seal.manifest,
                seal.previous_code,
                code,
                seal.key_id,
            ),
            log_exceptions=False,
        )
        head = {"number": seal.number, "code": code, "sealed_at": seal.sealed_at}
        # Only what is committed may be claimed outside the database.
        self.env.cr.postcommit.add(partial(_write_head, self._head_path(), head))

    # === CHECKING === #

    @api.model
    def _head(self):
        """Return number, code and time of the newest seal as a dict, None without any seal."""
        last = self._last()
        return last and {"number": last["number"], "code": last["code"], "sealed_at": last["sealed_at"]}

    @api.model
    def _exported_head(self):
        """Return the head as the file outside the database has it, None when there is no file."""
        try:
            with open(self._head_path(), encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    @api.model
    def _head_path(self):
        database_uuid = self.env["ir.config_parameter"].sudo().get_param("database.uuid")
        return data_path(f"audit_head.{self.env.cr.dbname}.{database_uuid}.json")

    @api.model
    def _verify(self, head=None):
        """Check the whole log against its seals.

        :param dict head: number and code of a seal that must exist; the exported one by default
        :return: ``[(kind, seal number, entry id)]`` of what is wrong: entries that were ``changed``,
            ``removed`` or ``inserted``, seals that are ``seal_changed``, ``seal_removed``,
            ``seal_unchecked`` (their key is missing) or ``cut_off`` (known outside, missing here)
        """
        findings = []
        previous_number, previous_code, first_transactions = 0, "", {}
        for number in self._numbers():
            seal, code = self._load(number)
            findings += [("seal_removed", missing, None) for missing in range(previous_number + 1, number)]
            intact = previous_number + 1 == number and seal.previous_code == previous_code
            contiguous = seal.first_transaction == first_transactions.get(seal.cluster, 0)
            findings += self._check_seal(
                seal, code, intact=intact and contiguous, gap=previous_number + 1 != number
            )
            findings += [(found.kind, number, found.entry_id) for found in self._check_entries(seal)]
            previous_number, previous_code = number, code
            first_transactions[seal.cluster] = seal.end_transaction
        return findings + self._check_head(head or self._exported_head())

    @api.model
    def _check_seal(self, seal, code, *, intact, gap):
        """Return the findings about one seal itself.

        :param bool intact: the seal follows the one before it
        :param bool gap: seals before it are missing, which has been reported
        """
        keyring = self.env["integration.keyring"]
        if not keyring._has_key(seal.key_id):
            return [("seal_unchecked", seal.number, None)]
        authentic = keyring._authenticate(SEAL_PURPOSE, seal.message(), seal.key_id) == code
        return [] if authentic and (intact or gap) else [("seal_changed", seal.number, None)]

    @api.model
    def _check_entries(self, seal) -> list[Difference]:
        entries = self.env["integration.audit.entry"]._digests(
            seal.cluster, seal.first_transaction, seal.end_transaction
        )
        return differences(seal.manifest, entries)

    @api.model
    def _check_head(self, head):
        if not head:
            return []
        self.env.cr.execute(
            "SELECT code FROM integration_audit_seal WHERE number = %s",
            (head["number"],),
            log_exceptions=False,
        )
        row = self.env.cr.fetchone()
        return [] if row and row[0] == head["code"] else [("cut_off", head["number"], None)]

    @api.model
    def _numbers(self):
        self.env.cr.execute("SELECT number FROM integration_audit_seal ORDER BY number")
        return [number for (number,) in self.env.cr.fetchall()]

    @api.model
    def _last(self):
        self.env.cr.execute(
            """
            SELECT number, code, to_char(sealed_at, 'YYYY-MM-DD"T"HH24:MI:SS') AS sealed_at
              FROM integration_audit_seal ORDER BY number DESC LIMIT 1
            """
        )
        return next(iter(self.env.cr.dictfetchall()), None)

    @api.model
    def _load(self, number):
        """Return a stored seal and its stored code."""
        self.env.cr.execute(
            """
            SELECT number, cluster, first_transaction, end_transaction, manifest, previous_code, key_id,
                   to_char(sealed_at, 'YYYY-MM-DD"T"HH24:MI:SS') AS sealed_at, code
              FROM integration_audit_seal WHERE number = %s
            """,
            (number,),
        )
        [row] = self.env.cr.dictfetchall()
        code = row.pop("code")
        return Seal(**{**row, "manifest": bytes(row["manifest"])}), code

    # === ACTIONS === #

    def action_verify(self):
        """Check the whole log, whichever seals are selected, and show what was found."""
        require_group(self, "group_auditor")
        return self.env["integration.audit.verification"]._open_result()


def _write_head(path, head):
    """Replace the exported head in one step, so that a crash leaves the old or the new one."""
    folder = os.path.dirname(path)
    descriptor, temporary = tempfile.mkstemp(dir=folder, prefix=".audit_head.")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(head, file)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
