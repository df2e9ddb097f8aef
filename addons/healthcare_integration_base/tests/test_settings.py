from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from .common import IntegrationCase

TOKENS = "integration.monitoring.token"


@tagged("post_install", "-at_install")
class TestSettings(IntegrationCase):
    def _settings(self, **values):
        return self.env["res.config.settings"].create(values)

    def test_limits_are_stored_where_they_are_read(self):
        self._settings(integration_backlog_limit_seconds=77, integration_task_retention_days=8).execute()
        parameters = self.env["ir.config_parameter"]
        self.assertEqual(parameters.get_param("healthcare_integration.backlog_limit_seconds"), "77")
        self.assertEqual(parameters.get_param("healthcare_integration.task_retention_days"), "8")
        check = self.env["integration.health"]._check_backlog()
        self.assertIn("77", check.expected)
        entry = self.env["integration.audit.entry"].search([("event", "=", "settings.changed")])
        self.assertEqual(
            entry.detail,
            '{"integration_backlog_limit_seconds": 77, "integration_task_retention_days": 8}',
        )

    def test_settings_that_did_not_change_are_not_audited(self):
        self._settings().execute()
        self.assertFalse(self.env["integration.audit.entry"].search([("event", "=", "settings.changed")]))

    def test_limits_are_positive(self):
        for name in ("integration_task_retention_days", "integration_backlog_limit_seconds"):
            with self.assertRaises(ValidationError):
                self._settings(**{name: 0})

    def test_a_token_is_shown_once_and_not_stored(self):
        action = self._settings().action_integration_renew_token()
        token = action["context"]["default_token"]
        self.assertTrue(self.env[TOKENS]._opens(f"Bearer {token}"))
        dialog = Form(self.env[action["res_model"]].with_context(**action["context"]))
        self.assertEqual(dialog.token, token)
        self.env.cr.execute(
            "SELECT 1 FROM information_schema.columns WHERE table_name = %s AND column_name = 'token'",
            (self.env[action["res_model"]]._table,),
        )
        self.assertFalse(self.env.cr.fetchone())
        self._settings().action_integration_revoke_token()
        self.assertFalse(self.env[TOKENS]._opens(f"Bearer {token}"))

    def test_only_administrators_make_tokens(self):
        manager = self.integration_user("settings-manager", "manager")
        with self.assertRaises(AccessError):
            self._settings().with_user(manager).action_integration_renew_token()
        with self.assertRaises(AccessError):
            self.env["res.config.settings"].with_user(manager).action_integration_revoke_token()
