"""The files for Docker hang together; no engine is needed to see that."""

import configparser
import re
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"


@pytest.fixture
def compose() -> dict:
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


def test_services_start_in_order(compose):
    assert set(compose["services"]) == {"database", "odoo", "clearing-house"}
    assert compose["services"]["odoo"]["depends_on"] == {"database": {"condition": "service_healthy"}}
    assert "healthcheck" in compose["services"]["database"]


def test_what_a_crash_ends_is_started_again(compose):
    assert {compose["services"][name]["restart"] for name in ("database", "odoo")} == {"unless-stopped"}


def test_what_is_mounted_exists(compose):
    sources = [volume.split(":")[0] for volume in compose["services"]["odoo"]["volumes"]]
    for source in sources:
        assert source in compose["volumes"] or (DOCKER / source).resolve().exists(), source


def test_every_secret_is_explained():
    names = set(re.findall(r"\$\{([A-Z_]+):\?", (DOCKER / "compose.yaml").read_text()))
    documented = (DOCKER / "README.md").read_text()
    assert names and all(f"{name}=" in documented for name in names)


def test_cron_workers_have_no_watchdog():
    options = configparser.ConfigParser()
    options.read(DOCKER / "odoo.conf")
    assert options["options"]["limit_time_real_cron"] == "0"
    assert int(options["options"]["max_cron_threads"]) >= 4
