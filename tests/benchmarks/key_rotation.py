"""Rotation of the key under load: payloads re-encrypted a second while another process writes new ones.

Payloads are stored with one key. Then a second key becomes the active one, a process begins to write new
payloads, another to read old ones, and the rotation is started in a process of its own, which is killed
(SIGKILL) in the middle and started again. The peer is the same work with nothing around it: decrypt,
encrypt, and one UPDATE and one commit per batch, over psycopg2.
"""

from __future__ import annotations

import base64
import os
import subprocess
import time

from provisioning import processes, test_environment

from . import databases
from .figures import Figure, medians

BATCH = 500
VARIABLE = "HEALTHCARE_INTEGRATION_KEYS"
PRELUDE = "import time; messages = env['integration.message']\n"
ROTATE = (
    PRELUDE
    + """
began = time.time()
env['integration.keyring']._rotate()
print('SECONDS', time.time() - began, flush=True)
"""
)
WRITE = f"""{PRELUDE}
count = 0
print('READY', flush=True)
while True:
    message = messages.create({{'company_id': env.company.id, 'file_name': 'benchmark'}})
    message._store_payload([b'w' * SIZE])
    env.cr.commit()
    count += 1
    if count % 50 == 0:
        print('WROTE', count, flush=True)
    time.sleep(0.005)
"""
READ = f"""{PRELUDE}
ids = messages.search([('file_name', '=', 'benchmark')], limit=2000).ids
count = 0
print('READY', flush=True)
while True:
    for message in messages.browse(ids):
        assert len(message._payload()) == SIZE
        count += 1
        if count % 200 == 0:
            print('READ', count, flush=True)
            env.cr.rollback()
"""


def measure(payloads: int, payload_bytes: int, rounds: int) -> list[Figure]:
    """Rotate so many payloads under load, then so many rounds alone and beside the bare work."""
    with databases.environment(databases.REMITTANCES) as env:
        use_keys("one")
        env.cr.execute("DELETE FROM integration_key")
        rotation = Rotation(env, payloads, payload_bytes)
        rotation.fill()
        rotation.activate("two", "one")
        under_load = rotation.under_load()
        retired = env["integration.keyring"]._retire_unused()
        assert retired == ["one"], retired
        env.cr.commit()
        return [*(rotation.alone(rounds) if rounds else []), under_load]


