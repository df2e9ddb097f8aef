"""Rotation of the key under load: payloads re-encrypted a second while another process writes new ones.

Runs in Odoo's shell on a database of its own that has the base addon installed and holds no messages yet:

    ./setup/odoo -d benchmark -i healthcare_integration_base --stop-after-init
    ./setup/odoo shell -d benchmark --no-http < tests/benchmarks/key_rotation.py

10,000 payloads are stored with one key. Then a second key becomes the active one, a process begins to write
new payloads, another to read old ones, and the rotation is started in a process of its own, which is killed
(SIGKILL) in the middle and started again. The peer is the same work with nothing around it: decrypt,
encrypt, and one UPDATE and one commit per batch, over psycopg2. BENCHMARK_PAYLOADS,
BENCHMARK_BYTES and BENCHMARK_ROUNDS set number, size and how often it is compared; nothing is left behind
but entries of the audit log.
"""

# ruff: noqa: F821 (env is the shell's)
import base64
import os
import statistics
import subprocess
import sys
import time

PAYLOADS = int(os.environ.get("BENCHMARK_PAYLOADS", "10000"))
BYTES = int(os.environ.get("BENCHMARK_BYTES", "4096"))
BATCH = 500
ROUNDS = int(os.environ.get("BENCHMARK_ROUNDS", "3"))
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
    message._store_payload([b'w' * {BYTES}])
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
        assert len(message._payload()) == {BYTES}
        count += 1
        if count % 200 == 0:
            print('READ', count, flush=True)
            env.cr.rollback()
"""


def key(name):
    return f"{name}:{base64.urlsafe_b64encode(name.ljust(32, '.').encode()).decode()}"


def use_keys(*names):
    os.environ[VARIABLE] = ",".join(map(key, names))


def process(code):
    """Start a shell of its own on this database, which runs the code."""
    command = [sys.executable, *sys.argv[:1], "shell", "-d", env.cr.dbname, "--no-http", "--log-level=error"]
    running = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    running.stdin.write(code)
    running.stdin.close()
    return running


def wait_for(running, word):
    for line in running.stdout:
        if line.startswith(word):
            return line.split()
    raise RuntimeError(running.stderr.read()[-3000:])


def stop(running):
    """Kill a process; return the last thing that it said."""
    running.kill()
    lines = [line for line in running.stdout if line.strip()]
    errors = [line for line in running.stderr.read().splitlines() if "Error" in line]
    running.wait()
    return lines[-1].split() if lines else [], errors


def fill():
    for start in range(0, PAYLOADS, 500):
        count = min(500, PAYLOADS - start)
        made = env["integration.message"].create(
            [{"company_id": env.company.id, "file_name": "benchmark"} for _number in range(count)]
        )
        for message in made:
            message._store_payload([os.urandom(BYTES)])
        env.cr.commit()


def of_key(name):
    env.cr.rollback()
    env.cr.execute("SELECT count(*) FROM integration_message_chunk WHERE key_id = %s", (name,))
    return env.cr.fetchone()[0]


def bare(former, current):
    """Do the same with nothing around it, over a connection of its own; return payloads a second."""
    ring = env["integration.keyring"]._load(set())
    began, count = time.perf_counter(), 0
    with env.registry.cursor() as cr:
        while True:
            cr.execute(
                "SELECT message_id, chunk_index, data, uuid FROM integration_message_chunk"
                " JOIN integration_message m ON m.id = message_id WHERE key_id = %s LIMIT %s",
                (former, BATCH),
            )
            rows = cr.fetchall()
            if not rows:
                return count / (time.perf_counter() - began)
            blobs = []
            for _message_id, index, data, uuid in rows:
                plain = ring.decrypt_chunk(bytes(data), uuid, index, True)
                blobs.append(ring.encrypt_chunk(plain, uuid, index, True))
            cr.execute(
                "UPDATE integration_message_chunk c SET data = new.data, key_id = %s"
                " FROM unnest(%s, %s) AS new (id, data) WHERE c.message_id = new.id AND c.chunk_index = 0",
                (current, [row[0] for row in rows], blobs),
            )
            count += len(rows)
            cr.commit()


def rotate():
    """Rotate in a process of its own, alone; return payloads a second."""
    before = of_key("one")
    words = wait_for(running := process(ROTATE), "SECONDS")
    running.wait()
    return before / float(words[1])


def under_load():
    """Rotate beside a writer and a reader, killed once in the middle; return what each of them did."""
    writer, reader = process(WRITE), process(READ)
    wait_for(writer, "READY")
    wait_for(reader, "READY")
    total, began = of_key("one"), time.perf_counter()
    running = process(ROTATE)
    while of_key("one") > total / 2:
        time.sleep(0.05)
    running.kill()  # SIGKILL
    running.wait()
    left, killed = of_key("one"), time.perf_counter()
    assert 0 < left < total, "it was not killed in the middle"
    words = wait_for(running := process(ROTATE), "SECONDS")
    running.wait()
    rate = left / float(words[1])
    seconds = time.perf_counter() - began
    still = of_key("one")
    (written, _errors), (read, reader_errors) = stop(writer), stop(reader)
    print(f"killed after {killed - began:.1f} s (start of the process included) with {left} of {total} left")
    print(
        f"rotated in {seconds:.1f} s beside a writer ({written[-1]} written) and a reader ({read[-1]} read)"
    )
    print(
        f"{rate:,.0f} payloads/s after the restart; {still} left; reader's errors: {reader_errors or 'none'}"
    )
    assert still == 0 and not reader_errors


def main():
    use_keys("one")
    env.cr.execute("DELETE FROM integration_key")
    fill()
    print(f"{PAYLOADS} payloads of {BYTES} bytes")
    use_keys("two", "one")
    env["integration.keyring"]._keyring()
    env.cr.commit()
    under_load()
    keyring = env["integration.keyring"]
    print("retired:", keyring._retire_unused())
    env.cr.commit()
    ours, theirs = [], []
    for number in range(ROUNDS):
        use_keys("one", "two")
        keyring._keyring()
        env.cr.commit()
        theirs.append(bare("two", "one"))
        use_keys("two", "one")
        keyring._keyring()
        env.cr.commit()
        ours.append(rotate())
        print(f"round {number + 1}: rotation {ours[-1]:,.0f}/s, bare {theirs[-1]:,.0f}/s", flush=True)
    if ROUNDS:
        mine, limit = statistics.median(ours), statistics.median(theirs)
        print(f"medians: rotation {mine:,.0f} payloads/s, bare {limit:,.0f}/s, ratio {mine / limit:.2f}")
    env.cr.rollback()
    env.cr.execute("DELETE FROM integration_message WHERE file_name = 'benchmark'")
    env.cr.execute("DELETE FROM integration_key")
    env.cr.commit()


main()
