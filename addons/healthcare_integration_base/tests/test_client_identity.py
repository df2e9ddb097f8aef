from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from .common import IntegrationCase

FINGERPRINT = "ab" * 32


@tagged("post_install", "-at_install")
class TestClientIdentity(IntegrationCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.manager = cls.integration_user("client-manager", "manager")
        cls.officer = cls.integration_user("client-officer", "secrets_officer")
        cls.caller, cls.other = (cls.integration_user(login) for login in ("caller", "other-caller"))
        clients = cls.env["integration.client"].with_user(cls.manager)
        cls.client_record = clients.create({"name": "Warehouse"}).sudo(False)

    def as_manager(self):
        return self.client_record.with_user(self.manager)

    def as_officer(self):
        return self.client_record.with_user(self.officer)

    def keys(self, user):
        return self.env["res.users.apikeys"].search(
            [("user_id", "=", user.id), ("scope", "=", "integration")]
        )

    def key_shown(self):
        return self.as_officer().action_new_key()["context"]["default_key"]

    def client_of(self, key):
        return self.env["integration.client"]._of_key(key)

    # === WHO MAY GIVE AN IDENTITY === #

    def test_a_manager_gives_no_identity(self):
        self.as_officer().write({"allows_certificate": False})
        for values in (
            {"user_id": self.caller.id},
            {"certificate_fingerprint": FINGERPRINT},
            {"allows_certificate": True},
        ):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "Secrets Officer"):
                self.as_manager().write(values)
        with self.assertRaisesRegex(AccessError, "Secrets Officer"):
            self.env["integration.client"].with_user(self.manager).create(
                {"name": "Other", "user_id": self.caller.id}
            )
        self.assertFalse(self.client_record.user_id or self.client_record.certificate_fingerprint)

    def test_a_default_of_the_context_gives_no_identity(self):
        for name, value in (("user_id", self.caller.id), ("certificate_fingerprint", FINGERPRINT)):
            clients = self.env["integration.client"].with_user(self.manager)
            with self.subTest(name), self.assertRaisesRegex(AccessError, "Secrets Officer"):
                clients.with_context(**{f"default_{name}": value}).create({"name": "Other"})

    def test_a_manager_takes_an_identity_away(self):
        self.as_officer().write(
            {"user_id": self.caller.id, "certificate_fingerprint": FINGERPRINT, "allows_certificate": True}
        )
        self.key_shown()
        self.as_manager().write({"allows_certificate": False, "allows_key": False, "user_id": False})
        self.assertFalse(self.keys(self.caller))
        with self.assertRaises(AccessError):
            self.as_manager().allows_key = True

    def test_a_manager_saves_what_did_not_change(self):
        self.as_officer().user_id = self.caller
        self.as_manager().write({"user_id": self.caller.id, "allows_key": True, "burst": 5})
        self.assertEqual(self.client_record.burst, 5)

    def test_a_client_with_a_user_changes_its_company_by_an_officer_only(self):
        company = self.env["res.company"].create({"name": "Hospital South"})
        self.manager.company_ids += company
        self.as_manager().company_id = company
        self.as_manager().company_id = self.env.company
        self.caller.company_ids += company
        self.as_officer().user_id = self.caller
        with self.assertRaisesRegex(AccessError, "Secrets Officer"):
            self.as_manager().company_id = company

    def test_a_manager_shuts_a_client_out_and_an_officer_lets_it_in_again(self):
        self.as_manager().active = False
        self.as_manager().active = True
        self.as_officer().user_id = self.caller
        key = self.key_shown()
        self.as_manager().active = False
        self.assertFalse(self.client_of(key))
        with self.assertRaisesRegex(AccessError, "Secrets Officer"):
            self.as_manager().action_unarchive()
        self.assertFalse(self.client_of(key))
        self.as_officer().action_unarchive()
        self.assertEqual(self.client_of(key), self.client_record)
        self.as_manager().write({"active": True, "burst": 7})

    def test_an_officer_who_is_no_manager_changes_nothing_else(self):
        for values in ({"name": "Other"}, {"flow_ids": [Command.clear()]}, {"user_id": False, "burst": 9}):
            with self.subTest(values=values), self.assertRaisesRegex(AccessError, "Manager"):
                self.as_officer().write(values)
        with self.assertRaises(AccessError):
            self.env["integration.client"].with_user(self.officer).create({"name": "Other"})

    # === WHICH USER === #

    def test_nobody_lends_out_rights_they_do_not_have(self):
        self.other.group_ids += self.env.ref("base.group_partner_manager")
        with self.assertRaisesRegex(AccessError, "rights that you do not have"):
            self.as_officer().user_id = self.other
        self.officer.group_ids += self.env.ref("base.group_partner_manager")
        self.as_officer().user_id = self.other
        self.assertEqual(self.client_record.user_id, self.other)

    def test_a_portal_user_has_fewer_rights(self):
        portal = self.env["res.users"].create(
            {"name": "P", "login": "p", "group_ids": [Command.set(self.env.ref("base.group_portal").ids)]}
        )
        self.as_officer().user_id = portal
        self.assertEqual(self.client_record.user_id, portal)

    def test_an_administrator_chooses_any_user_but_an_administrator(self):
        administrator = self.integration_user("client-admin", "manager", "secrets_officer")
        administrator.group_ids += self.env.ref("base.group_system")
        client = self.client_record.with_user(administrator)
        self.other.group_ids += self.env.ref("base.group_partner_manager")
        client.user_id = self.other
        for group in ("base.group_system", "base.group_erp_manager"):
            powerful = self.integration_user(f"powerful-{group}")
            powerful.group_ids += self.env.ref(group)
            with self.subTest(group), self.assertRaises(ValidationError):
                client.user_id = powerful

    # === KEYS === #

    def test_another_user_makes_the_keys_useless(self):
        self.as_officer().user_id = self.caller
        key = self.key_shown()
        self.assertEqual(self.client_of(key), self.client_record)
        self.as_officer().user_id = self.other
        self.assertFalse(self.client_of(key) or self.keys(self.caller))
        self.as_officer().user_id = self.caller
        self.assertFalse(self.client_of(key))

    def test_keys_that_a_user_has_from_before_let_nobody_in(self):
        keys = self.env["res.users.apikeys"].with_user(self.caller).sudo()
        key = keys._generate("integration", "before", None)
        self.as_officer().user_id = self.caller
        self.assertFalse(self.client_of(key))

    def test_the_same_user_again_keeps_the_keys(self):
        self.as_officer().user_id = self.caller
        key = self.key_shown()
        self.as_officer().write({"user_id": self.caller.id, "certificate_fingerprint": FINGERPRINT})
        self.assertEqual(self.client_of(key), self.client_record)

    def test_without_a_user_there_is_no_key_and_no_copy_takes_one(self):
        with self.assertRaises(UserError):
            self.as_officer().action_new_key()
        self.as_officer().write({"user_id": self.caller.id, "certificate_fingerprint": FINGERPRINT})
        copy = self.as_manager().copy()
        self.assertFalse(copy.user_id or copy.certificate_fingerprint)
        self.assertFalse(self.env["integration.client"]._of_certificate(FINGERPRINT))

    def test_the_change_is_in_the_audit_log(self):
        self.as_officer().user_id = self.caller
        self.as_officer().user_id = self.other
        entries = self.env["integration.audit.entry"].search([("event", "=", "client.user_changed")])
        self.assertEqual(
            {
                entry.actor_id
                for entry in entries.filtered(lambda entry: entry.res_id == self.client_record.id)
            },
            {self.officer},
        )
