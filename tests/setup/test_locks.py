"""The count of a server's users survives nothing but the processes themselves."""

import signal

import pytest
from provisioning import locks

from tests.setup.users import users

JOIN = """
import sys; sys.path.insert(0, sys.argv[1])
from pathlib import Path
from provisioning.locks import Usage
usage = Usage(Path(sys.argv[2]))
usage.join()
print("joined", flush=True)
sys.stdin.read()
print(usage.leave(), flush=True)
"""


@pytest.fixture
def user(tmp_path):
    """Start processes that count themselves in as users of one file, and end them."""
    with users(JOIN, tmp_path / "use") as start:
        yield start


def test_only_the_last_user_is_told_so(user):
    first, second = user(), user()
    assert first.communicate()[0] == "False\n"
    assert second.communicate()[0] == "True\n"


def test_a_killed_user_no_longer_counts(user):
    first, second = user(), user()
    first.send_signal(signal.SIGKILL)
    first.wait()
    assert second.communicate()[0] == "True\n"


def test_waiting_for_the_last_user(user, tmp_path):
    process = user()
    assert locks.is_held(tmp_path / "use")
    process.kill()
    with locks.Usage(tmp_path / "use").last():
        assert locks.is_held(tmp_path / "use")
    assert not locks.is_held(tmp_path / "use")


def test_leaving_without_having_joined(tmp_path):
    assert locks.Usage(tmp_path / "use").leave() is False


def test_held_alone(tmp_path):
    file = tmp_path / "folder" / "lock"
    with locks.held_alone(file) as first, locks.held_alone(file) as second:
        assert (first, second) == (True, False)
    with locks.held_alone(file) as third:
        assert third
