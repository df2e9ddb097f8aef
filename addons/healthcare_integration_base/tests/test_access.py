from odoo.exceptions import AccessError
from odoo.tests import tagged

from .access_common import ADDON, ROLES, AccessCase

# What each role may do beyond reading, which every viewer may: write, create, delete.
CONFIGURATION = {"manager": "wcd"}
BUSINESS_TABLE = {"operator": "w", "manager": "wcd"}
BUSINESS_ROW = {"operator": "wc", "manager": "wcd"}
READ_ONLY = {}
EXPECTED = {
    "integration.system": CONFIGURATION,
    "integration.endpoint": CONFIGURATION,
    "integration.endpoint.window": CONFIGURATION,
    "integration.flow": CONFIGURATION,
    "integration.route": CONFIGURATION,
    "integration.client": {"manager": "wcd", "secrets_officer": "w"},
    "integration.client.read": CONFIGURATION,
    "integration.document.type": CONFIGURATION,
    "integration.mapping": CONFIGURATION,
    "integration.mapping.line": CONFIGURATION,
    "integration.mapping.column": CONFIGURATION,
    "integration.ownership": CONFIGURATION,
    "integration.retention": CONFIGURATION,
    "integration.crosswalk": BUSINESS_TABLE,
    "integration.reconciliation": BUSINESS_TABLE,
    "integration.crosswalk.line": BUSINESS_ROW,
    "integration.reference": BUSINESS_ROW,
    "integration.reconciliation.line": BUSINESS_ROW,
    "integration.credential": {"secrets_officer": "wcd"},
    "integration.exception": {"operator": "w", "manager": "w"},
    "integration.exception.stake": READ_ONLY,
    "integration.data.class": READ_ONLY,
    "integration.message": READ_ONLY,
    "integration.message.link": READ_ONLY,
    "integration.task": READ_ONLY,
    "integration.task.dependency": READ_ONLY,
    "integration.task.progress": READ_ONLY,
    "integration.lane": READ_ONLY,
    "integration.endpoint.file": READ_ONLY,
    "integration.instance": READ_ONLY,
}
# Models that not even every viewer reads.
RESTRICTED = {
    "integration.audit.entry": {"auditor"},
    "integration.audit.seal": {"auditor"},
    "integration.key": {"auditor", "secrets_officer"},
    "integration.gate": {"manager"},
    "integration.lease": {"manager"},
    "integration.slot": {"manager"},
    "integration.message.key": {"auditor"},
    "integration.token": {"auditor"},
}
# Models whose records belong to the database and not to a company.
WITHOUT_COMPANY = {
    "integration.audit.seal",
    "integration.data.class",
    "integration.document.type",
    "integration.gate",
    "integration.instance",
    "integration.key",
    "integration.lane",
    "integration.lease",
    "integration.token",
    "integration.slot",
    "integration.task.dependency",
    "integration.task.progress",
}
OPERATIONS = {"w": "write", "c": "create", "d": "unlink"}


