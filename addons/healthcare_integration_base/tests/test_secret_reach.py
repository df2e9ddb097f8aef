"""Every way by which a client may ask for a value, tried on credentials that hold a known secret."""

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.service.model import call_kw, get_public_method
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from .access_common import ADDON, ROLES, AccessCase

SECRET = "Tr0ub4dor-and-3"
OTHER_SECRET = "correct-horse"
SECRET_FIELDS = ("new_secret", "new_passphrase")
COLUMNS = ("secret_ciphertext", "passphrase_ciphertext", "secret_fingerprint", "secret_key_id")
# Models whose rows no x2many field of a record that code writes as superuser may lead to.
CLOSED_TO_COMMANDS = {
    "integration.audit.entry",
    "integration.audit.seal",
    "integration.credential",
    "integration.exception",
    "integration.key",
    "integration.lease",
    "integration.message",
    "integration.message.key",
    "integration.message.link",
    "integration.task",
}


@tagged("post_install", "-at_install")
class TestSecretReach(AccessCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["everything"] = cls._new_user(
            "everything",
            ",".join(f"{ADDON}.group_{role}" for role in ROLES)
            + ",base.group_system,base.group_allow_export",
        )
        cls.credential.new_secret = SECRET
        cls.env.flush_all()

    def _answer(self, method, *arguments, records=None, role="everything", **keywords):
        """Return what a client gets for a call, the text of a refusal included."""
        records = self.as_user(self.credential if records is None else records, role)
        get_public_method(records, method)
        ids = () if getattr(get_public_method(records, method), "_api_model", False) else (records.ids,)
        with mute_logger("odoo.domains", "odoo.models", "odoo.sql_db"):
            try:
                with self.env.cr.savepoint():
                    answer = call_kw(records.browse(), method, [*ids, *arguments], keywords)
                    return repr(answer)
            except (UserError, ValueError, KeyError, AccessError) as error:
                return f"refused: {error}"

    def _assert_silent(self, answer):
        self.assertNotIn(SECRET, answer)
        self.assertNotIn(OTHER_SECRET, answer)

    def test_reading(self):
        names = list(self.credential._fields)
        specification = {name: {} for name in names}
        for answer in (
            self._answer("read", names),
            self._answer("read"),
            self._answer("web_read", specification),
            self._answer("search_read", [], names),
            self._answer("web_search_read", [], specification),
            self._answer("export_data", names),
            self._answer("export_data", ["endpoint_ids/credential_id/new_secret", "new_secret"]),
            self._answer("copy"),
            self._answer("copy_data"),
            self._answer("name_search", SECRET),
            self._answer("get_metadata"),
            self._answer("fields_get"),
        ):
            self._assert_silent(answer)
        for column in COLUMNS:
            self.assertIn("refused", self._answer("read", [column]), column)
            self.assertIn("refused", self._answer("web_read", {column: {}}), column)
            self.assertIn("refused", self._answer("export_data", [column]), column)

    def test_searching_by_value(self):
        """An answer that depends on the value would give it away letter by letter."""
        for name in (*SECRET_FIELDS, *COLUMNS):
            for operator, value in (
                ("=", SECRET),
                ("like", "Tr0%"),
                ("!=", False),
                (">", "T"),
                ("in", [SECRET]),
            ):
                for domain in (
                    [(name, operator, value)],
                    [(f"endpoint_ids.credential_id.{name}", operator, value)],
                ):
                    self.assertIn("refused", self._answer("search", domain), (name, operator))
                    self.assertIn("refused", self._answer("search_count", domain), (name, operator))
            domain = [(f"credential_id.{name}", "=", SECRET)]
            self.assertIn("refused", self._answer("search", domain, records=self.endpoint), name)
            self.assertIn("refused", self._answer("search", [], order=name), name)

    def test_grouping(self):
        for name in (*SECRET_FIELDS, *COLUMNS):
            for answer in (
                self._answer("web_read_group", [], [name], []),
                self._answer("web_read_group", [], ["kind"], [f"{name}:array_agg"]),
                self._answer("formatted_read_group", [], [name], ["__count"]),
            ):
                self.assertIn("refused", answer, name)

    def test_defaults_and_onchange(self):
        values = {"name": "New", "system_id": self.system.id, "kind": "password", "new_secret": OTHER_SECRET}
        specification = {name: {} for name in self.credential._fields}
        changed = self._answer("onchange", {"name": "Renamed"}, ["name"], specification)
        self._assert_silent(changed)
        self._assert_silent(self._answer("onchange", {}, [], specification))
        self._assert_silent(self._answer("default_get", list(self.credential._fields)))
        with Form(self.as_user(self.credential, "everything")) as form:
            self.assertFalse(form.new_secret)
            form.new_secret = OTHER_SECRET
        self._assert_silent(self._answer("web_save", values, specification))
        self._assert_silent(self._answer("web_read", specification))

    def test_secrets_are_reset_only_by_their_officer(self):
        for role in (*ROLES, "administrator", "nobody"):
            if role == "secrets_officer":
                continue
            for values in ({"new_secret": OTHER_SECRET}, {"login": "thief"}):
                self.assertIn("refused", self._answer("write", values, role=role), role)
        self.assertEqual(self.credential._reveal(), SECRET)

    def test_a_credential_is_not_written_through_the_records_that_name_it(self):
        """A manager may write systems and endpoints: over the wire, where the request is the manager's."""
        manager = self.users["manager"]
        manager.password = manager.login
        self.authenticate(manager.login, manager.login)
        command = [Command.update(self.credential.id, {"new_secret": OTHER_SECRET, "login": "thief"})]
        create = [Command.create({"name": "Own", "new_secret": OTHER_SECRET})]
        doors = [
            (records, {name: commands})
            for records in (self.endpoint, self.system)
            for name, field in records._fields.items()
            if field.comodel_name == "integration.credential" and field.type != "many2one"
            for commands in (command, create)
        ]
        self.assertTrue(doors)
        for records, values in doors:
            with mute_logger("odoo.http"):
                self.assertIn("error", self._call(records, "write", records.ids, values), values)
        self.env.invalidate_all()
        self.assertEqual((self.credential._reveal(), self.credential.login), (SECRET, "payer"))
        self.assertEqual(self.system.credential_ids, self.credential)

    def _call(self, records, method, *arguments):
        params = {"model": records._name, "method": method, "args": arguments, "kwargs": {}}
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        return self.url_open(f"/web/dataset/call_kw/{records._name}/{method}", json=body).json()

    def test_rows_of_the_kernel_are_closed_to_commands_of_superuser_parents(self):
        for name in CLOSED_TO_COMMANDS:
            self.assertFalse(self.env[name]._allow_sudo_commands, name)

    def test_no_document_type_of_chatter_tracks_or_stores_a_secret(self):
        for name in self.registry:
            if not name.startswith("integration."):
                continue
            for field in self.env[name]._fields.values():
                if field.name in SECRET_FIELDS:
                    self.assertFalse(field.store, field)
                    self.assertFalse(getattr(field, "tracking", False), field)
                    self.assertFalse(field.exportable, field)
                    self.assertFalse(field.copy, field)
        self.env.cr.execute("SELECT count(*) FROM mail_message WHERE body LIKE %s", (f"%{SECRET}%",))
        self.assertEqual(self.env.cr.fetchone()[0], 0)
