"""A partner's SFTP server that fails in every way there is, while two workers fetch from it.

Nobody helps: what failed is tried again, and the circuit opens and closes, by the endpoint's own clock.
"""

import time

import pytest

from tests.faults.partner import (
    Circuit,
    Partner,
    assert_nothing_left_to_people,
    error_codes,
    looking,
    posted,
)
from tests.odoo_logs import CONCURRENT

FILES, CLAIMS = 6, 30


@pytest.fixture(scope="module")
def partner(fleet, tmp_path_factory):
    partner = Partner(tmp_path_factory.mktemp("partner"))
    fleet.prepare("hospital", str(fleet.folder / "unused"), "+", *partner.mailbox())
    return partner


@pytest.mark.logs(CONCURRENT)
def test_whatever_the_partner_does_each_file_arrives_once(fleet, partner, tell):
    steps = [step for number in range(FILES) for step in (*partner.write(number, CLAIMS), "+")]
    fleet.prepare(*steps, "look")
    size = min(path.stat().st_size for path in partner.ready.iterdir())
    partner.deliver()
    circuit = Circuit(fleet)
    began, seen = time.monotonic(), []
    with fleet.working(2):
        for code, fault in partner.faults(size // 2).items():
            with fault():
                fleet.wait_until(looking(fleet, lambda: code in error_codes(fleet)))  # noqa: B023
            seen.append(f"{code} after {time.monotonic() - began:.0f} s")
        openings = circuit.openings()
        with partner.slow():
            fleet.wait_until(looking(fleet, lambda: posted(fleet) == FILES and fleet.is_idle()), 180)
    seen.append(f"all {FILES} files from a slow server after {time.monotonic() - began:.0f} s")
    tell(f"a partner's faults: {', '.join(seen)}; the circuit opened {openings} times and closed by itself")
    assert openings and circuit.is_closed()
    partner.assert_all_taken(FILES)
    assert_nothing_left_to_people(fleet, FILES)
    assert not fleet.value(
        "SELECT count(*) FROM ir_cron JOIN integration_fault_cron ON id = cron_id WHERE NOT active"
    )
