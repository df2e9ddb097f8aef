import re

from odoo import fields, models

from ..errors import IntegrationError
from ..models.access import require_group

_FINGERPRINT = re.compile(r"SHA256:[A-Za-z0-9+/]{43}")


class IntegrationEndpointCheck(models.TransientModel):
    """The outcome of a connection test, step by step."""

    _name = "integration.endpoint.check"
    _description = "Connection Test"

    endpoint_id = fields.Many2one("integration.endpoint", required=True, readonly=True, ondelete="cascade")
    endpoint_state = fields.Selection(related="endpoint_id.state")
    line_ids = fields.One2many("integration.endpoint.check.line", "check_id", readonly=True)
    is_passed = fields.Boolean(readonly=True)
    presented_key = fields.Char(
        readonly=True, help="Fingerprint of the server's key, which nobody has approved yet."
    )

    def _run(self, endpoint):
        """Test an endpoint and return the action that shows the outcome."""
        steps = self._steps(endpoint)
        unknown_key = next((step for step in steps if step["code"] == "sftp.host_key_missing"), None)
        fingerprint = unknown_key and _FINGERPRINT.search(unknown_key["detail"])
        check = self.create(
            {
                "endpoint_id": endpoint.id,
                "line_ids": [fields.Command.create(step) for step in steps],
                "is_passed": all(step["result"] == "passed" for step in steps),
                "presented_key": fingerprint and fingerprint[0],
            }
        )
        self.env["integration.audit.entry"]._record("endpoint.tested", endpoint, {"passed": check.is_passed})
        return check._open()

    def _steps(self, endpoint):
        """Return one dict of line values per step; settings that cannot be used are a failed first step."""
        try:
            transport = endpoint._transport(for_check=True)
        except IntegrationError as error:
            problems = error.findings or [error]
            return [
                {
                    "name": self.env._("Settings"),
                    "result": "failed",
                    "code": problem.code,
                    "detail": endpoint._readable(problem),
                }
                for problem in problems
            ]
        checked = transport.check(probe_write=endpoint.direction != "in")
        return [
            {"name": step.name, "result": step.result, "detail": step.detail, "code": step.code}
            for step in checked
        ]

    def action_approve_key(self):
        """Pin the key that the server presented and test again."""
        self.ensure_one()
        require_group(self.endpoint_id, "group_manager", "write")
        self.endpoint_id.host_key = self.presented_key
        self.env["integration.audit.entry"]._record(
            "endpoint.host_key_approved", self.endpoint_id, {"key": self.presented_key}
        )
        return self._run(self.endpoint_id)

    def action_activate(self):
        """Activate the endpoint that passed."""
        self.ensure_one()
        self.endpoint_id.action_activate()
        return {"type": "ir.actions.act_window_close"}

    def _open(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Test of %s", self.endpoint_id.name),
            "res_model": self._name,
            "res_id": self.id,
            "views": [(False, "form")],
            "target": "new",
        }


class IntegrationEndpointCheckLine(models.TransientModel):
    """One step of a connection test."""

    _name = "integration.endpoint.check.line"
    _description = "Connection Test Step"

    check_id = fields.Many2one("integration.endpoint.check", required=True, index=True, ondelete="cascade")
    name = fields.Char("Step", readonly=True)
    result = fields.Selection(
        [("passed", "Passed"), ("failed", "Failed"), ("skipped", "Skipped")], required=True, readonly=True
    )
    detail = fields.Text(readonly=True)
    code = fields.Char(readonly=True)
