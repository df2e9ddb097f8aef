from datetime import datetime, timezone

from odoo import api, fields, models

from ..transports.gate import GateRules
from .access import require_group
from .integration_gate import EndpointGate

GATED_TRANSPORTS = ("http", "sftp")
SECONDS_OVER_TOTAL = 60


class IntegrationEndpointGate(models.Model):
    """What a partner bears, and how it is doing: circuit breaker, rate and number of connections.

    Folders have no gate: nobody is on the other side.
    """

    _inherit = "integration.endpoint"

    breaker_failures = fields.Integer(
        "Failures that open the circuit", default=5, help="In a row; 0: never.", aggregator=None
    )
    breaker_seconds = fields.Integer(
        "First pause (seconds)",
        default=60,
        help="Then one request tries. The pause doubles each time that it fails, up to 16 times.",
        aggregator=None,
    )
    rate_per_minute = fields.Float(
        "Requests a minute", help="0: no limit. A mailbox counts each connection.", aggregator=None
    )
    rate_burst = fields.Integer(
        "Requests at once", default=1, help="So many may follow each other without a pause.", aggregator=None
    )
    connection_limit = fields.Integer(
        "Connections at once", help="Of all workers together. 0: no limit.", aggregator=None
    )
    circuit = fields.Selection(
        [("closed", "Closed"), ("open", "Open"), ("half_open", "Trying")],
        compute="_compute_gate",
        search="_search_circuit",
        help="Closed: everything passes. Open: nothing does, until the pause is over. Trying: one request "
        "decides.",
    )
    circuit_failures = fields.Integer("Failures counted", compute="_compute_gate")
    gate_opens_at = fields.Datetime(
        "Next request not before", compute="_compute_gate", help="As the circuit or the partner says."
    )
    open_connections = fields.Integer("Open connections", compute="_compute_gate")

    _gate_limits = models.Constraint(
        "CHECK (breaker_failures >= 0 AND breaker_seconds >= 1 AND rate_per_minute >= 0 "
        "AND rate_burst >= 1 AND connection_limit >= 0)",
        "Limits are not negative, a pause lasts at least a second, and at least one request goes at once.",
    )

    def _compute_gate(self):
        states = self.env["integration.gate"]._states(self.ids)
        now = self.env.cr.now().replace(tzinfo=timezone.utc).timestamp()
        for endpoint in self:
            state = states.get(endpoint._origin.id)
            endpoint.circuit = state.circuit if state else "closed"
            endpoint.circuit_failures = state.failures if state else 0
            places = state.places.values() if state else ()
            endpoint.open_connections = sum(1 for until in places if until > now)
            opens_at = max(state.open_until, state.not_before) if state else 0.0
            endpoint.gate_opens_at = opens_at > now and _naive(opens_at)

    def _search_circuit(self, operator, value):
        if operator != "in":
            return NotImplemented
        gates_sudo = self.env["integration.gate"].sudo()
        wanted = gates_sudo.search([("circuit", "in", list(value))]).mapped("endpoint_id")
        if "closed" not in value:
            return [("id", "in", wanted)]
        others = gates_sudo.search([("circuit", "not in", list(value))]).mapped("endpoint_id")
        return [("id", "not in", others)]

    @api.ondelete(at_uninstall=False)
    def _unlink_gate(self):
        self.env["integration.gate"].sudo().search([("endpoint_id", "in", self.ids)]).unlink()

    def _gate_rules(self):
        """Return what the partner bears."""
        return GateRules(
            failures=self.breaker_failures,
            cool_down=self.breaker_seconds,
            rate=self.rate_per_minute / 60,
            burst=self.rate_burst,
            concurrency=self.connection_limit,
            hold=self.total_timeout + SECONDS_OVER_TOTAL,
        )

    def _equip_transport(self, transport, *, for_check):
        """A test goes round the gate: it is made to see whether a partner is back."""
        transport = super()._equip_transport(transport, for_check=for_check)
        if self.transport in GATED_TRANSPORTS and not for_check:
            transport.gate = EndpointGate(self.env["integration.gate"].sudo(), self)
        return transport

    def action_reset_gate(self):
        """Close the circuits and forget what partners asked for."""
        require_group(self, "group_manager", "write")
        for endpoint in self:
            self.env["integration.gate"]._reset(endpoint.id)
        self.env["integration.audit.entry"]._record("endpoint.gate_reset", self)
        self.invalidate_recordset(["circuit", "circuit_failures", "gate_opens_at", "open_connections"])


def _naive(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).replace(tzinfo=None, microsecond=0)
