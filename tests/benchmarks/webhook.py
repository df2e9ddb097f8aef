"""Requests per second of the webhook beside a bare controller that inserts one row: same run, same server.

The server has two worker processes and no cron: what follows from a message is the queue's benchmark. Signed
events with distinct bodies of 500 bytes go to the webhook, the same bodies to the bare controller, over
connections that stay open, in alternating rounds; figures are medians of the rounds.
"""

from __future__ import annotations

import http.client
import json
import secrets
import threading
import time
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from provisioning import odoo_server, paths, test_environment

from odoo.addons.healthcare_integration_base.doors.signature import SignatureProfile

from tests.sandbox.webhook import open_webhook

from . import databases
from .figures import Figure, at_least, medians

SECRET = "a secret of the benchmark"
BARE = "/integration/benchmark/bare"
PADDING = "x" * 440
LEAST_SHARE = 0.6


def measure(requests: int, rounds: int, clients: int) -> list[Figure]:
    """Send so many requests in each round of each way, from so many clients at once."""
    with databases.environment(databases.KERNEL) as env:
        path, database = make_webhook(env), env.cr.dbname
        databases.install(database, ["integration_benchmark_door"])
        with odoo_server.running(
            test_environment.inherited(),
            database,
            paths.LOGS / "benchmark-webhook-server.log",
            cron_threads=0,
            options=[databases.addons_path(), "--log-level=warn", "--limit-request=1000000"],
        ) as server:
            load = Load(urlsplit(server.url).port, requests, clients)
            ways = {"webhook": partial(load.rate, path, True), "bare": partial(load.rate, BARE, False)}
            for warm_up in ways.values():
                warm_up()
            rates = medians(ways, rounds)
    share = rates["webhook"] / rates["bare"]
    return [
        Figure(
            f"take in signed webhooks with distinct bodies (medians of {rounds}, {clients} clients)",
            f"{rates['webhook']:.0f} requests/s",
            f"a bare Odoo controller that inserts one row, {rates['bare']:.0f} requests/s",
            share,
            *at_least(share, LEAST_SHARE),
        )
    ]


def make_webhook(env) -> str:
    """Return the path of an active webhook; committed."""
    env["integration.instance"]._confirm_here()
    system = env["integration.system"].create({"name": "Benchmark", "code": secrets.token_hex(8)})
    system.action_approve()
    path = open_webhook(env, system, SECRET)
    env.cr.commit()
    return path


@dataclass(frozen=True)
class Load:
    """Requests of several clients at once, each on a connection that stays open."""

    port: int
    requests: int
    clients: int

    def rate(self, path: str, signed: bool) -> float:
        """Return the requests per second of a round; fail when one is not answered with 202."""
        barrier = threading.Barrier(self.clients + 1)
        answers = [[] for _client in range(self.clients)]
        threads = [
            threading.Thread(target=self._client, args=(path, signed, barrier, found)) for found in answers
        ]
        for thread in threads:
            thread.start()
        barrier.wait()
        started = time.perf_counter()
        for thread in threads:
            thread.join()
        seconds = time.perf_counter() - started
        statuses = {status for found in answers for status in found}
        assert statuses == {202}, statuses
        count = sum(map(len, answers))
        assert count == self.clients * (self.requests // self.clients), f"only {count} were answered"
        return count / seconds

    def _client(self, path: str, signed: bool, barrier: threading.Barrier, found: list[int]) -> None:
        requests = [_request(signed) for _number in range(self.requests // self.clients)]
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        barrier.wait()
        for body, headers in requests:
            connection.request("POST", path, body, headers)
            response = connection.getresponse()
            response.read()
            found.append(response.status)


def _request(signed: bool) -> tuple[bytes, dict[str, str]]:
    body = json.dumps({"event": secrets.token_hex(16), "padding": PADDING}).encode()
    headers = {"Content-Type": "application/json"}
    if signed:
        headers |= SignatureProfile().sign(SECRET, body, int(time.time()))
    return body, headers
