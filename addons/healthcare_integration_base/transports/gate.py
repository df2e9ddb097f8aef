"""Who may talk to a partner now: circuit breaker, rate and number at once, decided as pure functions.

The state belongs to all workers of all hosts; whoever stores it calls these functions under a lock of it.
Times are seconds since 1970 by one clock, the store's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from typing import Any, NamedTuple

BUSY_SECONDS = 5.0
LONGEST_ASKED_WAIT = 3_600.0
LARGEST_COOL_DOWN_FACTOR = 16


class Gate:
    """Lets everything through. :class:`.base.Transport` asks its gate; another one may refuse by raising."""

    def enter(self) -> None:
        """Ask to open the transport."""

    def admit(self) -> None:
        """Ask to make one more request while the transport is open."""

    def leave(self, error: BaseException | None) -> None:
        """Tell how it ended: with this error, or well."""


@dataclass(frozen=True)
class GateRules:
    """What a partner bears.

    :ivar failures: failures in a row that open the circuit; 0 for never
    :ivar cool_down: seconds for which it stays open, doubled each time that the probe fails, at most 16 times
    :ivar rate: requests per second; 0 for no limit
    :ivar burst: requests that may follow each other at once
    :ivar concurrency: transports that may be open at once; 0 for no limit
    :ivar hold: seconds after which the place of a transport is free again, whatever became of it
    """

    failures: int = 5
    cool_down: float = 60.0
    rate: float = 0.0
    burst: int = 1
    concurrency: int = 0
    hold: float = 900.0


@dataclass(frozen=True)
class GateState:
    """How a partner is doing.

    :ivar circuit: ``closed``: all may pass; ``open``: none; ``half_open``: one, whose outcome decides
    :ivar failures: failures in a row
    :ivar openings: how often the circuit was opened since it was last closed
    :ivar open_until: when the next one may try
    :ivar probe: the place of the one that tries
    :ivar tokens: requests that may be made at once, None before the first
    :ivar refilled_at: when ``tokens`` was true
    :ivar not_before: until when the partner asked us to wait
    :ivar places: of the open transports, each with when it is given up
    """

    circuit: str = "closed"
    failures: int = 0
    openings: int = 0
    open_until: float = 0.0
    probe: str = ""
    tokens: float | None = None
    refilled_at: float = 0.0
    not_before: float = 0.0
    places: Mapping[str, float] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any] | None) -> GateState:
        known = {item.name for item in fields(cls)}
        return cls(**{name: value for name, value in (values or {}).items() if name in known})


class Refusal(NamedTuple):
    """Why not now, and after how many seconds to ask again.

    :ivar reason: ``asked_to_wait``, ``circuit_open``, ``busy`` or ``rate``
    """

    reason: str
    seconds: float


def enter(state: GateState, rules: GateRules, place: str, now: float) -> tuple[GateState, Refusal | None]:
    """Return the state with one more transport open, or why it may not be opened."""
    places = {name: until for name, until in state.places.items() if until > now}
    state = replace(state, places=places)
    if refusal := _asked_to_wait(state, now) or _circuit_refusal(state, now):
        return state, refusal
    if rules.concurrency and len(places) >= rules.concurrency:
        return state, Refusal("busy", BUSY_SECONDS)
    if state.circuit != "closed":
        state = replace(state, circuit="half_open", probe=place)
    return replace(state, places={**places, place: now + rules.hold}), None


def admit(state: GateState, rules: GateRules, now: float) -> tuple[GateState, Refusal | None]:
    """Return the state with one more request made, or why it may not be made (a token bucket)."""
    if refusal := _asked_to_wait(state, now):
        return state, refusal
    if not rules.rate:
        return state, None
    tokens = rules.burst if state.tokens is None else state.tokens
    elapsed = max(0.0, now - state.refilled_at) if state.tokens is not None else 0.0
    tokens = min(float(rules.burst), tokens + elapsed * rules.rate)
    if tokens < 1:
        return state, Refusal("rate", (1 - tokens) / rules.rate)
    return replace(state, tokens=tokens - 1, refilled_at=now), None


def leave(
    state: GateState, rules: GateRules, place: str, outcome: str, now: float, asked_wait: float = 0.0
) -> GateState:
    """Return the state after a transport was closed.

    :param outcome: ``success``, ``failure`` (of the partner), or ``neutral``: says nothing of the partner
    :param asked_wait: seconds that the partner asked us to wait, of which an hour at most is granted
    """
    places = {name: until for name, until in state.places.items() if name != place}
    state = replace(state, places=places)
    if asked_wait > 0:
        wait_until = now + min(asked_wait, LONGEST_ASKED_WAIT)
        state = replace(state, not_before=max(state.not_before, wait_until))
    is_probe = state.circuit == "half_open" and state.probe == place
    if outcome == "failure":
        return _failed(state, rules, is_probe, now)
    if outcome == "success" and is_probe:
        return replace(state, circuit="closed", failures=0, openings=0, open_until=0.0, probe="")
    if outcome == "success" and state.circuit == "closed":
        return replace(state, failures=0)
    return replace(state, probe="") if is_probe else state


def _failed(state: GateState, rules: GateRules, is_probe: bool, now: float) -> GateState:
    failures = state.failures + 1
    opens = is_probe or (state.circuit == "closed" and rules.failures and failures >= rules.failures)
    if not opens:
        return replace(state, failures=failures)
    factor = min(2**state.openings, LARGEST_COOL_DOWN_FACTOR)
    return replace(
        state,
        circuit="open",
        failures=failures,
        openings=state.openings + 1,
        open_until=now + rules.cool_down * factor,
        probe="",
    )


def _asked_to_wait(state: GateState, now: float) -> Refusal | None:
    return Refusal("asked_to_wait", state.not_before - now) if now < state.not_before else None


def _circuit_refusal(state: GateState, now: float) -> Refusal | None:
    if state.circuit == "open" and now < state.open_until:
        return Refusal("circuit_open", state.open_until - now)
    if state.circuit == "half_open" and state.probe in state.places:
        return Refusal("circuit_open", BUSY_SECONDS)
    return None
