"""Tasks per second of the integration queue beside OCA queue_job, both on real servers in one run.

Makes databases of its own, installs OCA queue_job from PyPI into a temporary folder, and drops what it made:

    ./setup/odoo shell --no-http < tests/benchmarks/queue.py

* ours: four lanes in four cron workers; tasks that share a transaction, and tasks with a commit each;
* OCA queue_job 19.0: its job runner with root:4 and four worker processes.

Both do the same work, which writes one row. Tasks are enqueued in one transaction; the clock runs from its
commit to the last task. The wait of a single task is measured on the idle server: from its commit to its
beginning.
Sizes: BENCHMARK_TASKS (20000), BENCHMARK_PEER_TASKS (2000), BENCHMARK_SINGLE (50). BENCHMARK_MEMORY=100000
also runs so many tasks to see that the workers' memory stays flat; BENCHMARK_PEER=0 leaves OCA out;
BENCHMARK_KEEP=1 keeps the databases for the next run.
"""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from odoo import SUPERUSER_ID, api
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import config

ROOT = Path(os.environ.get("BENCHMARK_ROOT") or os.getcwd())
sys.path.insert(0, str(ROOT))
from tests.benchmarks.queue_claims import claim_costs  # noqa: E402
from tests.benchmarks.queue_server import Server, Usage  # noqa: E402

TASKS = int(os.environ.get("BENCHMARK_TASKS", "20000"))
PEER_TASKS = int(os.environ.get("BENCHMARK_PEER_TASKS", "2000"))
SINGLE = int(os.environ.get("BENCHMARK_SINGLE", "50"))
MEMORY = int(os.environ.get("BENCHMARK_MEMORY", "0"))
WITH_PEER = os.environ.get("BENCHMARK_PEER", "1") != "0"
ADDONS = [ROOT / "tests" / "benchmarks" / "addons"]
PEER = "odoo-addon-queue_job==19.0.2.4.0.1"
WORKERS = 4
LOOK_SECONDS = 0.05


