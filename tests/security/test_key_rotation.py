"""The rotation of keys beside a writer and a reader, killed and started again, in a bounded form.

The benchmark is the test's harness: what it asserts (nothing left, the reader never fails) fails it here too.
"""

import os
import re
import subprocess

from provisioning import environment, paths

from tests.benchmarks import figures

SIZES = ("--size=payloads=1500", "--size=rounds=0")
SECONDS = 400


def test_a_killed_rotation_goes_on_and_disturbs_nobody(tmp_path, tell):
    file = tmp_path / "figures.json"
    run = subprocess.run(
        [environment.PYTHON, "-m", "tests.benchmarks.measure", "key_rotation", file, *SIZES],
        env=os.environ,
        cwd=paths.ROOT,
        capture_output=True,
        text=True,
        timeout=SECONDS,
    )
    assert run.returncode == 0, run.stderr[-3000:]
    [found] = figures.load(file)
    tell(f"{found.what}: {found.figure}")
    assert re.search(r"with [\d,]+ of 1,500 left", found.what)
    assert found.met
