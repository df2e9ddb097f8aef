"""Every way to a payload: each needs the role Unmasked, and each leaves an entry in the audit log."""

from odoo.exceptions import AccessError
from odoo.service.model import call_kw, get_public_method
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from .access_common import ADDON, ROLES, AccessCase

PATIENT = "QUARLES*WEXFORD"
EVENT = "message.payload_read"


@tagged("post_install", "-at_install")
class TestPayloadDisclosure(AccessCase, HttpCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users["unmasked"] = cls._new_user(
            "unmasked", f"{ADDON}.group_viewer,{ADDON}.group_phi,base.group_allow_export"
        )
        cls.message = cls._new_message(cls.company)
        cls.other_message = cls._new_message(cls.other_company)

    @classmethod
    def _new_message(cls, company):
        message = cls.env["integration.message"].create({"company_id": company.id})
        message._store_payload([f"ISA*00~NM1*QC*1*{PATIENT}~".encode()])
        cls.env.flush_all()
        return message

    def setUp(self):
        super().setUp()
        self.assertFalse(self.entries(EVENT))

    def _wizard(self, role, message=None):
        wizards = self.as_user(self.env["integration.message.payload"], role)
        return wizards.create({"message_id": (message or self.message).id})

    def _assert_disclosed(self, answer, readings=1):
        self.assertIn(PATIENT, repr(answer))
        entries = self.entries(EVENT, self.message)
        self.assertEqual(len(entries), readings)
        self.assertEqual(entries[0].actor_login, "integration-unmasked")
        self.assertEqual(entries[0].detail, '{"way": "screen"}')
        self.assertNotIn(PATIENT, repr(entries.read()))

    # === EACH WAY IS AUDITED === #

    def test_the_dialog(self):
        action = self.as_user(self.message, "unmasked").action_show_payload()
        wizard = self.as_user(self.env[action["res_model"]], "unmasked").browse(action["res_id"])
        self._assert_disclosed(wizard.payload)

    def test_segments_of_x12_are_shown_as_lines_and_other_documents_as_they_are(self):
        for transaction_set, payload, shown in [
            (False, "ISA*00~GS*HP~", "ISA*00~\nGS*HP~\n"),
            (False, "ISA*00~\r\nGS*HP~\r\n", "ISA*00~\r\nGS*HP~\r\n"),
            ("835", "ST*835~SE*1~", "ST*835~\nSE*1~\n"),
            (False, '{"folder": "~/orders"}', '{"folder": "~/orders"}'),
        ]:
            message = self.env["integration.message"].create(
                {"company_id": self.company.id, "transaction_set": transaction_set}
            )
            message._store_payload([payload.encode()])
            with self.subTest(payload):
                self.assertEqual(self._wizard("unmasked", message).payload, shown)

    def test_the_web_client_over_a_read_only_connection(self):
        user = self.users["unmasked"]
        user.password = user.login
        self.authenticate(user.login, user.login)
        wizard = self._wizard("unmasked")
        self.env.flush_all()
        with mute_logger("odoo.http"):  # the entry makes Odoo repeat the request on a read/write connection
            answer = self._call("web_read", wizard.ids, {"payload": {}})
        self.env.invalidate_all()
        self._assert_disclosed(answer)
        with mute_logger("odoo.http"):
            answer = self._call("read", wizard.ids, ["payload"])
        self.env.invalidate_all()
        self._assert_disclosed(answer, 2)

    def _call(self, method, *arguments):
        params = {"model": "integration.message.payload", "method": method, "args": arguments, "kwargs": {}}
        body = {"jsonrpc": "2.0", "method": "call", "params": params}
        return self.url_open(f"/web/dataset/call_kw/integration.message.payload/{method}", json=body).json()

    def test_reading_searching_and_exporting_over_rpc(self):
        wizard = self._wizard("unmasked")
        ways = [
            ("read", [wizard.ids, ["payload"]]),
            ("search_read", [[], ["payload"]]),
            ("web_search_read", [[], {"payload": {}}]),
            ("export_data", [wizard.ids, ["payload"]]),
            ("onchange", [[], {"message_id": self.message.id}, ["message_id"], {"payload": {}}]),
            ("web_save", [[], {"message_id": self.message.id}, {"payload": {}}]),
        ]
        for readings, (method, arguments) in enumerate(ways, 1):
            self.env.invalidate_all()
            get_public_method(wizard, method)
            answer = call_kw(wizard.browse(), method, arguments, {})
            with self.subTest(method):
                self._assert_disclosed(answer, readings)

    def test_a_reading_of_a_part_is_a_reading_of_its_file(self):
        child = self.env["integration.message"].create(
            {
                "company_id": self.company.id,
                "parent_id": self.message.id,
                "position": 1,
                "byte_start": 7,
                "byte_end": 40,
            }
        )
        self.assertIn(PATIENT, self._wizard("unmasked", child).payload)
        self.assertEqual(self.entries(EVENT).res_id, child.id)

    # === WITHOUT THE ROLE === #

    def test_without_the_role_no_way_leads_to_it(self):
        for role in (*(role for role in ROLES if role != "phi"), "administrator"):
            message, wizard = self.as_user(self.message, role), self._wizard(role)
            ways = [
                message.action_show_payload,
                lambda wizard=wizard: wizard.payload,
                lambda wizard=wizard: wizard.read(["payload"]),
                lambda wizard=wizard: wizard.search_read([], ["payload"]),
                lambda wizard=wizard: wizard.onchange(
                    {"message_id": self.message.id}, ["message_id"], {"payload": {}}
                ),
                lambda message=message: message._disclosed_payload("test"),
            ]
            for way in ways:
                with self.assertRaises(AccessError, msg=role):
                    way()
        self.assertFalse(self.entries(EVENT))

    def test_the_role_alone_opens_nothing(self):
        with self.assertRaises(AccessError):
            self.as_user(self.message, "phi").action_show_payload()

    def test_a_payload_of_another_company_is_out_of_reach(self):
        with self.assertRaises(AccessError):
            self.as_user(self.other_message, "unmasked").action_show_payload()
        with self.assertRaises(AccessError):
            self._wizard("unmasked", self.other_message).payload  # noqa: B018
        self.assertFalse(self.entries(EVENT))

    def test_the_message_itself_holds_nothing_of_it(self):
        names = list(self.message._fields)
        self.assertNotIn("QUARLES", repr(self.as_user(self.message, "unmasked").read(names)))
        for name in ("_payload", "_payload_chunks", "_disclosed_payload", "_read_chunk"):
            with self.assertRaises(AccessError):
                get_public_method(self.message, name)
