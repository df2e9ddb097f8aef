"""The rotation of keys beside a writer and a reader, killed and started again, in a bounded form.

The benchmark is the test's harness: what it asserts (nothing left, the reader never fails) fails it here too.
"""

import re
import subprocess
from pathlib import Path

from provisioning import installed, test_environment

#: The template that the tests of faults use, too.
ADDON = "healthcare_integration_rcm_posting"
SCRIPT = Path(__file__).resolve().parents[1] / "benchmarks" / "key_rotation.py"
SECONDS = 400


def test_a_killed_rotation_goes_on_and_disturbs_nobody(capsys):
    odoo = test_environment.inherited()
    with installed.copied(odoo, installed.template(odoo, [ADDON]), "rotation") as database:
        run = subprocess.run(
            odoo.command("shell", "-d", database, "--no-http", "--log-level=error"),
            input=SCRIPT.read_text(encoding="utf-8"),
            env={**odoo.variables(), "BENCHMARK_PAYLOADS": "1500", "BENCHMARK_ROUNDS": "0"},
            capture_output=True,
            text=True,
            timeout=SECONDS,
        )
    with capsys.disabled():
        print("\n" + run.stdout.rstrip())
    assert run.returncode == 0, run.stderr[-3000:]
    assert re.search(r"with \d+ of \d+ left", run.stdout)
    assert "0 left; reader's errors: none" in run.stdout
    assert "retired: ['one']" in run.stdout
