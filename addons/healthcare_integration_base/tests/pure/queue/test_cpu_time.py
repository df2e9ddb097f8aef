"""The limit is raised in a process of its own: a limit that was lowered cannot be raised by everybody."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[5]
PREPARE = "from tests import pure; pure.expose()\nimport resource\n"
ALLOW = "from odoo.addons.healthcare_integration_base.queue import allow_cpu_time\n"


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "-c", PREPARE + ALLOW + code], cwd=ROOT, capture_output=True, text=True, timeout=60
    )


def test_a_short_limit_is_raised():
    result = run(
        "hard = resource.getrlimit(resource.RLIMIT_CPU)[1]\n"
        "resource.setrlimit(resource.RLIMIT_CPU, (20, hard))\n"
        "allow_cpu_time(600)\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU)[0])\n"
    )
    assert result.returncode == 0, result.stderr
    assert 600 <= int(result.stdout) < 660


def test_no_limit_stays_none():
    result = run(
        "before = resource.getrlimit(resource.RLIMIT_CPU)\n"
        "allow_cpu_time(600)\n"
        "after = resource.getrlimit(resource.RLIMIT_CPU)\n"
        "print(before == after or before[0] != resource.RLIM_INFINITY)\n"
    )
    assert result.stdout.strip() == "True", result.stderr


def test_the_hard_limit_is_kept():
    result = run(
        "resource.setrlimit(resource.RLIMIT_CPU, (20, 30))\n"
        "allow_cpu_time(600)\n"
        "print(resource.getrlimit(resource.RLIMIT_CPU))\n"
    )
    assert result.stdout.strip() == "(30, 30)", result.stderr