class Rotation:
    """The payloads of one database, and the processes that work on them."""

    def __init__(self, env, payloads: int, payload_bytes: int):
        self.env, self.payloads, self.payload_bytes = env, payloads, payload_bytes

    def fill(self) -> None:
        """Store the payloads with the active key."""
        for start in range(0, self.payloads, BATCH):
            count = min(BATCH, self.payloads - start)
            made = self.env["integration.message"].create(
                [{"company_id": self.env.company.id, "file_name": "benchmark"} for _number in range(count)]
            )
            for message in made:
                message._store_payload([os.urandom(self.payload_bytes)])
            self.env.cr.commit()

    def activate(self, *names: str) -> None:
        """Make the first of the keys the active one."""
        use_keys(*names)
        self.env["integration.keyring"]._keyring()
        self.env.cr.commit()

    def left(self, name: str) -> int:
        """Return how many payloads a key still encrypts."""
        self.env.cr.rollback()
        self.env.cr.execute("SELECT count(*) FROM integration_message_chunk WHERE key_id = %s", (name,))
        return self.env.cr.fetchone()[0]

    def under_load(self) -> Figure:
        """Rotate beside a writer and a reader, killed once in the middle; fail when anything is lost."""
        writer, reader = self._shell(WRITE), self._shell(READ)
        wait_for(writer, "READY")
        wait_for(reader, "READY")
        total = self.left("one")
        running = self._shell(ROTATE)
        while self.left("one") > total / 2:
            if running.poll() is not None:
                raise RuntimeError(running.stderr.read()[-3000:])
            time.sleep(0.05)
        stop(running)
        left = self.left("one")
        assert 0 < left < total, "it was not killed in the middle"
        again = self._shell(ROTATE)
        rate = left / float(wait_for(again, "SECONDS")[1])
        again.wait()
        still = self.left("one")
        (written, writer_errors), (read, reader_errors) = stop(writer), stop(reader)
        assert still == 0 and not writer_errors + reader_errors, (still, writer_errors, reader_errors)
        return Figure(
            f"the same beside a writer and a reader, killed (SIGKILL) with {left:,} of {total:,} left",
            f"{written:,} written, {read:,} read meanwhile, no error;"
            f" {rate:,.0f}/s after the restart, none left",
            target="none lost, readers never fail",
            met=True,
        )

    def alone(self, rounds: int) -> list[Figure]:
        """Compare the rotation with the bare work, from key to key and back."""
        rates = medians({"bare": self._bare, "ours": self._rotated}, rounds)
        return [
            Figure(
                f"re-encrypt {self.payloads:,} payloads of {self.payload_bytes:,} bytes with a new key"
                f" (medians of {rounds})",
                f"{rates['ours']:,.0f} payloads/s",
                f"decrypt, encrypt, UPDATE in batches and nothing else, {rates['bare']:,.0f}/s",
                rates["ours"] / rates["bare"],
            )
        ]

    def _rotated(self) -> float:
        """Rotate from key one to key two in a process of its own; return payloads a second."""
        self.activate("two", "one")
        count = self.left("one")
        running = self._shell(ROTATE)
        rate = count / float(wait_for(running, "SECONDS")[1])
        running.wait()
        assert not self.left("one")
        return rate

    def _bare(self) -> float:
        """Do the same from key two to key one, with nothing around it; return payloads a second."""
        self.activate("one", "two")
        ring = self.env["integration.keyring"]._load(set())
        began, count = time.perf_counter(), 0
        with self.env.registry.cursor() as cr:
            while rows := _chunks_of(cr, "two"):
                blobs = []
                for _message_id, index, data, uuid in rows:
                    plain = ring.decrypt_chunk(bytes(data), uuid, index, True)
                    blobs.append(ring.encrypt_chunk(plain, uuid, index, True))
                cr.execute(
                    "UPDATE integration_message_chunk c SET data = new.data, key_id = %s"
                    " FROM unnest(%s, %s) AS new (id, data) WHERE c.message_id = new.id AND chunk_index = 0",
                    ("one", [row[0] for row in rows], blobs),
                )
                count += len(rows)
                cr.commit()
        return count / (time.perf_counter() - began)

    def _shell(self, code: str) -> subprocess.Popen:
        """Start an Odoo shell on this database, with the keys of this process, which runs the code."""
        odoo = test_environment.inherited()
        running = subprocess.Popen(
            odoo.command("shell", "-d", self.env.cr.dbname, "--no-http", "--log-level=error"),
            env=odoo.variables(),
            preexec_fn=processes.end_with_parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        running.stdin.write(f"SIZE = {self.payload_bytes}\n{code}")
        running.stdin.close()
        return running


def _chunks_of(cr, key_name: str) -> list[tuple]:
    cr.execute(
        "SELECT message_id, chunk_index, data, uuid FROM integration_message_chunk"
        " JOIN integration_message m ON m.id = message_id WHERE key_id = %s LIMIT %s",
        (key_name, BATCH),
    )
    return cr.fetchall()


def use_keys(*names: str) -> None:
    """Give this process, and those that it starts, these keys; the first is the active one."""
    os.environ[VARIABLE] = ",".join(
        f"{name}:{base64.urlsafe_b64encode(name.ljust(32, '.').encode()).decode()}" for name in names
    )


def wait_for(running: subprocess.Popen, word: str) -> list[str]:
    """Return the words of the first line that begins with a word."""
    for line in running.stdout:
        if line.startswith(word):
            return line.split()
    raise RuntimeError(running.stderr.read()[-3000:])


def stop(running: subprocess.Popen) -> tuple[int, list[str]]:
    """Kill a process; return the count that it printed last, and the errors that it wrote."""
    running.kill()
    counts = [int(line.split()[1]) for line in running.stdout if line.startswith(("WROTE", "READ "))]
    errors = [line for line in running.stderr if "Error" in line]
    running.wait()
    return (counts or [0])[-1], errors
