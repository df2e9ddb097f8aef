"""Circuit breaker, token bucket and places, as pure decisions over a clock of the test."""

import json
from dataclasses import replace

import pytest
from http_endpoints import LOOPBACK
from hypothesis import given
from hypothesis import strategies as st

from odoo.addons.healthcare_integration_base.transports import create
from odoo.addons.healthcare_integration_base.transports.gate import (
    Gate,
    GateRules,
    GateState,
    admit,
    enter,
    leave,
)

from tests.sandbox.http_partner import running

RULES = GateRules(failures=3, cool_down=60, rate=2, burst=4, concurrency=2, hold=100)


def passed(state, outcome, now, place="p", rules=RULES, **options):
    """Return the state after one transport was opened and closed."""
    state, refusal = enter(state, rules, place, now)
    assert refusal is None
    return leave(state, rules, place, outcome, now, **options)


def opened(now=0.0):
    state = GateState()
    for _failure in range(3):
        state = passed(state, "failure", now)
    return state


class TestCircuit:
    def test_failures_in_a_row_open_it(self):
        state = passed(passed(GateState(), "failure", 0), "failure", 0)
        state = passed(passed(state, "success", 0), "failure", 0)
        assert (state.circuit, state.failures) == ("closed", 1)
        assert opened().circuit == "open"

    def test_nobody_passes_while_it_is_open(self):
        assert enter(opened(), RULES, "a", 59.0)[1] == ("circuit_open", 1.0)

    def test_one_tries_and_its_success_closes_it(self):
        state, refusal = enter(opened(), RULES, "a", 60.0)
        assert (state.circuit, refusal) == ("half_open", None)
        assert enter(state, RULES, "b", 61.0)[1].reason == "circuit_open"
        state = leave(state, RULES, "a", "success", 62.0)
        assert (state.circuit, state.failures, state.openings) == ("closed", 0, 0)

    def test_its_failure_doubles_the_wait_up_to_a_limit(self):
        state, now, waits = opened(), 0.0, []
        for _probe in range(7):
            waits.append(state.open_until - now)
            now = state.open_until
            state = passed(state, "failure", now)
        assert waits == [60, 120, 240, 480, 960, 960, 960]

    def test_one_that_tries_and_says_nothing_makes_room_for_another(self):
        state = passed(opened(), "neutral", 60.0)
        assert state.circuit == "half_open" and enter(state, RULES, "b", 60.0)[1] is None

    def test_one_that_tries_and_vanishes_makes_room_when_its_place_is_given_up(self):
        state, _refusal = enter(opened(), RULES, "a", 60.0)
        assert enter(state, RULES, "b", 159.0)[1] is not None
        assert enter(state, RULES, "b", 161.0)[1] is None

    def test_who_was_inside_when_it_opened_does_not_close_it(self):
        state, _refusal = enter(GateState(), RULES, "slow", 0.0)
        state = replace(opened(), places=state.places)
        assert leave(state, RULES, "slow", "success", 1.0).circuit == "open"

    def test_it_may_be_switched_off(self):
        rules, state = replace(RULES, failures=0), GateState()
        for _failure in range(50):
            state = passed(state, "failure", 0, rules=rules)
        assert state.circuit == "closed"

    def test_what_the_partner_asks_for_is_granted_up_to_an_hour(self):
        state = passed(GateState(), "neutral", 0.0, asked_wait=30.0)
        assert enter(state, RULES, "a", 10.0)[1] == ("asked_to_wait", 20.0)
        assert admit(state, RULES, 10.0)[1] == ("asked_to_wait", 20.0)
        assert enter(state, RULES, "a", 30.0)[1] is None
        assert passed(GateState(), "neutral", 0.0, asked_wait=1e9).not_before == 3600.0


class TestRate:
    def test_a_burst_and_then_the_rate(self):
        state, refusals = GateState(), []
        for _request in range(5):
            state, refusal = admit(state, RULES, 100.0)
            refusals.append(refusal)
        assert refusals == [None] * 4 + [("rate", 0.5)]
        assert admit(state, RULES, 100.4)[1] is not None and admit(state, RULES, 100.5)[1] is None

    @given(st.lists(st.floats(0, 5), max_size=60))
    def test_never_more_than_the_rate(self, pauses):
        state, now, admitted = GateState(), 0.0, 0
        for pause in pauses:
            now += pause
            state, refusal = admit(state, RULES, now)
            admitted += refusal is None
        assert admitted <= RULES.burst + RULES.rate * now + 1e-6

    def test_a_clock_that_goes_back_does_no_harm(self):
        state, _refusal = admit(GateState(), RULES, 100.0)
        assert admit(state, RULES, 50.0)[0].tokens == 2.0


class TestPlaces:
    def test_no_more_at_once_than_allowed(self):
        state, _refusal = enter(GateState(), RULES, "a", 0.0)
        state, _refusal = enter(state, RULES, "b", 0.0)
        assert enter(state, RULES, "c", 1.0)[1].reason == "busy"
        assert enter(leave(state, RULES, "a", "success", 1.0), RULES, "c", 1.0)[1] is None

    def test_the_place_of_a_lost_worker_is_given_up(self):
        state, _refusal = enter(GateState(), RULES, "a", 0.0)
        state, _refusal = enter(state, RULES, "b", 50.0)
        assert enter(state, RULES, "c", 99.0)[1] is not None
        assert enter(state, RULES, "c", 100.5)[1] is None

    def test_the_state_survives_json(self):
        state, _refusal = admit(enter(opened(), RULES, "a", 60.0)[0], RULES, 60.0)
        assert GateState.from_dict(json.loads(json.dumps(state.as_dict()))) == state
        assert GateState.from_dict({"unknown": 1}) == GateState()


class Recording(Gate):
    def __init__(self, refusal_of=""):
        self.calls, self.refusal_of = [], refusal_of

    def _note(self, name):
        self.calls.append(name)
        if name == self.refusal_of:
            raise InterruptedError(name)

    def enter(self):
        self._note("enter")

    def admit(self):
        self._note("admit")

    def leave(self, error):
        self._note(f"leave {type(error).__name__}")


class TestTransports:
    def test_http_asks_for_each_request(self):
        with running() as partner:
            transport = create("http", {"base_url": partner.url, **LOOPBACK})
            transport.gate = gate = Recording()
            with transport:
                transport.request("GET", "/echo")
                transport.request("GET", "/echo")
            assert gate.calls == ["enter", "admit", "admit", "leave NoneType"]

    def test_a_folder_asks_once(self, tmp_path):
        transport = create("folder", {"root": str(tmp_path), "inbox": "."})
        transport.gate = gate = Recording()
        with pytest.raises(KeyError), transport:
            raise KeyError
        assert gate.calls == ["enter", "admit", "leave KeyError"]

    def test_a_refused_transport_is_not_opened(self, tmp_path):
        transport = create("folder", {"root": str(tmp_path / "missing"), "inbox": "."})
        transport.gate = gate = Recording("enter")
        with pytest.raises(InterruptedError), transport:
            raise AssertionError("not reached")
        assert gate.calls == ["enter"]
