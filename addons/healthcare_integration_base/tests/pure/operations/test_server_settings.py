from dataclasses import replace

import pytest

from odoo.addons.healthcare_integration_base.operations import ServerFacts, server_checks, worst_state

GOOD = ServerFacts(
    workers=4,
    max_cron_threads=4,
    active_lanes=2,
    limit_time_real=120,
    limit_time_real_cron=0,
    limit_time_cpu=60,
    idle_in_transaction_timeout=0,
    max_connections=400,
    db_maxconn=32,
    proxy_mode=True,
    is_behind_proxy=True,
    clock_difference=0.2,
    server_version=160004,
    server_version_text="16.4",
)


def state_of(code, **changes):
    checks = {check.code: check for check in server_checks(replace(GOOD, **changes))}
    return checks[code].state


def test_good_settings_have_nothing_to_change():
    checks = server_checks(GOOD)
    assert worst_state(checks) == "ok"
    assert not any(check.remedy for check in checks)


@pytest.mark.parametrize(
    ("code", "changes", "state"),
    [
        ("server.workers", {"workers": 0}, "warning"),
        ("server.cron_workers", {"max_cron_threads": 3}, "warning"),
        ("server.cron_workers", {"max_cron_threads": 1}, "warning"),
        ("server.cron_workers", {"max_cron_threads": 0}, "failure"),
        ("server.cron_workers", {"active_lanes": 0}, "failure"),
        ("server.limit_time_real_cron", {"limit_time_real_cron": -1}, "failure"),
        ("server.limit_time_real_cron", {"limit_time_real_cron": 899}, "failure"),
        ("server.limit_time_real_cron", {"limit_time_real_cron": 900}, "ok"),
        ("server.limit_time_real_cron", {"limit_time_real_cron": -1, "limit_time_real": 0}, "ok"),
        ("server.limit_time_cpu", {"limit_time_cpu": 10}, "warning"),
        ("server.limit_time_cpu", {"limit_time_cpu": 0}, "ok"),
        ("postgres.idle_in_transaction", {"idle_in_transaction_timeout": 6.0}, "failure"),
        ("postgres.connections", {"max_connections": 100}, "warning"),
        ("postgres.connections", {"max_connections": 20}, "failure"),
        ("server.proxy_mode", {"proxy_mode": False}, "warning"),
        ("server.proxy_mode", {"proxy_mode": False, "is_behind_proxy": False}, "ok"),
        ("server.clock", {"clock_difference": -3600}, "warning"),
        ("postgres.version", {"server_version": 120018}, "failure"),
    ],
)
def test_a_setting_that_the_queue_cannot_live_with_is_named(code, changes, state):
    assert state_of(code, **changes) == state


def test_whatever_is_not_in_order_says_what_to_change():
    bad = replace(
        GOOD,
        workers=0,
        max_cron_threads=0,
        limit_time_real_cron=60,
        limit_time_cpu=5,
        idle_in_transaction_timeout=1,
        max_connections=1,
        proxy_mode=False,
        clock_difference=99,
        server_version=90000,
    )
    for check in server_checks(bad):
        assert check.state != "ok", check.code
        assert check.remedy and check.expected and check.found
