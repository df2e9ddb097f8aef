import json
import os
import tempfile

import psycopg2

from odoo import SUPERUSER_ID
from odoo.exceptions import UserError
from odoo.service.model import call_kw
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from ..errors import MappingError
from ..models import integration_audit_seal
from .access_common import AccessCase


@tagged("post_install", "-at_install")
class TestAudit(AccessCase):
    """Everything here is one transaction: ``_seal`` is told to seal it, and guards are lifted to tamper."""

    def setUp(self):
        super().setUp()
        self.entry = self.env["integration.audit.entry"]
        self.seal = self.env["integration.audit.seal"]
        # The first use of a key is an entry of its own.
        self.env["integration.keyring"]._keyring()
        self._lift_guards()
        self.env.cr.execute("DELETE FROM integration_audit_entry; DELETE FROM integration_audit_seal")

    def _lift_guards(self):
        for table in ("integration_audit_entry", "integration_audit_seal"):
            self.env.cr.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")

    def _restore_guards(self):
        for table in ("integration_audit_entry", "integration_audit_seal"):
            self.env.cr.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")

    def _write_in_other_transaction(self, offset, event):
        """Write an entry as a transaction with another id would have done."""
        self._restore_guards()
        self.entry._record(event, self.system)
        self._lift_guards()
        self.env.cr.execute(
            "UPDATE integration_audit_entry SET transaction_id = transaction_id + %s WHERE event = %s",
            (offset, event),
        )

    def _own_transaction(self):
        self.env.cr.execute("SELECT pg_current_xact_id()::text::bigint")
        return self.env.cr.fetchone()[0]

    def _sealed_log(self):
        """Make three seals over one, two and one entries; return the entry ids in order."""
        own = self._own_transaction()
        for offset, events in enumerate((["log.a"], ["log.b", "log.c"], ["log.d"])):
            for event in events:
                self._write_in_other_transaction(offset, event)
            self.assertEqual(self.seal._seal(own + offset + 1), len(events))
        self.env.cr.execute("SELECT id FROM integration_audit_entry ORDER BY id")
        return [entry_id for (entry_id,) in self.env.cr.fetchall()]

    # === WRITING === #

    def test_many_records_are_one_statement(self):
        systems = self.system + self.other_system + self.system.copy()
        self.env.user.login  # noqa: B018 (what the entry names is in the cache)
        systems.mapped("display_name")
        with self.assertQueryCount(1):
            self.entry._record("test.many", systems, {"b": 1, "a": 2})
        entries = self.entries("test.many")
        self.assertEqual(sorted(entries.mapped("res_id")), sorted(systems.ids))
        self.assertEqual(set(entries.mapped("detail")), {'{"a": 2, "b": 1}'})
        self.assertEqual(entries.company_id, self.company + self.other_company)

    def test_an_entry_names_who_and_when(self):
        self._restore_guards()
        self.as_user(self.entry, "operator")._record("test.who", self.system)
        entry = self.entries("test.who")
        self.assertEqual(entry.actor_id, self.users["operator"])
        self.assertEqual(entry.actor_login, "integration-operator")
        self.assertEqual(entry.record_name, self.system.name)
        self.assertTrue(entry.logged_at)

    def test_names_of_documents_stay_out(self):
        partner = self.env["res.partner"].create({"name": "Jane Patient"})
        self.entry._record("test.partner", partner)
        self.assertFalse(self.entries("test.partner").record_name)

    def test_people_and_companies_can_be_deleted(self):
        user = new_test_user(self.env, "leaves-soon")
        self.entry.with_user(user)._record("test.left")
        user.unlink()
        entry = self.entries("test.left")
        self.assertEqual(entry.actor_login, "leaves-soon")
        self.assertFalse(entry.actor_id.exists())
        self.assertTrue(entry.read())

    # === THE DATABASE REFUSES === #

    def test_update_delete_and_truncate_are_refused(self):
        self._sealed_log()
        self._restore_guards()
        for table in ("integration_audit_entry", "integration_audit_seal"):
            for statement in (
                f"UPDATE {table} SET id = id",
                f"DELETE FROM {table}",
                f"TRUNCATE {table}",
                f"INSERT INTO {table} SELECT * FROM {table} ON CONFLICT (id) DO UPDATE SET id = EXCLUDED.id",
            ):
                with (
                    self.subTest(statement=statement),
                    mute_logger("odoo.sql_db"),
                    self.assertRaisesRegex(psycopg2.IntegrityError, "only grows"),
                    self.env.cr.savepoint(),
                ):
                    self.env.cr.execute(statement)

    def test_the_database_stamps_time_and_transaction(self):
        self._restore_guards()
        self.env.cr.execute(
            """
            INSERT INTO integration_audit_entry
                   (logged_at, transaction_id, cluster, event, actor_id, actor_login)
            VALUES ('2000-01-01', 1, '', 'test.forged', 1, 'x')
            RETURNING transaction_id, logged_at
            """
        )
        transaction_id, logged_at = self.env.cr.fetchone()
        self.assertEqual(transaction_id, self._own_transaction())
        self.assertGreater(logged_at.year, 2000)

    def test_the_orm_refuses_too(self):
        self.entry._record("test.kept")
        entry = self.entries("test.kept")
        with self.assertRaises(UserError):
            entry.write({"event": "test.other"})
        with self.assertRaises(UserError):
            entry.unlink()

    def test_an_upgrade_restores_the_guards(self):
        self.entry.init()
        self.seal.init()
        self.env.cr.execute(
            """
            SELECT tgrelid::regclass::text, count(*) FROM pg_trigger
             WHERE tgrelid IN ('integration_audit_entry'::regclass, 'integration_audit_seal'::regclass)
               AND NOT tgisinternal AND tgenabled = 'O' GROUP BY 1 ORDER BY 1
            """
        )
        self.assertEqual(
            self.env.cr.fetchall(), [("integration_audit_entry", 3), ("integration_audit_seal", 2)]
        )

    # === SEALS === #

    def test_an_untouched_log_is_intact(self):
        self._sealed_log()
        self.assertEqual(self.seal._verify(), [])
        self.assertEqual(self.seal._head()["number"], 3)

    def test_entries_of_running_transactions_are_not_sealed(self):
        self._restore_guards()
        self.entry._record("test.running")
        self.assertEqual(self.seal._seal(), 0)

    def test_a_long_transaction_is_sealed_whole(self):
        self.patch(integration_audit_seal, "ENTRIES_PER_SEAL", 2)
        self._restore_guards()
        self.entry._record("test.long", self.system + self.other_system + self.system.copy())
        self._lift_guards()
        self._write_in_other_transaction(1, "log.after")
        own = self._own_transaction()
        sealed = [self.seal._seal(own + 2), self.seal._seal(own + 2), self.seal._seal(own + 2)]
        self.assertEqual(sealed[1:], [1, 0])
        self.assertGreaterEqual(sealed[0], 3)
        self.assertEqual(self.seal._verify(), [])

    def test_after_a_restore_in_another_cluster_the_chain_goes_on(self):
        self._sealed_log()
        self._write_in_other_transaction(3, "log.unsealed")
        self.env.cr.execute("UPDATE integration_audit_entry SET cluster = 'former'")
        self.env.cr.execute("DELETE FROM integration_audit_seal")
        own = self._own_transaction()
        while self.seal._seal(own):
            pass
        self.assertEqual(self.seal._verify(), [])
        self._write_in_other_transaction(0, "log.here")
        self.assertEqual(self.seal._seal(own + 1), 1)
        self.assertEqual(self.seal._verify(), [])

    # === TAMPERING IS FOUND === #

    def test_a_changed_entry_is_named(self):
        changes = {
            "event": "'log.x'",
            "actor_login": "'somebody else'",
            "actor_id": "0",
            "company_id": "NULL",
            "logged_at": "logged_at + interval '1 microsecond'",
            "res_id": "res_id + 1",
            "record_name": "''",
            "detail": "''",
            "remote_address": "'::1'",
        }
        ids = self._sealed_log()
        for column, value in changes.items():
            with self.subTest(column=column), self.env.cr.savepoint() as savepoint:
                self.env.cr.execute(
                    f"UPDATE integration_audit_entry SET {column} = {value} WHERE id = %s", (ids[1],)
                )
                self.assertEqual(self.seal._verify(), [("changed", 2, ids[1])])
                savepoint.rollback()

    def test_a_removed_entry_is_named(self):
        ids = self._sealed_log()
        self.env.cr.execute("DELETE FROM integration_audit_entry WHERE id = %s", (ids[2],))
        self.assertEqual(self.seal._verify(), [("removed", 2, ids[2])])

    def test_an_inserted_entry_is_named(self):
        self._sealed_log()
        self._write_in_other_transaction(1, "log.late")
        late = self.entries("log.late")
        self.assertEqual(self.seal._verify(), [("inserted", 2, late.id)])

    def test_an_entry_moved_to_another_transaction_is_named(self):
        ids = self._sealed_log()
        self.env.cr.execute(
            "UPDATE integration_audit_entry SET transaction_id = transaction_id + 2 WHERE id = %s", (ids[0],)
        )
        self.assertEqual(self.seal._verify(), [("removed", 1, ids[0]), ("inserted", 3, ids[0])])

    def test_a_changed_seal_is_named(self):
        self._sealed_log()
        self.env.cr.execute(
            "UPDATE integration_audit_seal SET sealed_at = sealed_at - interval '1 day' WHERE number = 2"
        )
        self.assertEqual(self.seal._verify(), [("seal_changed", 2, None)])

    def test_a_seal_made_to_fit_a_changed_entry_is_found(self):
        ids = self._sealed_log()
        self.env.cr.execute("DELETE FROM integration_audit_entry WHERE id = %s", (ids[1],))
        seal, _code = self.seal._load(2)
        entries = self.entry._digests(seal.cluster, seal.first_transaction, seal.end_transaction)
        self.env.cr.execute(
            "UPDATE integration_audit_seal SET manifest = %s WHERE number = 2",
            (integration_audit_seal.manifest(entries),),
        )
        self.assertEqual(self.seal._verify(), [("seal_changed", 2, None)])

    def test_a_removed_seal_is_named(self):
        ids = self._sealed_log()
        self.env.cr.execute("DELETE FROM integration_audit_seal WHERE number = 2")
        self.assertEqual(self.seal._verify(), [("seal_removed", 2, None)])
        self.env.cr.execute("DELETE FROM integration_audit_entry WHERE id = %s", (ids[0],))
        self.assertIn(("removed", 1, ids[0]), self.seal._verify())

    def test_a_cut_off_end_is_found_with_the_head_kept_outside(self):
        ids = self._sealed_log()
        head = self.seal._head()
        self.env.cr.execute("DELETE FROM integration_audit_entry WHERE id = %s", (ids[3],))
        self.env.cr.execute("DELETE FROM integration_audit_seal WHERE number = 3")
        self.assertEqual(self.seal._verify(head), [("cut_off", 3, None)])

    def test_a_log_sealed_anew_with_the_same_numbers_is_found(self):
        ids = self._sealed_log()
        head = self.seal._head()
        self.env.cr.execute("DELETE FROM integration_audit_entry WHERE id = %s", (ids[0],))
        self.env.cr.execute("DELETE FROM integration_audit_seal")
        own = self._own_transaction()
        for offset in (1, 2, 3):
            self.seal._seal(own + offset)
        self.assertIn("cut_off", [kind for kind, _number, _entry in self.seal._verify(head)])

    def test_a_missing_key_is_told_apart_from_tampering(self):
        self._sealed_log()
        self.env.cr.execute("UPDATE integration_audit_seal SET key_id = 'lost' WHERE number = 3")
        self.assertEqual(self.seal._verify(), [("seal_unchecked", 3, None)])

    # === THE HEAD OUTSIDE THE DATABASE === #

    def test_the_head_is_exported_after_the_commit_only(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "head.json")
            self.patch(type(self.seal), "_head_path", lambda self: path)
            self._sealed_log()
            self.assertIsNone(self.seal._exported_head())
            self.env.cr.postcommit.run()
            self.assertEqual(self.seal._exported_head(), self.seal._head())
            self.assertEqual(os.listdir(folder), ["head.json"])
            self.env.cr.execute("DELETE FROM integration_audit_seal WHERE number = 3")
            self.assertIn(("cut_off", 3, None), self.seal._verify())

    # === THE BUTTON === #

    def test_verify_shows_what_was_found(self):
        ids = self._sealed_log()
        auditor = self.as_user(self.seal, "auditor")
        # As the button of the list calls it, with nothing selected.
        action = call_kw(auditor, "action_verify", [[]], {})
        intact = self.env["integration.audit.verification"].browse(action["res_id"])
        self.assertTrue(intact.is_intact)
        self.assertEqual((intact.seal_count, intact.head_number), (3, 3))
        # Here the check's own entry lies in the sealed transactions; in life it comes after them.
        self.env.cr.execute("DELETE FROM integration_audit_entry WHERE event = 'audit.verified'")
        self.env.cr.execute("UPDATE integration_audit_entry SET detail = 'x' WHERE id = %s", (ids[3],))
        broken = self.env["integration.audit.verification"].browse(auditor.action_verify()["res_id"])
        self.assertFalse(broken.is_intact)
        self.assertRecordValues(
            broken.line_ids, [{"kind": "changed", "seal_number": 3, "entry_id": str(ids[3])}]
        )
        self.assertEqual(json.loads(self.entries("audit.verified")[0].detail), {"findings": 1})

    def test_the_cron_seals(self):
        with self.enter_registry_test_mode():
            self.env.ref("healthcare_integration_base.ir_cron_integration_audit_seal").method_direct_trigger()

    # === DISPLAY === #

    def test_details_are_readable_lines(self):
        details = {
            "finding_count": 0, "passed": True, "by": None, "keys": ["a", "b"], "was": {"state": "open"},
        }  # fmt: skip
        self.entry._record("log.dict", detail=details)
        self.entry._record("log.text", detail="Plain text")
        self.entry._record("log.number", detail="12")
        self.entry._record("log.none")
        shown = {entry.event: entry.detail_text for entry in self.entry.search([])}
        self.assertEqual(
            shown["log.dict"].splitlines(),
            ["By: -", "Finding count: 0", "Keys: a, b", "Passed: yes", "Was: state open"],
        )
        lines = {entry.event: entry.detail_line for entry in self.entry.search([])}
        self.assertEqual(
            lines["log.dict"], "By: -; Finding count: 0; Keys: a, b; Passed: yes; Was: state open"
        )
        self.assertFalse(lines["log.none"])
        self.assertEqual((shown["log.text"], shown["log.number"]), ("Plain text", "12"))
        self.assertFalse(shown["log.none"])

    def test_events_are_named_in_words(self):
        words = {
            "message.payload_read": "Message payload read",
            "legal_hold.placed": "Legal hold placed",
            "flow.live": "Flow now live",
            "command.verify_audit": "Command line: verify audit",
        }
        for event in words:
            self.entry._record(event)
        entries = self.entry.search([("event", "in", list(words))])
        self.assertEqual({entry.event: entry.event_label for entry in entries}, words)
        self.assertEqual({entry.event: entry.display_name for entry in entries}, words)

    def test_records_are_named_as_far_as_the_name_is_not_private(self):
        exception = self.env["integration.exception"]._report(
            MappingError("a.b", "The payer is unknown", subject="payer:1"), company=self.company
        )
        person = self.env["res.partner"].create({"name": "Alex Testcase"})
        self.entry._record("log.person", person)
        self.entry._record("log.system", self.system)
        self.entry._record("log.nothing")
        entries = self.as_user(self.entry, "auditor").search([])
        shown = {entry.event: entry.record_label for entry in entries}
        self.assertEqual(shown["exception.opened"], "The payer is unknown (payer:1)")
        self.assertEqual(shown["log.system"], self.system.name)
        self.assertEqual(shown["log.person"], f"{person._description} {person.id}")
        self.assertFalse(shown["log.nothing"])
        person.unlink()
        self.env.cr.execute("DELETE FROM integration_exception WHERE id = %s", (exception.id,))
        self.env.invalidate_all()
        self.assertEqual(
            entries.filtered(
                lambda e: e.res_id == exception.id and e.event == "exception.opened"
            ).record_label,
            f"Integration Exception {exception.id}",
        )

    def test_what_nobody_did_is_told_apart_from_people(self):
        person = new_test_user(self.env, "vera")
        self.entry.with_user(SUPERUSER_ID)._record("log.routine")
        self.entry.with_user(person)._record("log.person")
        entries = self.entry.search([("event", "in", ("log.routine", "log.person"))])
        shown = {entry.event: entry.actor_label for entry in entries}
        self.assertEqual(shown, {"log.routine": "Odoo itself", "log.person": "vera"})

    def test_what_is_shown_is_in_no_column(self):
        self._restore_guards()
        self.entry._record("log.dict", self.system, {"count": 1})
        self.assertFalse(self.entry._fields["record_label"].store or self.entry._fields["detail_text"].store)
        self.entry.search([]).mapped("detail_text")
        self.env.flush_all()
