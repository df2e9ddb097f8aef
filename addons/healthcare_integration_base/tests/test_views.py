from lxml import etree

from odoo.exceptions import AccessError
from odoo.tests import tagged

from .configuration_common import ADDON, ConfigurationCase

SHORT_LISTS = ("integration.instance", "integration.key", "res.config.settings")
ROLES = ("group_viewer", "group_operator", "group_manager", "group_secrets_officer", "group_auditor")


@tagged("post_install", "-at_install")
class TestViews(ConfigurationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.user_with(role) for role in ROLES}
        names = cls.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "=", "ir.actions.act_window")]
        )
        cls.actions = cls.env["ir.actions.act_window"].browse(names.mapped("res_id"))

    def test_every_view_of_every_window_loads_for_every_role(self):
        for role, user in self.users.items():
            for action in self.actions:
                model = self.env[action.res_model].with_user(user)
                if not model.has_access("read"):
                    continue
                with self.subTest(role=role, action=action.name):
                    modes = action.view_mode.split(",")
                    views = model.get_views([(False, mode) for mode in modes], {"load_filters": True})
                    self.assertEqual(set(views["views"]), set(modes))
                    model.web_search_read([], {"display_name": {}}, limit=1)

    def test_every_window_has_a_search_view_and_a_help_for_the_empty_list(self):
        for action in self.actions.filtered(lambda action: action.res_model not in SHORT_LISTS):
            with self.subTest(action=action.name):
                self.assertIn("o_view_nocontent_smiling_face", action.help or "")
                self.assertTrue(
                    self.env["ir.ui.view"].search([("model", "=", action.res_model), ("type", "=", "search")])
                )

    def test_every_button_of_the_views_calls_an_existing_public_method(self):
        views = self.env["ir.ui.view"].search([("model", "=like", "integration.%")])
        self.assertTrue(views)
        for view in views:
            for model_name, method_name in self._object_buttons(view):
                with self.subTest(view=view.name, method=method_name):
                    self.assertFalse(method_name.startswith("_"))
                    self.assertTrue(callable(getattr(self.env[model_name], method_name, None)))

    def _object_buttons(self, view):
        """Yield ``(model, method)`` of the buttons; those of embedded lists belong to the field's model."""
        for button in etree.fromstring(view.arch_db).iter("button"):
            if button.get("type") != "object":
                continue
            model_name = view.model
            for field in reversed(list(button.iterancestors("field"))):
                model_name = self.env[model_name]._fields[field.get("name")].comodel_name
            yield model_name, button.get("name")

    def test_the_menus_of_a_role_lead_only_where_it_may_read(self):
        root = self.env.ref(f"{ADDON}.menu_integration_root")
        for role, user in self.users.items():
            menus = self.env["ir.ui.menu"].with_user(user).load_menus(False)
            leaves = [
                menu for menu in menus.values() if menu.get("app_id") == root.id and menu.get("action_model")
            ]
            with self.subTest(role=role):
                self.assertTrue(leaves)
            for leaf in leaves:
                action = self.env[leaf["action_model"]].browse(leaf["action_id"])
                with self.subTest(role=role, menu=leaf["name"]):
                    # An action on the server runs on a model, a window opens one.
                    is_server_action = action._name == "ir.actions.server"
                    model_name = action.model_id.model if is_server_action else action.res_model
                    self.assertTrue(self.env[model_name].with_user(user).has_access("read"))

    def test_who_has_no_role_does_not_see_the_application(self):
        menus = self.env["ir.ui.menu"].with_user(self.runner).load_menus(False)
        self.assertNotIn(self.env.ref(f"{ADDON}.menu_integration_root").id, menus)
        with self.assertRaises(AccessError):
            self.env["integration.message"].with_user(self.runner).search([])

    def test_only_who_may_read_payloads_sees_the_button(self):
        with_phi = self.user_with("group_operator", "group_phi")
        for user, is_shown in ((self.users["group_operator"], False), (with_phi, True)):
            arch = self.env["integration.message"].with_user(user).get_view(view_type="form")["arch"]
            with self.subTest(user=user.login):
                self.assertEqual('name="action_show_payload"' in arch, is_shown)

    def test_the_timeline_of_a_message_tells_what_happened_in_order(self):
        message = self.env["integration.message"].create(
            {"company_id": self.company.id, "system_id": self.system.id, "file_name": "<b>.835"}
        )
        exception = self.env["integration.exception"].create(
            {
                "name": "Payer unknown",
                "company_id": self.company.id,
                "category": "mapping",
                "code": "test.code",
                "first_seen_at": "2999-01-01 00:00:00",
                "message_ids": message.ids,
            }
        )
        child = message.create({"company_id": self.company.id, "parent_id": message.id, "position": 1})
        timeline = message.with_user(self.users["group_viewer"]).timeline
        self.assertLess(timeline.index("Received from Clearing House"), timeline.index(exception.name))
        self.assertIn("Split from &lt;b&gt;.835", child.timeline)

    def test_the_findings_of_an_exception_are_escaped(self):
        exception = self.env["integration.exception"].create(
            {
                "name": "Unbalanced",
                "company_id": self.company.id,
                "category": "data",
                "code": "test.code",
                "detail": [{"location": "CLP 1", "message": "Off", "expected": "<1>", "found": "2"}],
            }
        )
        self.assertIn("CLP 1", exception.findings_table)
        self.assertIn("&lt;1&gt;", exception.findings_table)

    def test_a_stopped_message_tells_the_remedies_of_its_open_exceptions(self):
        message = self.env["integration.message"].create({"company_id": self.company.id, "direction": "out"})
        values = {
            "name": "Refused",
            "company_id": self.company.id,
            "category": "data",
            "message_ids": message.ids,
        }
        self.env["integration.exception"].create(
            [
                {**values, "code": "test.first", "remedy": "Ask the partner."},
                {**values, "code": "test.second", "remedy": "Ask the partner."},
                {**values, "code": "test.third", "remedy": "Map the code.", "state": "resolved"},
            ]
        )
        self.assertEqual(message.with_user(self.users["group_viewer"]).remedy, "Ask the partner.")

    def test_groups_of_the_audit_log_are_named_in_words_and_open(self):
        audit = self.env["integration.audit.entry"]
        audit._record("test.payload_read", self.system)
        audit = audit.with_user(self.users["group_auditor"])
        for name, title in (("event", "Test payload read"), ("res_model", self.system._description)):
            groups = audit.web_read_group([("event", "=", "test.payload_read")], [name], auto_unfold=True)
            with self.subTest(name=name):
                [group] = groups["groups"]
                self.assertEqual((group[name], len(group["__records"])), (title, 1))

    def test_the_search_panels_of_growing_tables_ask_nothing_of_them(self):
        for model_name in ("integration.message", "integration.task"):
            arch = etree.fromstring(self.env[model_name].get_view(view_type="search")["arch"])
            for field in arch.iterfind(".//searchpanel/field"):
                with self.subTest(model=model_name, field=field.get("name")):
                    self.assertTrue(field.get("expand"), "without it the values in use are looked up")
                    self.assertFalse(field.get("enable_counters"))
