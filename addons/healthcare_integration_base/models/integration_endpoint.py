import os

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import config

from ..errors import BusinessRuleError
from ..transports import ConfigurationError, create
from .access import require_group

ERRORS_BEFORE_SUSPENSION = 3
FOLDERS_VARIABLE = "HEALTHCARE_INTEGRATION_FOLDERS"
FOLDERS_OPTION = "healthcare_integration_folders"
PATH_FIELDS = {"transport", "base_path", "inbox_path", "outbox_path", "archive_path"}
# setting of the transports -> field that holds it
MAILBOX_SETTINGS = {
    "root": "base_path",
    "inbox": "inbox_path",
    "outbox": "outbox_path",
    "archive": "archive_path",
    "include": "include_patterns",
    "exclude": "exclude_patterns",
    "after_fetch": "disposal",
    "done_marker": "marker_suffix",
    "total_timeout": "total_timeout",
}
SFTP_SETTINGS = {
    "host": "host",
    "port": "port",
    "host_key": "host_key",
    "connect_timeout": "connect_timeout",
    "read_timeout": "read_timeout",
}
# kinds of credentials that an SFTP server takes
SFTP_KINDS = ("password", "token", "private_key")


class IntegrationEndpoint(models.Model):
    """One address of a system: how to reach it, what to take from it, how it is doing."""

    _name = "integration.endpoint"
    _description = "Integration Endpoint"
    _inherit = ["integration.closed.fields"]
    _order = "system_id, name, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True)
    system_id = fields.Many2one(
        "integration.system", required=True, index=True, check_company=True, ondelete="restrict"
    )
    company_id = fields.Many2one(related="system_id.company_id", store=True, index=True, precompute=True)
    environment = fields.Selection(related="system_id.environment")
    transport = fields.Selection(
        [("folder", "Folder of this server"), ("sftp", "SFTP")], required=True, default="sftp"
    )
    state = fields.Selection(
        [("draft", "Draft"), ("active", "Active"), ("paused", "Paused"), ("suspended", "Suspended")],
        required=True,
        default="draft",
        index=True,
        copy=False,
        readonly=True,
    )
    suspension = fields.Selection(
        [
            ("user", "By a person"),
            ("system", "With its system"),
            ("instance", "Database copied or moved"),
            ("errors", "Too many errors"),
            ("neutralized", "Database neutralized"),
        ],
        "Suspended",
        copy=False,
        readonly=True,
    )
    state_reason = fields.Char("Reason", copy=False, readonly=True)
    is_test = fields.Boolean(
        "Applies test documents",
        help="Documents marked as test are applied instead of held. Never in production.",
    )
    direction = fields.Selection(
        [("in", "Receives"), ("out", "Sends"), ("both", "Receives and sends")], required=True, default="in"
    )
    credential_id = fields.Many2one(
        "integration.credential", index="btree_not_null", check_company=True, ondelete="restrict"
    )

    host = fields.Char()
    port = fields.Integer(default=22, aggregator=None)
    host_key = fields.Text(
        help="The server's public key as known_hosts has it, or its fingerprint SHA256:... "
        "Compare it with what the partner published."
    )
    base_path = fields.Char("Base folder", help="The other folders are relative to this one.")
    inbox_path = fields.Char("Inbox folder", help="Files are fetched from here. Empty: the base folder.")
    outbox_path = fields.Char("Outbox folder", help="Files are sent here.")
    archive_path = fields.Char("Archive folder", default="archive", help="Fetched files are moved here.")
    include_patterns = fields.Char("Fetch", default="*", help="Patterns of file names, separated by commas.")
    exclude_patterns = fields.Char("Leave alone", help="Patterns of file names, separated by commas.")
    marker_suffix = fields.Char(
        "Ready marker",
        help="Fetch a file only when one of its name and this ending lies beside it, e.g. .done",
    )
    disposal = fields.Selection(
        [("archive", "Move to the archive folder"), ("delete", "Delete"), ("leave", "Leave in place")],
        "After fetching",
        required=True,
        default="archive",
    )
    quiet_seconds = fields.Integer(
        default=30, help="A file is fetched when it has not grown for so many seconds.", aggregator=None
    )
    connect_timeout = fields.Float(default=15.0, help="Seconds.", aggregator=None)
    read_timeout = fields.Float(default=30.0, help="Seconds for each answer.", aggregator=None)
    total_timeout = fields.Float(default=600.0, help="Seconds for a whole transfer.", aggregator=None)
    poll_interval_minutes = fields.Integer("Look every (minutes)", default=5, required=True, aggregator=None)

    next_poll_at = fields.Datetime("Next look", copy=False, readonly=True)
    last_poll_at = fields.Datetime("Last look", copy=False, readonly=True)
    last_success_at = fields.Datetime("Last success noted", copy=False, readonly=True)
    failing_since = fields.Datetime(
        copy=False, readonly=True, help="Of the first error after the last success or the activation."
    )
    error_date = fields.Datetime("Last error on", copy=False, readonly=True)
    error_message = fields.Text("Last error", copy=False, readonly=True)
    consecutive_errors = fields.Integer("Errors in a row", copy=False, readonly=True, aggregator=None)

    route_ids = fields.One2many("integration.route", "endpoint_id")
    flow_ids = fields.One2many("integration.flow", "endpoint_id")
    active = fields.Boolean(default=True)

    _poll_idx = models.Index("(next_poll_at) WHERE state = 'active'")
    _seconds_positive = models.Constraint(
        "CHECK (quiet_seconds >= 0 AND connect_timeout > 0 AND read_timeout > 0 AND total_timeout > 0)",
        "Timeouts are longer than zero seconds.",
    )
    _interval_positive = models.Constraint(
        "CHECK (poll_interval_minutes >= 1)", "An endpoint is looked at every minute at most."
    )
    _port_valid = models.Constraint("CHECK (port BETWEEN 1 AND 65535)", "A port is a number from 1 to 65535.")

    # === WHO MAY CHANGE WHAT === #

    @api.model
    def _closed_fields(self):
        return super()._closed_fields() | {"suspension", "state_reason"}

    @api.model_create_multi
    def create(self, vals_list):
        endpoints = super().create(vals_list)
        endpoints.filtered(lambda endpoint: endpoint.transport == "folder")._check_may_choose_folder()
        return endpoints

    def write(self, vals):
        """:raise AccessError: when somebody other than an administrator chooses a folder of the server"""
        result = super().write(vals)
        if PATH_FIELDS & set(vals):
            self.filtered(lambda endpoint: endpoint.transport == "folder")._check_may_choose_folder()
        return result

    def _check_may_choose_folder(self):
        """A folder of the server may hold more than mailboxes, Odoo's own keys for one."""
        if self and not _allowed_folders() and not self.env.is_system():
            raise AccessError(
                self.env._(
                    "Only an administrator of Odoo can choose folders of the server. "
                    "Ask one to do so, or to name the folders that managers may use in the option %s.",
                    FOLDERS_OPTION,
                )
            )

    # === TRANSPORT === #

    def _transport(self, *, for_check=False):
        """Return a transport of this endpoint, not yet open: use it with ``with``.

        :param bool for_check: for a connection test, which an endpoint must pass before it is active
        :raise BusinessRuleError: if the endpoint must not be used now
        :raise ConfigurationError: if its settings are incomplete or wrong
        """
        self.ensure_one()
        self.env["integration.instance"]._require_confirmed()
        if not for_check:
            self._require_usable()
        return self._equip_transport(create(self.transport, self._transport_values()), for_check=for_check)

    def _equip_transport(self, transport, *, for_check):
        """Return a new transport with what it shares with others of this endpoint."""
        return transport

    def _transport_values(self):
        """Return the settings of the transport, secrets included."""
        fields_of = dict(MAILBOX_SETTINGS)
        secrets = {}
        if self.transport == "sftp":
            fields_of.update(SFTP_SETTINGS)
            secrets = self._sftp_secrets()
        values = {setting: self[field_name] for setting, field_name in fields_of.items()}
        values["inbox"] = (self.inbox_path or ".") if self.direction != "out" else ""
        values["outbox"] = self.outbox_path if self.direction != "in" else ""
        if self.transport == "folder":
            values["allowed_roots"] = _allowed_folders()
        return {**values, **secrets}

    def _sftp_secrets(self):
        # Whoever may use an endpoint uses its secrets without being shown them.
        credential_sudo = self.sudo().credential_id
        if not credential_sudo:
            return {}
        credential_sudo._require_kind("sftp", SFTP_KINDS)
        credential_sudo._require_allowed_hosts("sftp", {(self.host or "").strip().lower()})
        return credential_sudo._transport_values()

    def _setting_fields(self):
        """Return which field holds which setting of the transports."""
        return {**MAILBOX_SETTINGS, **SFTP_SETTINGS}

    def _readable(self, problem):
        """Return an error or finding of the transport as text, with the field's label for the setting."""
        field_name = self._setting_fields().get(problem.location)
        place = self._fields[field_name]._description_string(self.env) if field_name else problem.location
        sentences = [part.rstrip(".") for part in (problem.message, problem.remedy) if part]
        return ": ".join(filter(None, [place, ". ".join(sentences) + "."]))

    def _require_usable(self):
        """:raise BusinessRuleError: if the endpoint is not active, or its system may not be used"""
        if self.state != "active":
            found = dict(self._fields["state"]._description_selection(self.env))[self.state]
            remedy = self.state_reason or self.env._("Activate the endpoint.")
        elif not self.system_id._may_exchange():
            found = self.env._("the system is not live")
            remedy = self.env._("Let the system go live.")
        else:
            return
        raise BusinessRuleError(
            code="endpoint.not_active",
            message="The endpoint must not be used now.",
            location=self.display_name,
            subject=str(self.id),
            expected="an active endpoint of a live system",
            found=found,
            remedy=remedy,
        )

    def action_test_connection(self):
        """Try the connection step by step and show what each step saw."""
        require_group(self, "group_operator")
        self.ensure_one()
        return self.env["integration.endpoint.check"]._run(self)

    # === LIFECYCLE === #

    def action_activate(self):
        """Let the endpoint work.

        :raise UserError: if its settings are incomplete or its system is not approved
        """
        require_group(self, "group_manager", "write")
        for endpoint in self:
            endpoint._check_complete()
        self._set_state("active")

    def action_pause(self):
        """Stop looking and sending for now; what waits stays waiting."""
        self._change_active("paused")

    def action_suspend(self):
        """Stop the endpoint until a person has dealt with what is wrong."""
        self._change_active("suspended", suspension="user")

    def action_reset_to_draft(self):
        """Take the endpoint out of service to rework it."""
        require_group(self, "group_manager", "write")
        self._set_state("draft")

    def _change_active(self, state, **values):
        require_group(self, "group_manager", "write")
        if wrong := self.filtered(lambda endpoint: endpoint.state == "draft"):
            raise UserError(self.env._("%s has not been activated yet.", wrong[0].display_name))
        self._set_state(state, **values)

    def _check_complete(self):
        """:raise UserError: naming the first thing that keeps the endpoint from being activated"""
        if not self.system_id._may_exchange():
            raise UserError(self.env._("Approve the system %s first.", self.system_id.name))
        try:
            with_secrets = self._transport(for_check=True)
        except (BusinessRuleError, ConfigurationError) as error:
            raise UserError(self._readable(error)) from None
        if self.transport == "sftp" and not with_secrets.settings.host_keys:
            raise UserError(self.env._("Test the connection and approve the key of the server first."))

    def _suspend(self, suspension, reason):
        """Stop endpoints for a reason that is not a person's wish."""
        self._set_state("suspended", suspension=suspension, state_reason=reason)

    @api.model
    def _release(self, suspension, domain=()):
        """Let endpoints work again whose reason for being suspended is gone, if their systems may be used."""
        stopped = self.search([("state", "=", "suspended"), ("suspension", "=", suspension), *domain])
        usable = stopped.filtered(lambda endpoint: endpoint.system_id._may_exchange())
        usable._set_state("active")
        (stopped - usable)._suspend_with_system()

    def _suspend_with_system(self):
        """Stop endpoints until their system is live."""
        if self:
            self._suspend("system", self.env._("The system is not live."))

    def _set_state(self, state, *, suspension=False, state_reason=False):
        """Move endpoints to a state and audit it; an active one is looked at soon, its errors forgotten."""
        values = {"state": state, "suspension": suspension, "state_reason": state_reason}
        if state == "active":
            values.update(next_poll_at=self.env.cr.now(), consecutive_errors=0, failing_since=False)
        # The state is closed to direct writes: see integration.closed.fields.
        self.sudo().write(values)
        detail = {"reason": suspension} if suspension else None
        self.env["integration.audit.entry"]._record(f"endpoint.{state}", self, detail)

    def _note_success(self):
        """Note that a look or a transfer worked."""
        now = self.env.cr.now()
        self.write(
            {
                "last_poll_at": now,
                "last_success_at": now,
                "consecutive_errors": 0,
                "failing_since": False,
                "error_date": False,
                "error_message": False,
            }
        )

    def _note_failure_of_address(self, error):
        """Note that a task failed where the address is to blame: a transport's errors begin with its name."""
        for endpoint in self:
            if error.code.startswith(f"{endpoint.transport}."):
                endpoint._note_failure(error)

    def _note_failure(self, error):
        """Note that a look or a transfer failed; settings that keep failing suspend the endpoint.

        A wrong password that is tried every few minutes locks the account at the partner's.

        :param IntegrationError error: what went wrong
        """
        for endpoint in self:
            endpoint.write(
                {
                    "last_poll_at": self.env.cr.now(),
                    "consecutive_errors": endpoint.consecutive_errors + 1,
                    "failing_since": endpoint.failing_since or self.env.cr.now(),
                    "error_date": self.env.cr.now(),
                    "error_message": error.as_text(),
                }
            )
            is_persistent = endpoint.consecutive_errors >= ERRORS_BEFORE_SUSPENSION
            if is_persistent and endpoint.state == "active" and isinstance(error, ConfigurationError):
                endpoint._suspend("errors", endpoint._readable(error))

    def action_poll_now(self):
        """Queue a look into the mailbox.

        :raise UserError: if an endpoint is not active or only sends
        """
        require_group(self, "group_operator")
        if wrong := self.filtered(lambda endpoint: endpoint.state != "active" or endpoint.direction == "out"):
            raise UserError(self.env._("%s is not active or does not receive.", wrong[0].display_name))
        self.sudo()._queue_poll()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "info", "message": self.env._("The mailbox is looked at in the background.")},
        }


def _allowed_folders():
    """Return the folders that folder endpoints may use, as the server's administrator names them."""
    named = os.environ.get(FOLDERS_VARIABLE) or config.get(FOLDERS_OPTION) or ""
    return tuple(folder.strip() for folder in named.split(",") if folder.strip())