@tagged("post_install", "-at_install")
class TestAccess(AccessCase):
    def _base_models(self):
        names = self.env["ir.model"].search([("model", "=like", "integration.%")]).mapped("model")
        models = [self.env[name] for name in names if name in self.env]
        return [model for model in models if model._original_module == ADDON and not model._abstract]

    def test_every_model_has_an_acl_for_roles_only(self):
        for model in self._base_models():
            acls = self.env["ir.model.access"].search([("model_id.model", "=", model._name)])
            self.assertTrue(acls, f"{model._name} has no access rights")
            for acl in acls:
                self.assertEqual(
                    acl.group_id._get_external_ids()[acl.group_id.id][0].split(".")[0], ADDON, acl.name
                )

    def test_every_model_with_a_company_has_a_company_rule(self):
        without = set()
        for model in self._base_models():
            if model._transient:
                continue
            if "company_id" not in model._fields:
                without.add(model._name)
                continue
            rules = self.env["ir.rule"].search([("model_id.model", "=", model._name)])
            company_rules = rules.filtered(
                lambda r: r.domain_force and "company_ids" in r.domain_force and not r.groups
            )
            self.assertTrue(company_rules, f"{model._name} has no company rule")
        self.assertEqual(without, WITHOUT_COMPANY)

    def test_the_expected_rights_name_every_model(self):
        named = set(EXPECTED) | set(RESTRICTED)
        self.assertEqual({model._name for model in self._base_models() if not model._transient}, named)

    def test_rights_of_each_role(self):
        for name, expected in EXPECTED.items():
            for role in ROLES:
                model = self.as_user(self.env[name], role)
                self.assertEqual(model.has_access("read"), role != "phi", f"{role} reads {name}")
                for letter, operation in OPERATIONS.items():
                    may = letter in expected.get(role, "")
                    self.assertEqual(model.has_access(operation), may, f"{role}: {operation} on {name}")

    def test_restricted_models(self):
        for name, readers in RESTRICTED.items():
            for role in ROLES:
                model = self.as_user(self.env[name], role)
                self.assertEqual(model.has_access("read"), role in readers, f"{role} reads {name}")
                for operation in OPERATIONS.values():
                    self.assertFalse(model.has_access(operation), f"{role}: {operation} on {name}")

    def test_a_user_without_role_sees_nothing(self):
        for model in self._base_models():
            for operation in ("read", *OPERATIONS.values()):
                self.assertFalse(
                    self.as_user(model, "nobody").has_access(operation), f"{operation} on {model._name}"
                )

    def test_records_of_another_company_are_out_of_reach(self):
        pairs = [
            (self.system, self.other_system),
            (self.credential, self.other_credential),
            (self.endpoint, self.other_endpoint),
        ]
        for own, other in pairs:
            visible = self.as_user(own, "manager").search([("id", "in", (own + other).ids)])
            self.assertEqual(visible, own)
            with self.assertRaises(AccessError):
                self.as_user(other, "manager").read(["name"])
        with self.assertRaises(AccessError):
            self.as_user(self.other_system, "manager").write({"name": "Mine"})
        with self.assertRaises(AccessError):
            self.as_user(self.other_endpoint, "manager").action_pause()

    def test_audit_entries_of_another_company_are_out_of_reach(self):
        entries = self.env["integration.audit.entry"]
        entries._record("test.seen", self.system)
        entries._record("test.seen", self.other_system)
        seen = self.as_user(entries, "auditor").search([("event", "=", "test.seen")])
        self.assertEqual(seen.mapped("res_id"), self.system.ids)

    def test_a_record_cannot_point_into_another_company(self):
        with self.assertRaisesRegex(Exception, "company"):
            self.endpoint.credential_id = self.other_credential

    def test_actions_check_the_role(self):
        refused = [
            (self.system, "operator", "action_suspend"),
            (self.system, "viewer", "action_retire"),
            (self.endpoint, "operator", "action_activate"),
            (self.endpoint, "operator", "action_pause"),
            (self.endpoint, "viewer", "action_test_connection"),
            (self.endpoint, "viewer", "action_poll_now"),
            (self.env["integration.audit.seal"], "manager", "action_verify"),
            (self.env["integration.key"], "manager", "action_rotate"),
            (self.env["integration.instance"].search([]), "manager", "action_confirm"),
        ]
        for records, role, action in refused:
            with self.assertRaises(AccessError, msg=f"{role}: {action}"):
                getattr(self.as_user(records, role), action)()

    def test_constraints_and_indexes_exist_in_the_database(self):
        """Odoo only logs a constraint that it cannot create."""
        self.env.cr.execute("SELECT conname FROM pg_constraint UNION SELECT indexname FROM pg_indexes")
        existing = {name for (name,) in self.env.cr.fetchall()}
        for model in self._base_models():
            for table_object in model._table_objects.values():
                self.assertIn(table_object.full_name(model), existing, model._name)

    def test_roles_imply_each_other_as_named(self):
        def implied(role):
            group = self.env.ref(f"{ADDON}.group_{role}")
            return {
                other for other in ROLES if self.env.ref(f"{ADDON}.group_{other}") in group.all_implied_ids
            }

        self.assertEqual(implied("manager"), {"manager", "operator", "viewer"})
        self.assertEqual(implied("secrets_officer"), {"secrets_officer", "viewer"})
        self.assertEqual(implied("auditor"), {"auditor", "viewer"})
        self.assertEqual(implied("phi"), {"phi"})
