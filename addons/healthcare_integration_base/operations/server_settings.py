"""Which settings of Odoo and PostgreSQL the queue depends on, and what they should be.

The rules stand beside the reason for each: how Odoo's cron workers, its watchdog and its locks behave.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from .check import Check

OTHER_CRON_WORKERS = 2
SHORTEST_CRON_LIMIT = 900
SHORTEST_CPU_LIMIT = 60
RESERVED_CONNECTIONS = 5
LARGEST_CLOCK_DIFFERENCE = 5.0
OLDEST_POSTGRES = 130000


@dataclass(frozen=True)
class ServerFacts:
    """What one process of Odoo sees of its configuration and of its database.

    Durations are seconds; a limit of 0 is no limit, as in Odoo and PostgreSQL.
    """

    workers: int
    max_cron_threads: int
    active_lanes: int
    limit_time_real: int
    limit_time_real_cron: int
    limit_time_cpu: int
    idle_in_transaction_timeout: float
    max_connections: int
    db_maxconn: int
    proxy_mode: bool
    is_behind_proxy: bool
    clock_difference: float
    server_version: int
    server_version_text: str


def server_checks(facts: ServerFacts) -> list[Check]:
    """Return a check for each setting, worst cases named with what to change."""
    return [rule(facts) for rule in RULES]


def _processes(facts: ServerFacts) -> Check:
    return _check(
        "server.workers",
        "Processes",
        "ok" if facts.workers >= 2 else "warning",
        found=f"workers = {facts.workers}",
        expected="workers = 2 or more",
        remedy="Set workers in odoo.conf: with 0 the lanes are threads that share one processor.",
    )


def _cron_workers(facts: ServerFacts) -> Check:
    lanes, threads = facts.active_lanes, facts.max_cron_threads
    if not lanes or threads < lanes:
        state = "failure" if not lanes or not threads else "warning"
    else:
        state = "ok" if threads >= lanes + OTHER_CRON_WORKERS else "warning"
    return _check(
        "server.cron_workers",
        "Cron workers for the lanes",
        state,
        found=f"max_cron_threads = {threads} on this host, {lanes} active lanes",
        expected=f"{max(lanes, 1) + OTHER_CRON_WORKERS} or more on all hosts together, at least one lane",
        remedy="Raise max_cron_threads in odoo.conf, or switch lanes off: each ready scheduled action is "
        "given about ten seconds in turn.",
    )


def _cron_time_limit(facts: ServerFacts) -> Check:
    # -1 stands for the limit of requests; the watchdog counts the time that a cron worker sleeps as well.
    limit = facts.limit_time_real if facts.limit_time_real_cron < 0 else facts.limit_time_real_cron
    bad = 0 < limit < SHORTEST_CRON_LIMIT
    return _check(
        "server.limit_time_real_cron",
        "Time limit of cron workers",
        "failure" if bad else "ok",
        found=f"limit_time_real_cron = {facts.limit_time_real_cron}, that is {limit or 'no limit'}",
        expected=f"0, or {SHORTEST_CRON_LIMIT} and more",
        remedy="Set limit_time_real_cron = 0 in odoo.conf: the watchdog counts idle time and kills workers "
        "in mid-work.",
    )


def _processor_time_limit(facts: ServerFacts) -> Check:
    bad = 0 < facts.limit_time_cpu < SHORTEST_CPU_LIMIT
    return _check(
        "server.limit_time_cpu",
        "Processor time of one pass",
        "warning" if bad else "ok",
        found=f"limit_time_cpu = {facts.limit_time_cpu}",
        expected=f"{SHORTEST_CPU_LIMIT} or more",
        remedy="Raise limit_time_cpu in odoo.conf: what a lane does between two tasks counts.",
    )


def _idle_transactions(facts: ServerFacts) -> Check:
    bad = facts.idle_in_transaction_timeout > 0
    return _check(
        "postgres.idle_in_transaction",
        "Idle transactions",
        "failure" if bad else "ok",
        found=f"idle_in_transaction_session_timeout = {facts.idle_in_transaction_timeout:g} s",
        expected="0",
        remedy="ALTER ROLE ... SET idle_in_transaction_session_timeout = 0 for Odoo's role: the lock of a "
        "running scheduled action is an idle transaction, and a second worker would enter its lane.",
    )


def _connections(facts: ServerFacts) -> Check:
    processes = max(facts.workers, 0) + max(facts.max_cron_threads, 0) + 1 if facts.workers else 1
    needed = processes * facts.db_maxconn + RESERVED_CONNECTIONS
    state = "ok"
    if needed > facts.max_connections:
        # A process seldom fills its pool; two connections each is what a lane needs.
        least = processes * 2 + RESERVED_CONNECTIONS
        state = "failure" if least > facts.max_connections else "warning"
    return _check(
        "postgres.connections",
        "Connections",
        state,
        found=f"max_connections = {facts.max_connections}; this host opens up to "
        f"{processes} x {facts.db_maxconn}",
        expected=f"{needed} or more for this host alone",
        remedy="Lower db_maxconn in odoo.conf or raise max_connections in PostgreSQL.",
    )


def _proxy(facts: ServerFacts) -> Check:
    bad = facts.is_behind_proxy and not facts.proxy_mode
    return _check(
        "server.proxy_mode",
        "Reverse proxy",
        "warning" if bad else "ok",
        found=f"proxy_mode = {facts.proxy_mode}"
        + (", this request came through a proxy" if facts.is_behind_proxy else ""),
        expected="True behind a proxy, and only there",
        remedy="Set proxy_mode = True in odoo.conf: partners' addresses in limits and in the audit log are "
        "the proxy's otherwise.",
    )


def _clock(facts: ServerFacts) -> Check:
    difference = abs(facts.clock_difference)
    return _check(
        "server.clock",
        "Clock",
        "warning" if difference > LARGEST_CLOCK_DIFFERENCE else "ok",
        found=f"{facts.clock_difference:+.1f} s against the database",
        expected=f"at most {LARGEST_CLOCK_DIFFERENCE:g} s",
        remedy="Synchronize the clocks (NTP). The queue goes by the database's clock; signatures, tokens and "
        "Odoo's scheduler do not.",
    )


def _version(facts: ServerFacts) -> Check:
    return _check(
        "postgres.version",
        "PostgreSQL",
        "ok" if facts.server_version >= OLDEST_POSTGRES else "failure",
        found=facts.server_version_text,
        expected=f"{OLDEST_POSTGRES // 10000} or later",
        remedy="Upgrade PostgreSQL.",
    )


def _check(code: str, title: str, state: str, *, found: str, expected: str, remedy: str) -> Check:
    return Check(code, title, state, found, expected, "" if state == "ok" else remedy)


RULES: tuple[Callable[[ServerFacts], Check], ...] = (
    _processes,
    _cron_workers,
    _cron_time_limit,
    _processor_time_limit,
    _idle_transactions,
    _connections,
    _proxy,
    _clock,
    _version,
)
