import json

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.http import request
from odoo.tools import SQL

from ..audit_chain import entry_digest

# The columns that a seal covers, in the order of their digest. Extending an entry means a new list
# for new entries: seals of old ones were made over these.
SEALED_COLUMNS = (
    "id",
    "transaction_id",
    "event",
    "actor_id",
    "actor_login",
    "company_id",
    "res_model",
    "res_id",
    "record_name",
    "detail",
    "remote_address",
)


class IntegrationAuditEntry(models.Model):
    """One thing that somebody did or saw. Written once, never changed.

    The table is made here and not by the ORM: it has no foreign key, so that nothing that is deleted
    elsewhere touches it, and the database itself refuses UPDATE, DELETE and TRUNCATE.
    """

    _name = "integration.audit.entry"
    _description = "Integration Audit Entry"
    _order = "id desc"
    _auto = False
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "event"

    logged_at = fields.Datetime(readonly=True)
    event = fields.Char(readonly=True, help="What happened, for example credential.revealed.")
    actor_id = fields.Many2one("res.users", "User account", readonly=True)
    actor_login = fields.Char("User", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    res_model = fields.Char("Model", readonly=True)
    res_id = fields.Many2oneReference("Record", model_field="res_model", readonly=True)
    record_name = fields.Char("Record name", readonly=True, help="The record's name at that time.")
    detail = fields.Text(readonly=True)
    remote_address = fields.Char(readonly=True)

    def init(self):
        self._create_table()
        self._create_guards()

    def _create_table(self):
        self.env.cr.execute(
            """
            CREATE TABLE IF NOT EXISTS integration_audit_entry (
                id bigserial PRIMARY KEY,
                logged_at timestamp NOT NULL,
                transaction_id bigint NOT NULL,
                cluster varchar NOT NULL,
                event varchar NOT NULL,
                actor_id integer NOT NULL,
                actor_login varchar NOT NULL,
                company_id integer,
                res_model varchar,
                res_id integer,
                record_name varchar,
                detail text,
                remote_address varchar
            );
            CREATE INDEX IF NOT EXISTS integration_audit_entry_transaction_idx
                ON integration_audit_entry (cluster, transaction_id);
            CREATE INDEX IF NOT EXISTS integration_audit_entry_record_idx
                ON integration_audit_entry (res_model, res_id);
            CREATE INDEX IF NOT EXISTS integration_audit_entry_time_idx
                ON integration_audit_entry (logged_at);
            """
        )

    def _create_guards(self):
        """Let the database stamp entries and seals, and refuse to change or remove them."""
        self.env.cr.execute(
            """
            CREATE OR REPLACE FUNCTION integration_audit_stamp() RETURNS trigger AS $$
            BEGIN
                NEW.logged_at := timezone('UTC', clock_timestamp());
                NEW.transaction_id := pg_current_xact_id()::text::bigint;
                RETURN NEW;
            END $$ LANGUAGE plpgsql;

            CREATE OR REPLACE FUNCTION integration_audit_refuse() RETURNS trigger AS $$
            BEGIN
                RAISE EXCEPTION 'The audit log only grows: % on % is refused.', TG_OP, TG_TABLE_NAME
                    USING ERRCODE = 'integrity_constraint_violation';
            END $$ LANGUAGE plpgsql;

            DROP TRIGGER IF EXISTS integration_audit_entry_stamp ON integration_audit_entry;
            CREATE TRIGGER integration_audit_entry_stamp BEFORE INSERT ON integration_audit_entry
                FOR EACH ROW EXECUTE FUNCTION integration_audit_stamp();
            """
        )
        self._refuse_changes("integration_audit_entry")

    @api.model
    def _refuse_changes(self, table):
        """Let the database refuse UPDATE, DELETE and TRUNCATE on a table of the audit log."""
        self.env.cr.execute(
            SQL(
                """
                DROP TRIGGER IF EXISTS %(row)s ON %(table)s;
                DROP TRIGGER IF EXISTS %(statement)s ON %(table)s;
                CREATE TRIGGER %(row)s BEFORE UPDATE OR DELETE ON %(table)s
                    FOR EACH ROW EXECUTE FUNCTION integration_audit_refuse();
                CREATE TRIGGER %(statement)s BEFORE TRUNCATE ON %(table)s
                    FOR EACH STATEMENT EXECUTE FUNCTION integration_audit_refuse();
                """,
                table=SQL.identifier(table),
                row=SQL.identifier(f"{table}_fixed"),
                statement=SQL.identifier(f"{table}_kept"),
            )
        )

    def write(self, vals):  # pylint: disable=method-required-super
        """:raise UserError: always"""
        raise UserError(self.env._("Entries of the audit log cannot be changed."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Entries of the audit log cannot be deleted."))

    # === WRITING === #

    @api.model
    def _record(self, event, records=None, detail=None):
        """Write one entry per record, or one entry about no record, in one statement.

        :param str event: dotted code of what happened, e.g. ``message.payload_read``
        :param records: records of one model, saved; their company is the entry's, else the current one
        :param detail: text, or a dict that is kept as JSON; never secrets or private data
        """
        subjects = self._subjects(records)
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO integration_audit_entry
                       (logged_at, transaction_id, cluster, event, actor_id, actor_login, detail,
                        remote_address, res_model, res_id, record_name, company_id)
                SELECT now(), 0, (%(cluster)s), %(event)s, %(actor_id)s, %(login)s, %(detail)s,
                       %(address)s, %(model)s, subject.*
                  FROM unnest(%(ids)s::integer[], %(names)s::varchar[], %(companies)s::integer[]) AS subject
                """,
                cluster=self._cluster_query(),
                event=event,
                actor_id=self.env.uid,
                login=self.env.user.sudo().login,
                detail=json.dumps(detail, sort_keys=True, default=str)
                if isinstance(detail, dict)
                else detail,
                address=request.httprequest.remote_addr if request else None,
                model=records._name if records is not None else None,
                ids=[subject[0] for subject in subjects],
                names=[subject[1] for subject in subjects],
                companies=[subject[2] for subject in subjects],
            ),
            log_exceptions=False,
        )

    @api.model
    def _subjects(self, records):
        """Return (id, name, company id) of each record, or one subject without record."""
        company_id = self.env.company.id
        if records is None:
            return [(None, None, company_id)]
        records_sudo = records.sudo()
        has_company = "company_id" in records._fields
        named = self._names_are_safe(records)
        return [
            (
                record.id,
                record.display_name if named else None,
                record.company_id.id or None if has_company else company_id,
            )
            for record in records_sudo
        ]

    @api.model
    def _names_are_safe(self, records):
        """Tell whether the names of these records may stand in the log: configuration, not documents.

        A name of a business document can be a patient's; the log is read without the unmasking group.
        """
        return records._name.startswith("integration.") and records._name != "integration.exception"

    @api.model
    def _cluster_query(self):
        """Return the scalar query of the cluster that counts the transactions, empty if not told.

        Transaction ids belong to a cluster: after a restore elsewhere they start anew.
        """
        return SQL(
            """SELECT CASE WHEN has_function_privilege('pg_control_system()', 'execute')
                           THEN (SELECT system_identifier::text FROM pg_control_system()) ELSE '' END"""
        )

    # === READING === #

    @api.model
    def _digests(self, cluster, first_transaction, end_transaction):
        """Return [(id, digest)] of the entries that a range of transactions wrote."""
        columns = SQL(", ").join(SQL.identifier(name) for name in SEALED_COLUMNS)
        self.env.cr.execute(
            SQL(
                """
                SELECT %(columns)s, to_char(logged_at, 'YYYY-MM-DD"T"HH24:MI:SS.US'), cluster
                  FROM integration_audit_entry
                 WHERE cluster = %(cluster)s AND transaction_id >= %(first)s AND transaction_id < %(end)s
                """,
                columns=columns,
                cluster=cluster,
                first=first_transaction,
                end=end_transaction,
            )
        )
        return [(row[0], entry_digest(row)) for row in self.env.cr.fetchall()]

    def action_open_record(self):
        """Open what the entry is about, with the rights of the current user."""
        self.ensure_one()
        self.check_access("read")
        if self.res_model not in self.env or not self.env[self.res_model].browse(self.res_id).exists():
            raise UserError(self.env._("The record of this entry no longer exists."))
        return {
            "type": "ir.actions.act_window",
            "res_model": self.res_model,
            "res_id": self.res_id,
            "views": [(False, "form")],
        }