class Subject:
    """One queue under test: how to enqueue, and when all is done.

    :ivar enqueue: ``function(works)`` that enqueues one task for each record
    :ivar unfinished: a query that returns a row while work is left
    """

    def __init__(self, name, server, enqueue, unfinished, empty):
        self.name, self.server, self.enqueue = name, server, enqueue
        self.unfinished, self.empty = unfinished, empty

    def begin(self, count):
        """Make new works, an empty queue."""
        self.server.execute(self.empty)
        self.server.execute("DELETE FROM benchmark_work")
        self.server.execute(
            "INSERT INTO benchmark_work (id, started_at, runs)"
            " SELECT number, 0, 0 FROM generate_series(1, %s) AS number",
            count,
        )
        self.server.execute("VACUUM ANALYZE")
        self.server.usage = Usage()

    def commit_tasks(self, first, last):
        """Enqueue the works of these ids in one transaction.

        :return: the seconds that enqueuing took, and the time of the commit
        """
        with Registry(self.server.database).cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            began = time.perf_counter()
            self.enqueue(env["benchmark.work"].browse(range(first, last + 1)))
            cr.flush()
            seconds = time.perf_counter() - began
            cr.commit()
        return seconds, time.time()

    def wait(self):
        """Return the time when nothing is left to be done."""
        while self.server.execute(self.unfinished):
            time.sleep(LOOK_SECONDS)
        return time.time()

    def throughput(self, count):
        """Run so many tasks.

        :return: a dict of figures
        """
        self.begin(count)
        enqueue_seconds, committed = self.commit_tasks(1, count)
        seconds = self.wait() - committed
        rows = self.server.execute("SELECT started_at - %s, runs FROM benchmark_work ORDER BY 1", committed)
        assert {runs for _wait, runs in rows} == {1}, "each task ran once"
        usage = self.server.usage
        return {
            "tasks/s": count / seconds,
            "enqueued/s": count / enqueue_seconds,
            "p50": rows[len(rows) // 2][0],
            "p95": rows[int(len(rows) * 0.95)][0],
            "connections": usage.connections,
            "worker MiB": usage.worker_mib,
            "CPU ms/task": usage.cpu_seconds * 1000 / count,
        }

    def single_waits(self, count):
        """Return the sorted waits of single tasks on the idle server, in seconds."""
        self.begin(count)
        waits = []
        for number in range(1, count + 1):
            _seconds, committed = self.commit_tasks(number, number)
            self.wait()
            [(started,)] = self.server.execute("SELECT started_at FROM benchmark_work WHERE id = %s", number)
            waits.append(started - committed)
            time.sleep(0.05 * (number % 7))
        return sorted(waits)


def ours(name, method):
    """Return the integration queue with four lanes, on a server that is not started yet."""
    server = Server(
        "benchmark_queue", ADDONS,
        ["--workers=1", "--no-http", f"--max-cron-threads={WORKERS}", "--limit-time-real-cron=0"], {},
    )  # fmt: skip
    return Subject(
        name,
        server,
        lambda works: getattr(works.with_integration_task(each=True), method)(),
        "SELECT 1 FROM integration_task WHERE state IN ('pending', 'waiting', 'running') LIMIT 1",
        "DELETE FROM integration_task",
    )


def theirs(folder):
    """Return OCA queue_job with its job runner and root:4, installed from PyPI into a folder."""
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target"]
    subprocess.run([*pip, str(folder / "addons"), PEER], check=True)
    subprocess.run([*pip, str(folder / "libraries"), "openupgradelib"], check=True)
    sys.path.append(str(folder / "libraries"))
    port = free_port()
    server = Server(
        "benchmark_queue_job", [*ADDONS, folder / "addons" / "odoo" / "addons"],
        [f"--workers={WORKERS + 1}", "--max-cron-threads=0", f"--http-port={port}",
         "--load=base,web,queue_job"],
        {"PYTHONPATH": str(folder / "libraries"), "ODOO_QUEUE_JOB_CHANNELS": f"root:{WORKERS}",
         "ODOO_QUEUE_JOB_HOST": "127.0.0.1", "ODOO_QUEUE_JOB_PORT": str(port)},
    )  # fmt: skip
    return Subject(
        "OCA queue_job",
        server,
        lambda works: [work.with_delay()._work() for work in works],
        "SELECT 1 FROM queue_job WHERE state NOT IN ('done', 'cancelled', 'failed') LIMIT 1",
        "DELETE FROM queue_job",
    )


def free_port():
    with contextlib.closing(socket.socket()) as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def know_addons(servers):
    """Let this process import what is installed in the databases: it enqueues by itself."""
    paths = [path for server in servers for path in server.addons]
    config["addons_path"] = [*config["addons_path"], *(str(path) for path in dict.fromkeys(paths))]
    initialize_sys_path()


def four_lanes(database):
    with Registry(database).cursor() as cr:
        lanes = api.Environment(cr, SUPERUSER_ID, {})["integration.queue"]._lanes()
        for _more in range(WORKERS - len(lanes)):
            lanes[0].copy()


def show(name, figures, waits):
    middle, late = waits[len(waits) // 2], waits[int(len(waits) * 0.95)]
    print(
        f"{name:<22} {figures['tasks/s']:9.0f} {figures['enqueued/s']:11.0f} {figures['p50']:8.2f}"
        f" {figures['p95']:8.2f} {middle * 1000:8.0f} {late * 1000:8.0f} {figures['connections']:6}"
        f" {figures['worker MiB']:7.0f} {figures['CPU ms/task']:9.2f}",
        flush=True,
    )


def measure_ours():
    """Return the figures of both kinds of tasks, and run what is asked for beside."""
    together, alone = ours("ours, together", "_work_together"), ours("ours, one by one", "_work_alone")
    alone.server = together.server
    know_addons([together.server])
    together.server.install(["benchmark_work_task", "healthcare_integration_base"])
    four_lanes(together.server.database)
    results = {}
    with together.server.running():
        for subject in (together, alone):
            subject.throughput(2 * WORKERS * 50)  # warm
            results[subject.name] = subject.throughput(TASKS)
            show(subject.name, results[subject.name], subject.single_waits(SINGLE))
        if MEMORY:
            measure_memory(together)
    claim_costs(together)
    return together, results


def measure_memory(subject):
    """Print the memory of each worker after a tenth of the tasks and after all."""
    subject.begin(MEMORY)
    subject.commit_tasks(1, MEMORY)
    tenth = MEMORY - MEMORY // 10
    while subject.server.execute("SELECT count(*) FROM benchmark_work WHERE runs = 0")[0][0] > tenth:
        time.sleep(LOOK_SECONDS)
    early = dict(subject.server.usage.by_worker)
    subject.wait()
    late = subject.server.usage.by_worker
    growth = max(late[worker] - early[worker] for worker in early)
    print(
        f"{MEMORY} tasks: the worker that grew most grew by {growth:.1f} MiB from the first tenth to the end"
    )


def main():
    print(
        f"{'':<22} {'tasks/s':>9} {'enqueued/s':>11} {'p50 s':>8} {'p95 s':>8} {'idle p50':>8} {'p95 ms':>8}"
        f" {'conn.':>6} {'MiB':>7} {'CPU ms/t':>9}"
    )
    subject, results = measure_ours()
    subject.server.drop()
    if not WITH_PEER:
        return
    with tempfile.TemporaryDirectory() as folder:
        peer = theirs(Path(folder))
        know_addons([peer.server])
        peer.server.install(["benchmark_work", "queue_job"])
        with peer.server.running(12):
            peer.throughput(50)  # warm
            base = peer.throughput(PEER_TASKS)
            show(peer.name, base, peer.single_waits(SINGLE))
        peer.server.drop()
    for name, figures in results.items():
        ratios = (
            f"{figures[key] / base[key]:.3g} x {key}" for key in ("tasks/s", "enqueued/s", "CPU ms/task")
        )
        print(f"{name}: {', '.join(ratios)} of {peer.name}")


main()
