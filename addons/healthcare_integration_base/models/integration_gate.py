import logging
import random
import time
import uuid

from psycopg2 import errors as postgres_errors
from psycopg2.extras import Json

from odoo import api, fields, models

from ..errors import IntegrationError, TransientError
from ..queue import PostponedTask
from ..transports.gate import Gate, GateState, Refusal, admit, enter, leave

_logger = logging.getLogger(__name__)

PATIENCE_SECONDS = 5.0
CHANGE_ATTEMPTS = 50
REASONS = {
    "asked_to_wait": "%s asked us to wait.",
    "circuit_open": "%s does not answer: its circuit is open.",
    "busy": "As many connections to %s are open as its endpoint allows.",
    "rate": "The rate of requests to %s is reached.",
}


class IntegrationGate(models.Model):
    """How the partner of an endpoint is doing: one row that all workers of all hosts share.

    Each change is a short transaction of its own, so that it counts whatever becomes of the caller's. The
    endpoint is a number and not a reference: such a transaction does not see one that is just being made.
    """

    _name = "integration.gate"
    _description = "Integration Gate"
    _log_access = False
    _allow_sudo_commands = False
    _rec_name = "endpoint_id"

    endpoint_id = fields.Integer(required=True, readonly=True, aggregator=None)
    circuit = fields.Char(readonly=True)
    state = fields.Json(readonly=True)

    _endpoint_uniq = models.UniqueIndex("(endpoint_id)", "An endpoint has one gate.")

    @api.model
    def _change(self, endpoint_id, decide):
        """Change the state of a gate in a transaction of its own.

        :param decide: ``decide(state, now) -> (state, result)``; now is PostgreSQL's clock in seconds
        :return: the result
        """
        for attempt in range(CHANGE_ATTEMPTS):
            try:
                with self.env.registry.cursor() as cr:
                    return _change_locked(cr, endpoint_id, decide)
            except (postgres_errors.SerializationFailure, postgres_errors.UniqueViolation):
                time.sleep(random.uniform(0, 0.002 * min(attempt + 1, 20)))
        raise PostponedTask("Too many workers ask for the same endpoint.", PATIENCE_SECONDS)

    @api.model
    def _states(self, endpoint_ids):
        """Return ``{endpoint id: GateState}`` of the gates that were used."""
        gates_sudo = self.sudo().search([("endpoint_id", "in", endpoint_ids)])
        return {gate.endpoint_id: GateState.from_dict(gate.state) for gate in gates_sudo}

    @api.model
    def _reset(self, endpoint_id):
        """Forget failures, waits and places of a gate."""
        self._change(endpoint_id, lambda _state, _now: (GateState(), None))


class EndpointGate(Gate):
    """The gate of one transport of an endpoint.

    :param gates: the integration.gate model
    :param endpoint: the integration.endpoint
    """

    def __init__(self, gates, endpoint):
        self._gates = gates
        self._endpoint_id = endpoint.id
        self._name = endpoint.display_name
        self._kind = endpoint.transport
        self._rules = endpoint._gate_rules()
        self._place = uuid.uuid4().hex

    def enter(self):
        """:raise PostponedTask: while the circuit is open, all places are taken, or the partner said later"""
        self._require(self._change(lambda state, now: enter(state, self._rules, self._place, now)))

    def admit(self):
        """Wait a few seconds for the rate's next request.

        :raise PostponedTask: if it takes longer, or the partner said later
        """
        until = time.monotonic() + PATIENCE_SECONDS
        while refusal := self._change(lambda state, now: admit(state, self._rules, now)):
            if refusal.reason != "rate" or time.monotonic() + refusal.seconds > until:
                self._require(refusal)
            time.sleep(refusal.seconds)

    def leave(self, error):
        outcome, asked_wait = self._judge(error)
        self._change(
            lambda state, now: (leave(state, self._rules, self._place, outcome, now, asked_wait), None)
        )

    def _judge(self, error):
        """Return what an end says of the partner, and how long the partner asked us to wait.

        What a document or our own code does wrong says nothing of the partner, and a partner that asks us
        to slow down is not out of order.
        """
        if error is None:
            return "success", 0.0
        asked_wait = error.retry_after or 0.0 if isinstance(error, TransientError) else 0.0
        is_partners = isinstance(error, IntegrationError) and error.code.startswith(f"{self._kind}.")
        if is_partners and isinstance(error, TransientError) and error.code != "http.rate_limited":
            return "failure", asked_wait
        return "neutral", asked_wait

    def _change(self, decide):
        return self._gates._change(self._endpoint_id, decide)

    def _require(self, refusal: Refusal | None):
        if refusal:
            raise PostponedTask(REASONS[refusal.reason] % self._name, max(refusal.seconds, 1.0))


def _change_locked(cr, endpoint_id, decide):
    """Decide under the lock of the gate's row, which is made when there is none."""
    query = """
        SELECT state, extract(epoch FROM clock_timestamp())::float8 FROM integration_gate
         WHERE endpoint_id = %s FOR UPDATE
    """
    cr.execute(query, (endpoint_id,), log_exceptions=False)
    row = cr.fetchone()
    if row is None:
        cr.execute(
            "INSERT INTO integration_gate (endpoint_id, circuit, state) VALUES (%s, 'closed', '{}')",
            (endpoint_id,),
            log_exceptions=False,
        )
        cr.execute(query, (endpoint_id,), log_exceptions=False)
        row = cr.fetchone()
    state = GateState.from_dict(row[0])
    changed, result = decide(state, row[1])
    if changed != state:
        if changed.circuit != state.circuit:
            _logger.info("The circuit of endpoint %s is %s now", endpoint_id, changed.circuit)
        cr.execute(
            "UPDATE integration_gate SET state = %s, circuit = %s WHERE endpoint_id = %s",
            (Json(changed.as_dict()), changed.circuit, endpoint_id),
            log_exceptions=False,
        )
    return result
