"""The set-up commands' own package is not among the tests' paths: it lies in ``setup``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))

import pytest  # noqa: E402
from provisioning import installed, test_environment  # noqa: E402

from tests.faults.expected_logs import KILLED  # noqa: E402
from tests.faults.own_server import OwnServer  # noqa: E402
from tests.faults.workers import Fleet  # noqa: E402

ADDON = "healthcare_integration_rcm_posting"
#: The fixtures that are fleets.
FLEETS = ("fleet", "own_fleet")


@pytest.fixture(autouse=True)
def quiet_logs(request):
    """Fail a marked test on warnings and errors of its fleets' processes that its mark does not expect."""
    fleets = [request.getfixturevalue(name) for name in FLEETS if name in request.fixturenames]
    yield
    mark = request.node.get_closest_marker("logs")
    for fleet in fleets if mark else ():
        fleet.logs.assert_quiet([KILLED, *mark.args])


@pytest.fixture(scope="module")
def fleet(tmp_path_factory):
    """A database of its own with the suite installed, and the processes that may work on it."""
    odoo = test_environment.inherited()
    with installed.copied(odoo, installed.template(odoo, [ADDON]), "faults") as database:
        yield Fleet(odoo, database, tmp_path_factory.mktemp("faults"))


@pytest.fixture
def own_server():
    """A database server of the test's own, which it may crash."""
    with OwnServer.running(test_environment.inherited()) as server:
        yield server


@pytest.fixture
def own_fleet(own_server, tmp_path):
    """The suite's database on that server, and the processes that may work on it."""
    shared = test_environment.inherited()
    with installed.copied(shared, installed.template(shared, [ADDON]), "storm") as database:
        own_server.restore(database, "storm")
    fleet = Fleet(own_server.odoo, "storm", tmp_path)
    fleet.may_end = True
    return fleet
