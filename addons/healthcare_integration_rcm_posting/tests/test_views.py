from lxml import etree

from odoo.fields import Command
from odoo.tests import new_test_user, tagged

from .common import RcmCase, adjustment, claim, provider_adjustment, service_line

ADDON = "healthcare_integration_rcm_posting"
BASE = "healthcare_integration_base"
ROLES = ("viewer", "operator", "manager", "secrets_officer", "auditor")
ACCOUNTANT = "account.group_account_user"


@tagged("post_install", "-at_install")
class TestViews(RcmCase):
    """Each screen opens for each role, with and without rights in accounting, on real records."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {role: cls.user_with(role, f"{BASE}.group_{role}") for role in ROLES}
        cls.users["biller"] = cls.user_with(
            "views_biller", f"{BASE}.group_operator", "account.group_account_invoice"
        )
        cls.users["accountant"] = cls.user_with("accountant", ACCOUNTANT)
        names = cls.env["ir.model.data"].search(
            [("module", "=", ADDON), ("model", "=", "ir.actions.act_window")]
        )
        cls.actions = cls.env["ir.actions.act_window"].browse(names.mapped("res_id"))

    @classmethod
    def user_with(cls, login, *groups):
        return new_test_user(
            cls.env,
            f"rcm_{login}",
            ",".join(["base.group_user", *groups]),
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    def setUp(self):
        super().setUp()
        self.invoice = self.claim_invoice("V200001", 100)
        document = claim("V200001", 100, 60)
        document.service_lines = [
            service_line("99213", 60, 50, ("CO 45", 10)),
            service_line("99214", 40, 10, ("CO 97", 30)),
        ]
        self.remittance = self.take_in(
            self.remit(
                document,
                claim("NOWHERE77", 50, 40, ("CO 45", 10)),
                adjustments=[provider_adjustment("CS", 5, "FEE")],
            )
        )
        self.assertEqual(self.remittance.state, "posted")

    def open_view(self, user, model_name, view_type, domain=(), view_id=False):
        """Read what the web client reads to show the view: every field of it, of every record."""
        model = self.env[model_name].with_user(user).with_context(allowed_company_ids=self.company.ids)
        arch = etree.fromstring(model.get_view(view_id, view_type)["arch"])
        return model.web_search_read(list(domain), self.specification(model, arch), limit=20)["records"]

    def specification(self, model, arch):
        """Return the specification of the fields of a view, embedded lists included."""
        result = {}
        for node in arch.iterdescendants("field"):
            if next(node.iterancestors("field"), None) is not None:
                continue
            field = model._fields[node.get("name")]
            result[field.name] = {}
            embedded = node.find("list")
            if embedded is not None:
                embedded_fields = {
                    child.get("name"): self.plain(self.env[field.comodel_name]._fields[child.get("name")])
                    for child in embedded.findall("field")
                }
                result[field.name] = {"fields": embedded_fields, "limit": 40}
            elif field.type == "many2one":
                result[field.name] = self.plain(field)
        return result

    def plain(self, field):
        return {"fields": {"display_name": {}}} if field.type == "many2one" else {}

    def test_every_view_of_every_window_loads_for_every_role(self):
        for role, user in self.users.items():
            for action in self.actions:
                model = self.env[action.res_model].with_user(user)
                if not model.has_access("read"):
                    continue
                with self.subTest(role=role, action=action.name):
                    modes = action.view_mode.split(",")
                    views = model.get_views(
                        [*action.views, (action.search_view_id.id, "search")], {"load_filters": True}
                    )
                    self.assertEqual(set(views["views"]), {*modes, "search"})

    def test_every_role_reads_what_its_screens_show(self):
        screens = [
            ("rcm.remittance", ("list", "kanban", "form")),
            ("rcm.claim", ("list", "form")),
            ("rcm.adjustment", ("list",)),
            ("rcm.provider.adjustment", ("list",)),
            ("rcm.posting.rule", ("list", "form")),
            ("rcm.provider.adjustment.rule", ("list",)),
            ("rcm.posting.account", ("list",)),
            ("integration.exception", ("list", "form")),
        ]
        for role in (*ROLES, "biller"):
            for model_name, view_types in screens:
                for view_type in view_types:
                    with self.subTest(role=role, model=model_name, view=view_type):
                        self.assertTrue(self.open_view(self.users[role], model_name, view_type))

    def test_the_invoice_opens_with_and_without_a_role_of_the_suite(self):
        moves = self.invoice + self.remittance.entry_ids
        own = [("id", "in", moves.ids)]
        for role, shows_claims in (("accountant", False), ("biller", True)):
            with self.subTest(role=role):
                listed = self.open_view(self.users[role], "account.move", "list", own)
                self.assertEqual(len(listed), len(moves))
                rows = self.open_view(self.users[role], "account.move", "form", own)
                self.assertEqual({"rcm_claim_count" in row for row in rows}, {shows_claims})
                self.assertIn("V200001", {row["rcm_claim_number"] for row in rows})

    def test_unmatched_money_is_listed_until_it_is_matched(self):
        action = self.env.ref(f"{ADDON}.action_rcm_unmatched_money")
        domain = [
            ("rcm_role", "in", ("unapplied_cash", "takeback", "provider_adjustment_review")),
            ("parent_state", "=", "posted"),
            ("reconciled", "=", False),
        ]
        view = self.env.ref(f"{ADDON}.account_move_line_unmatched_view_list")
        rows = self.open_view(self.users["biller"], "account.move.line", "list", domain, view.id)
        self.assertEqual(
            {(row["rcm_role_label"], row["amount_residual"]) for row in rows},
            {("Unapplied cash", -40), ("Provider adjustment (PLB) to identify", 5)},
        )
        self.assertEqual(action.views[0], (view.id, "list"))
        line = self.env["account.move.line"].search(domain + [("rcm_role", "=", "unapplied_cash")])
        self.assertEqual(line.with_user(self.biller).action_match_rcm_claim()["res_model"], "rcm.claim.match")

    def test_patients_are_shown_to_the_group_for_private_data_only(self):
        privileged = self.user_with("phi", f"{BASE}.group_operator", f"{BASE}.group_phi")
        for user, is_shown in ((self.users["operator"], False), (privileged, True)):
            for view_type in ("list", "form", "search"):
                arch = self.env["rcm.claim"].with_user(user).get_view(view_type=view_type)["arch"]
                with self.subTest(user=user.login, view=view_type):
                    self.assertEqual('name="patient_name"' in arch, is_shown)

    def test_every_window_has_a_search_view_and_a_help_for_the_empty_list(self):
        for action in self.actions.filtered(lambda action: action.target != "new"):
            with self.subTest(action=action.name):
                self.assertIn("o_view_nocontent_smiling_face", action.help or "")
                self.assertTrue(
                    self.env["ir.ui.view"].search([("model", "=", action.res_model), ("type", "=", "search")])
                )

    def test_the_menus_of_a_role_lead_only_where_it_may_read(self):
        root = self.env.ref(f"{ADDON}.menu_rcm")
        for role in (*ROLES, "biller"):
            user = self.users[role]
            visible = self.env["ir.ui.menu"].with_user(user).search([("id", "child_of", root.id)])
            with self.subTest(role=role):
                self.assertTrue(
                    visible._filter_visible_menus() & self.env.ref(f"{ADDON}.menu_rcm_remittance")
                )
            for menu in visible._filter_visible_menus().filtered("action"):
                with self.subTest(role=role, menu=menu.name):
                    self.assertTrue(self.env[menu.action.res_model].with_user(user).has_access("read"))

    def test_codes_are_shown_with_their_meaning(self):
        found = self.remittance.claim_ids[0]
        self.assertEqual(self.remittance.method_label, "ACH Automated clearing house")
        self.assertEqual(self.remittance.provider_adjustment_ids.code_label, "CS Adjustment")
        self.assertEqual(found.adjustment_ids[0].group_label, "CO Contractual obligation")
        self.assertIn("CO 97", found.service_line_ids[1].adjustment_summary)

    def test_reasons_are_in_the_order_of_their_numbers(self):
        wanted = ["1", "2", "45", "100", "A1", "B7", "B10", False]
        rules = self.env["rcm.posting.rule"].create(
            [{"reason": reason, "treatment": "review", "priority": 77} for reason in reversed(wanted)]
        )
        ours = [("id", "in", rules.ids)]
        self.assertEqual(rules.search(ours).mapped("reason"), wanted)
        self.assertEqual(rules.search(ours, order="reason desc").mapped("reason"), wanted[::-1])
        adjustments = self.remittance.claim_ids.adjustment_ids
        for adjustment_record, reason in zip(adjustments[:2], ("100", "45"), strict=True):
            adjustment_record.sudo().reason = reason
        found = adjustments.search([("id", "in", adjustments[:2].ids)], order="reason")
        self.assertEqual(found.mapped("reason"), ["45", "100"])
        ours = [("id", "in", adjustments[:2].ids)]
        for order, wanted in ((None, ["45", "100"]), ("reason desc", ["100", "45"])):
            [_total, rows] = adjustments.formatted_read_grouping_sets(
                ours, [[], ["reason"]], ["amount:sum"], order=order
            )
            self.assertEqual([row["reason"] for row in rows], wanted)
        with self.assertRaises(ValueError):
            adjustments.formatted_read_group(ours, ["reason"], order="reason asc; SELECT 1")

    def test_a_missing_rule_is_added_from_its_exception(self):
        self.claim_invoice("V200003", 100)
        document = claim("V200003", 100, 90)
        document.adjustments = [adjustment("CO 9999", 10)]
        self.take_in(self.remit(document))
        exception = self.env["integration.exception"].search([("code", "=", "remittance.adjustment.no_rule")])
        context = exception.with_user(self.users["manager"]).action_add_rcm_posting_rule()["context"]
        self.assertEqual(context, {"default_group_code": "CO", "default_reason": "9999"})
