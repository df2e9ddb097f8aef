"""The small rules of the set-up: sources, stamps, names, secrets, ports and what a failure says."""

import os
import signal
import socket
import subprocess
import sys

import pytest
from provisioning import (
    addons,
    database,
    failure,
    odoo_source,
    paths,
    ports,
    postgres,
    processes,
    secret_files,
    stamps,
)
from provisioning.failure import SetupError


@pytest.mark.parametrize(
    ("text", "series"),
    [
        ("version_info = (19, 0, 0, FINAL, 0, '')\n", "19.0"),
        ("version_info = ('saas~18', 4, 0, FINAL, 0, '')\n", "saas~18.4"),
        ("version = '19.0'\n", ""),
    ],
)
def test_series_of_a_source(tmp_path, text, series):
    (tmp_path / "odoo").mkdir()
    (tmp_path / "odoo" / "release.py").write_text(text)
    assert odoo_source.series_of(tmp_path) == series


def test_odoo_source_must_be_the_right_series(tmp_path, monkeypatch):
    monkeypatch.setenv("ODOO_SOURCE", str(tmp_path))
    with pytest.raises(SetupError, match=r"holds no Odoo, expected Odoo 19\.0") as caught:
        odoo_source.ensure()
    assert "unset it" in str(caught.value)


@pytest.mark.parametrize(
    ("url", "variables"),
    [
        (
            "postgresql://me:p%40ss@db:6432/x",
            {"PGHOST": "db", "PGPORT": "6432", "PGUSER": "me", "PGPASSWORD": "p@ss"},
        ),
        ("postgres://db/", {"PGHOST": "db", "PGPORT": "5432"}),
    ],
)
def test_address_of_a_database_server(url, variables):
    assert postgres.parse_url(url) == variables


@pytest.mark.parametrize("url", ["mysql://db/", "postgresql:///x", "db"])
def test_no_address_of_a_database_server(url):
    with pytest.raises(SetupError, match="DATABASE_URL"):
        postgres.parse_url(url)


def test_stamps_follow_their_key(tmp_path, monkeypatch):
    monkeypatch.setattr(paths, "STAMPS", tmp_path / "stamps")
    assert not stamps.exists("step")
    stamps.record("step", stamps.digest("a"))
    assert stamps.is_current("step", stamps.digest("a"))
    assert not stamps.is_current("step", stamps.digest("b"))
    stamps.forget("step")
    assert not stamps.exists("step")


def test_digest_depends_on_borders_and_names(tmp_path):
    assert stamps.digest("ab", "c") != stamps.digest("a", "bc")
    (tmp_path / "one").write_text("x")
    before = stamps.digest_files([tmp_path / "one"], tmp_path)
    (tmp_path / "one").rename(tmp_path / "two")
    assert stamps.digest_files([tmp_path / "two"], tmp_path) != before


@pytest.fixture
def own_addons(tmp_path, monkeypatch):
    """Put three addons in the place of the suite's: ``top`` needs ``low``, both need some of Odoo's."""
    for name, depends in {"low": ["base", "mail"], "top": ["low", "account"], "odd": []}.items():
        (tmp_path / name / "tests").mkdir(parents=True)
        (tmp_path / name / "__manifest__.py").write_text(repr({"depends": depends}))
        (tmp_path / name / "model.py").write_text("")
    monkeypatch.setattr(paths, "ADDONS", tmp_path)
    return tmp_path


def test_dependencies_of_addons(own_addons):
    assert addons.outside_dependencies(["top"]) == ["account", "base", "mail"]
    assert addons.with_dependencies(["top"]) == ["low", "top"]


def test_an_unreadable_manifest(own_addons):
    (own_addons / "low" / "__manifest__.py").write_text("{")
    with pytest.raises(SetupError, match=r"low/__manifest__\.py"):
        addons.outside_dependencies(["top"])


def test_digest_of_addons_follows_what_is_installed(own_addons):
    before = addons.digest(["top"])
    (own_addons / "top" / "tests" / "test_x.py").write_text("")
    (own_addons / "odd" / "model.py").write_text("changed")
    assert addons.digest(["top"]) == before
    (own_addons / "low" / "model.py").write_text("changed")
    assert addons.digest(["top"]) != before


def test_database_names():
    assert database.scoped_name("run", "rcm").startswith(f"hi_{paths.checkout_id()}_run_rcm")
    for part in ("Upper", 'quo"te', "x" * 60):
        with pytest.raises(ValueError, match="name of a database"):
            database.scoped_name(part)


def test_secrets_are_generated_once_and_private(tmp_path):
    file = tmp_path / "folder" / "secret"
    first = secret_files.generated(file)
    assert len(first) >= 24
    assert secret_files.generated(file) == first
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_replaced_secret_is_private_too(tmp_path):
    file = tmp_path / "secret"
    file.write_text("old")
    file.chmod(0o644)
    secret_files.write(file, "new")
    assert (file.read_text(), file.stat().st_mode & 0o777) == ("new", 0o600)


def test_ports():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        assert not ports.port_is_free(server.getsockname()[1])
    port = ports.free_port()
    assert ports.port_is_free(port)


def test_a_failed_program_says_what_to_do(tmp_path):
    log = tmp_path / "log"
    command = [sys.executable, "-c", "print('the cause'); raise SystemExit(3)"]
    with pytest.raises(SetupError) as caught:
        processes.run_logged(command, log, "Nothing was made", "Try again.")
    text = str(caught.value)
    assert "Nothing was made (exit code 3)" in text
    assert "the cause" in text
    assert str(log) in text
    assert "What to do: Try again." in text


def test_a_missing_program(tmp_path):
    with pytest.raises(SetupError, match="Nothing was made"):
        processes.run_logged([tmp_path / "no-such-program"], tmp_path / "log", "Nothing was made")


@pytest.mark.parametrize("code", [0, 3, -signal.SIGTERM, -signal.SIGKILL])
def test_ending_like_a_child(code):
    script = "import sys; sys.path.insert(0, sys.argv[1])\n"
    script += "from provisioning import processes; processes.exit_like(int(sys.argv[2]))"
    result = subprocess.run([sys.executable, "-c", script, str(paths.SETUP), str(code)], check=False)
    assert result.returncode == code


def test_only_the_end_of_a_log_is_shown(tmp_path):
    log = tmp_path / "log"
    log.write_text("\n".join(map(str, range(1000))))
    assert failure.tail(log)[0] == str(1000 - failure.TAIL_LINES)


def test_a_started_program_is_ended():
    with processes.started(["sleep", "60"]) as process:
        assert process.poll() is None
    assert process.returncode == -15
    assert not os.path.exists(f"/proc/{process.pid}")
