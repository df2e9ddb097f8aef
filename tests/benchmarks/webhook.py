"""Requests per second of the webhook beside a bare controller that inserts one row: same run, same server.

Needs a database of its own with the kernel and the benchmark's addon, and a server that serves it:

    ./setup/odoo -d benchmark --addons-path addons,tests/benchmarks/addons \
        -i healthcare_integration_base,integration_benchmark_door --stop-after-init
    ./setup/odoo shell -d benchmark --addons-path addons,tests/benchmarks/addons --no-http \
        < tests/benchmarks/webhook.py

The program starts the server itself (two worker processes, no cron: what follows from a message is the
queue's benchmark). Signed events with distinct bodies of 500 bytes go to the webhook, the same bodies to the
bare controller, over connections that stay open, in alternating rounds; figures are medians of the rounds.
BENCHMARK_REQUESTS (2000 a round), BENCHMARK_ROUNDS (5) and BENCHMARK_CLIENTS (4) change the sizes.
"""

# ruff: noqa: F821 (env is the shell's)
import contextlib
import http.client
import json
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from odoo.tools import config

from odoo.addons.healthcare_integration_base.doors.signature import SignatureProfile

REQUESTS = int(os.environ.get("BENCHMARK_REQUESTS", "2000"))
ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "5"))
CLIENTS = int(os.environ.get("BENCHMARK_CLIENTS", "4"))
SECRET = "a secret of the benchmark"
BARE = "/integration/benchmark/bare"
START_SECONDS = 60
PADDING = "x" * 440


def make_webhook(env):
    """Return the path of an active webhook; committed."""
    env["integration.instance"]._confirm_here()
    system = env["integration.system"].create({"name": "Benchmark", "code": secrets.token_hex(8)})
    system.action_approve()
    credential = env["integration.credential"].create(
        {"name": "Signing", "system_id": system.id, "kind": "signing"}
    )
    credential._set_secret(SECRET)
    endpoint = env["integration.endpoint"].create(
        {
            "name": "Events",
            "system_id": system.id,
            "transport": "webhook",
            "credential_id": credential.id,
        }
    )
    endpoint.action_activate()
    env.cr.commit()
    return f"/integration/webhook/{endpoint.webhook_token}"


@contextlib.contextmanager
def serving(database):
    """Serve the database with two workers and yield the port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, sys.argv[0], "-d", database, "--db-filter", f"^{database}$"]
    command += ["--addons-path", ",".join(config["addons_path"]), "--data-dir", config["data_dir"]]
    command += ["--http-interface", "127.0.0.1", "--http-port", str(port), "--workers", "2"]
    command += ["--max-cron-threads", "0", "--log-level", "warn", "--limit-request", "1000000"]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            _wait(port, server, log)
            yield port
        finally:
            server.terminate()
            server.wait(30)


def _wait(port, server, log):
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and server.poll() is None:
        with contextlib.suppress(OSError):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            connection.request("GET", "/web/health")
            if connection.getresponse().status == 200:
                return
        time.sleep(0.2)
    log.seek(0)
    raise RuntimeError(log.read().decode(errors="replace")[-4000:])


def measure(port, path, signed):
    """Return the requests per second of a round; fail when one is not answered with 202."""
    barrier = threading.Barrier(CLIENTS + 1)
    answers = [[] for _client in range(CLIENTS)]
    threads = [
        threading.Thread(target=_client, args=(port, path, signed, barrier, found)) for found in answers
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
    return sum(map(len, answers)) / seconds


def _client(port, path, signed, barrier, found):
    requests = [_request(signed) for _number in range(REQUESTS // CLIENTS)]
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    barrier.wait()
    for body, headers in requests:
        connection.request("POST", path, body, headers)
        response = connection.getresponse()
        response.read()
        found.append(response.status)


def _request(signed):
    body = json.dumps({"event": secrets.token_hex(16), "padding": PADDING}).encode()
    headers = {"Content-Type": "application/json"}
    if signed:
        headers |= SignatureProfile().sign(SECRET, body, int(time.time()))
    return body, headers


def main(env):
    path = make_webhook(env)
    with serving(env.cr.dbname) as port:
        for warm_up in ((path, True), (BARE, False)):
            measure(port, *warm_up)
        rounds = [(measure(port, path, True), measure(port, BARE, False)) for _round in range(ROUNDS)]
    for webhook, bare in rounds:
        print(f"webhook {webhook:6.0f}/s   bare {bare:6.0f}/s   {webhook / bare:.2f}")
    webhook, bare = (statistics.median(column) for column in zip(*rounds, strict=True))
    print(f"medians: webhook {webhook:.0f}/s, bare {bare:.0f}/s, ratio {webhook / bare:.2f}")


main(env)
