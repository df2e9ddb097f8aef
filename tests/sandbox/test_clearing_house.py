"""The sandbox server itself: what it announces, and that it ends when nobody needs it any more."""

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.sandbox.clearing_house import running

#: How long a server may take to end on a busy machine.
SECONDS = 30
PROGRAM = Path(__file__).with_name("clearing_house.py")


def command(tmp_path, *options):
    (tmp_path / "root").mkdir(exist_ok=True)
    (tmp_path / "password").write_text("secret\n")
    arguments = ["--root", str(tmp_path / "root"), "--port", "0", "--user", "payer"]
    arguments += ["--password-file", str(tmp_path / "password"), "--host-key", str(tmp_path / "key")]
    return [sys.executable, str(PROGRAM), *arguments, *options]


def is_alive(pid):
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def ended(pid):
    deadline = time.monotonic() + SECONDS
    while is_alive(pid):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_announces_itself_and_keeps_its_host_key(tmp_path):
    announced = []
    for _ in range(2):
        with subprocess.Popen(command(tmp_path), stdout=subprocess.PIPE) as process:
            announced.append(json.loads(process.stdout.readline()))
            process.send_signal(signal.SIGTERM)
            assert process.wait(timeout=SECONDS) == 0
    assert announced[0]["fingerprint"] == announced[1]["fingerprint"]
    assert announced[0]["known_hosts"].startswith(f"[127.0.0.1]:{announced[0]['port']} ssh-ed25519 ")
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


def test_ends_when_its_standard_input_closes(tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command(tmp_path, "--until-stdin-closes"), **pipes) as process:
        process.stdout.readline()
        assert process.poll() is None
        process.stdin.close()
        assert process.wait(timeout=SECONDS) == 0


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent death signal is Linux's")
def test_ends_when_its_parent_is_killed(tmp_path):
    starter = "import subprocess, sys, time; subprocess.Popen(sys.argv[1:]); time.sleep(60)"
    pipes = {"stdout": subprocess.PIPE}
    with subprocess.Popen([sys.executable, "-c", starter, *command(tmp_path)], **pipes) as parent:
        pid = json.loads(parent.stdout.readline())["pid"]
        assert is_alive(pid)
        parent.kill()
    assert ended(pid)


def test_ends_with_the_block(tmp_path):
    (tmp_path / "root").mkdir()
    with running(tmp_path / "root", "payer", "secret", tmp_path / "state") as house:
        assert is_alive(house.pid)
    assert ended(house.pid)


def test_a_server_that_cannot_start_is_reported(tmp_path):
    with (
        pytest.raises(RuntimeError, match="ended with code"),
        running(tmp_path, "payer", "secret", tmp_path / "state", "--port", "notaport"),
    ):
        pass
