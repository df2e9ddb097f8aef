import re
from unittest.mock import patch

from odoo.tests import TransactionCase, tagged
from odoo.tools import SQL

from ..models.integration_message import FINAL_STATES
from ..models.integration_queue_waiting import HELD_BY_KEY

HISTORY = 20_000
AUDIT_HISTORY = 200_000
GROWING_TABLES = (
    "integration_task",
    "integration_message",
    "integration_message_chunk",
    "integration_exception",
    "integration_audit_entry",
    "integration_audit_seal",
)


@tagged("post_install", "-at_install")
class TestQueryPlans(TransactionCase):
    """Looks at how PostgreSQL reads, where the time would grow with the square of the rows otherwise."""

    def setUp(self):
        super().setUp()
        # Servers differ in what they hold an index to cost; here it is that of solid state.
        self.env.cr.execute("SET LOCAL random_page_cost = 1.1")

    def plan(self, query):
        self.env.cr.execute(SQL("EXPLAIN (COSTS OFF) %s", query))
        return "\n".join(row[0] for row in self.env.cr.fetchall())

    def test_what_a_key_holds_is_found_beside_a_long_history(self):
        self.env.cr.execute(
            """
            INSERT INTO integration_task (
                description, company_id, user_id, model_name, method_name, arguments, state, rank,
                max_attempts, ordering_key)
            SELECT 'plan', %(company)s, %(user)s, 'res.partner', 'plan', '{}',
                   CASE WHEN n <= %(history)s THEN 'done' ELSE 'waiting' END, n, 1, 'plan ' || (n %% 7)
              FROM generate_series(1, %(history)s * 2) AS n;
            ANALYZE integration_task
            """,
            {"company": self.env.company.id, "user": self.env.uid, "history": HISTORY},
        )
        plan = self.plan(
            SQL("SELECT id FROM integration_task AS task WHERE state = 'waiting' AND NOT (%s)", HELD_BY_KEY)
        )
        self.assertIn("integration_task_ordering_idx on integration_task earlier", plan)

    def test_the_open_parts_of_a_file_are_found_beside_the_closed_ones(self):
        file = self.env["integration.message"].create({"company_id": self.env.company.id, "state": "split"})
        self.env.cr.execute(
            """
            INSERT INTO integration_message (uuid, company_id, direction, parent_id, position, state)
            SELECT 'plan ' || n, %(company)s, 'in', %(file)s, n,
                   CASE WHEN n %% 2 = 0 THEN 'applied' ELSE 'received' END
              FROM generate_series(1, %(history)s) AS n;
            ANALYZE integration_message
            """,
            {"company": self.env.company.id, "file": file.id, "history": HISTORY},
        )
        open_parts = SQL(
            "SELECT FROM integration_message WHERE parent_id = %s AND state <> ALL(%s) LIMIT 1",
            file.id,
            list(FINAL_STATES),
        )
        self.env.cr.execute("SET LOCAL enable_seqscan = off")
        self.assertIn("integration_message_open_part_idx", self.plan(open_parts))

    def statements(self, work):
        """Return the statements that ``work()`` sends to PostgreSQL, as they are sent."""
        sent, cursor_class = [], type(self.env.cr)
        execute = cursor_class.execute

        def noting(cr, *args, **kwargs):
            result = execute(cr, *args, **kwargs)
            sent.append(cr._obj.query.decode())
            return result

        with patch.object(cursor_class, "execute", noting):
            work()
        return sent

    def test_metrics_and_health_scan_no_table_that_grows(self):
        self._fill_audit_log()
        self.env.cr.execute(
            """
            INSERT INTO integration_task (
                description, company_id, user_id, model_name, method_name, state, rank, max_attempts)
            SELECT 'plan', %(company)s, %(user)s, 'res.partner', 'plan', 'done', n, 1
              FROM generate_series(1, %(history)s) AS n;
            INSERT INTO integration_message (uuid, company_id, direction, state)
            SELECT 'plan ' || n, %(company)s, 'in', 'applied' FROM generate_series(1, %(history)s) AS n;
            INSERT INTO integration_exception (name, code, company_id, category, severity, state)
            SELECT 'plan', 'plan', %(company)s, 'data', 'high', 'resolved'
              FROM generate_series(1, %(history)s) AS n;
            ANALYZE integration_task; ANALYZE integration_message; ANALYZE integration_exception
            """,
            {"company": self.env.company.id, "user": self.env.uid, "history": HISTORY},
        )
        statements = self.statements(self.env["integration.metrics"]._collect)
        read = {table for table in GROWING_TABLES for text in statements if re.search(rf"\b{table}\b", text)}
        self.assertLessEqual(
            {"integration_task", "integration_message", "integration_exception", "integration_audit_entry"},
            read,
        )
        for statement in statements:
            plan = self.plan(SQL(statement))
            scanned = [
                table
                for table in GROWING_TABLES
                if re.search(rf"Seq Scan on {table}( |$)", plan, re.MULTILINE)
            ]
            self.assertFalse(scanned, f"{statement}\n{plan}")

    def test_the_unsealed_end_of_a_long_audit_log_is_found_through_its_index(self):
        self._fill_audit_log()
        seals = self.env["integration.audit.seal"]
        for end_transaction in (None, AUDIT_HISTORY - 10):
            plan = self.plan(seals._next_stretch_query(end_transaction))
            self.assertNotIn("Seq Scan on integration_audit", plan)
            self.assertRegex(
                plan, "integration_audit_entry_transaction_idx.*\n.*Index Cond: .*transaction_id >= "
            )

    def _fill_audit_log(self):
        """Write a long log of this cluster and a former one, sealed but for its end."""
        self.env.cr.execute(
            """
            ALTER TABLE integration_audit_entry DISABLE TRIGGER USER;
            INSERT INTO integration_audit_entry (
                logged_at, transaction_id, cluster, event, actor_id, actor_login)
            SELECT now(), n, CASE WHEN n %% 4 = 0 THEN 'former' ELSE 'present' END, 'plan', 1, 'plan'
              FROM generate_series(1, %(history)s) AS n;
            INSERT INTO integration_audit_seal (
                number, sealed_at, cluster, first_transaction, end_transaction, entry_count, manifest,
                previous_code, code, key_id)
            SELECT 1000000 + n, now(), CASE WHEN n %% 4 = 0 THEN 'former' ELSE 'present' END,
                   (n - 1) * 100, n * 100, 100, '', '', '', ''
              FROM generate_series(1, %(history)s / 100 - 20) AS n;
            ANALYZE integration_audit_entry; ANALYZE integration_audit_seal
            """,
            {"history": AUDIT_HISTORY},
        )

    def test_what_a_retention_rule_takes_is_found_beside_what_is_kept_for_ever(self):
        """Health data that came through a system of no class, beside much that no rule takes."""
        system = self.env["integration.system"].create({"name": "Plan", "code": "PLAN"})
        document_type = self.env["integration.document.type"].create(
            {"name": "Plan", "code": "plan", "data_class": "phi"}
        )
        values = {"name": "Plan", "code": "plan", "system_id": system.id}
        flow = self.env["integration.flow"].create(
            {**values, "document_type_id": document_type.id, "user_id": self.env.ref("base.user_admin").id}
        )
        rule = self.env["integration.retention"].create(
            {"data_class": "phi", "payload_days": 30, "metadata_days": 60}
        )
        self.env.flush_all()
        self.env.cr.execute(
            """
            INSERT INTO integration_message (
                uuid, company_id, direction, system_id, decisive_flow_id, state, closed_at, payload_purged_at)
            SELECT 'plan ' || n, %(company)s, 'in', %(system)s,
                   CASE WHEN n %% 1000 = 0 THEN %(flow)s END, 'settled',
                   now() - make_interval(days => n %% 365),
                   CASE WHEN n %% 2 = 0 THEN now() END
              FROM generate_series(1, %(history)s) AS n;
            ANALYZE integration_message
            """,
            {
                "company": self.env.company.id,
                "system": system.id,
                "flow": flow.id,
                "history": HISTORY,
            },
        )
        for part in ("payload", "metadata"):
            with self.subTest(part=part):
                plan = self.plan(rule._due(part, SQL("message.id"), 100))
                self.assertNotIn("Seq Scan on integration_message message", plan)
                self.assertIn(f"integration_message_{part}_due_of_flow_idx", plan)
