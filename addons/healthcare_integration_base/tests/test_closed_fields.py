"""What only actions set, because they check and audit it, is set in no other way by whoever may write."""

from odoo.exceptions import UserError
from odoo.tests import tagged

from .configuration_common import ConfigurationCase


@tagged("post_install", "-at_install")
class TestClosedFields(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.user_with("group_manager")
        cls.flow = cls.create_flow()
        cls.endpoint = cls.create_endpoint(host="sftp.invalid")
        cls.retention = cls.env["integration.retention"].create({"data_class": "none"})
        cls.mapping = cls.env["integration.mapping"].create(
            {"name": "Orders", "document_type_id": cls.document_type.id}
        )
        for record in (cls.flow, cls.system):
            record._place_hold("A court asked for it.")
        cls.closed = {
            cls.system: {"state": "live", "legal_hold": False},
            cls.endpoint: {"state": "active", "suspension": False, "watermark": {"since": "2099"}},
            cls.flow: {
                "state": "live",
                "version": 7,
                "approved_by_id": cls.env.user.id,
                "approved_on": "2026-01-01 00:00:00",
                "legal_hold": False,
                "legal_hold_reason": "none",
            },
            cls.retention: {"state": "active"},
            cls.mapping: {"state": "active"},
        }

    def _refused(self):
        return self.assertRaisesRegex(UserError, "set by the integration itself|Activate and Retire")

    def test_writing(self):
        for record, values in self.closed.items():
            seen = record.with_user(self.manager)
            for name, value in values.items():
                with self.subTest(record=record, field=name), self._refused():
                    seen.write({name: value})
                with self.subTest(load=record, field=name):
                    result = seen.load([".id", name], [[str(record.id), str(value)]])
                    self.assertTrue([m for m in result["messages"] if m["type"] == "error"])

    def test_creating(self):
        for record, values in self.closed.items():
            fresh = {"data_class": "pay"} if record == self.retention else {"name": "Own", "code": "own"}
            fresh = {name: value for name, value in fresh.items() if name in record._fields}
            for name, value in values.items():
                if not value:
                    continue
                seen = record.with_user(self.manager)
                with self.subTest(copy=record, field=name), self._refused(), self.env.cr.savepoint():
                    seen.copy({**fresh, name: value})
                by_default = seen.with_context(**{f"default_{name}": value})
                with self.subTest(default=record, field=name), self._refused(), self.env.cr.savepoint():
                    by_default.copy(fresh)
        self.env["ir.default"].set("integration.flow", "state", "live", user_id=self.manager.id)
        with self._refused():
            self.flow.with_user(self.manager).copy({"name": "Own", "code": "own"})

    def test_a_manager_creates_what_begins_as_all_do(self):
        copy = self.flow.with_user(self.manager).copy()
        self.assertEqual((copy.state, copy.version, copy.legal_hold), ("draft", 1, False))

    def test_actions_set_them(self):
        self.system.with_user(self.manager).action_approve()
        self.flow.with_user(self.manager).action_approve()
        self.assertEqual((self.system.state, self.flow.state), ("approved", "approved"))
        self.assertEqual(self.flow.approved_by_id, self.manager)
        self.endpoint.with_user(self.manager).action_reset_watermark()
        self.retention.with_user(self.manager).action_activate()
        self.assertEqual(self.retention.state, "active")
        self.flow.with_user(self.manager)._release_hold("It is over.")
        self.assertFalse(self.flow.legal_hold)
