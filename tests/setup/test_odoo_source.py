"""Fetching Odoo's source where nothing else has it: a shallow clone of the series' branch."""

import os
import subprocess

import pytest
from provisioning import odoo_source, paths
from provisioning.failure import SetupError
from provisioning.progress import Step


@pytest.fixture
def repository(tmp_path, monkeypatch):
    """A local repository in the place of the public one, with two commits on its branch."""
    folder = tmp_path / "public"
    (folder / "odoo").mkdir(parents=True)
    (folder / "odoo" / "release.py").write_text("version_info = (19, 0, 0, FINAL, 0, '')\n")
    _git(folder, "init", "--quiet", "--initial-branch", odoo_source.SERIES)
    for message in ("first", "second"):
        (folder / "message").write_text(message)
        _git(folder, "add", "--all")
        _git(folder, "commit", "--quiet", "-m", message)
    monkeypatch.setattr(odoo_source, "REPOSITORY", f"file://{folder}")
    monkeypatch.setattr(paths, "ODOO", tmp_path / "fetched")
    monkeypatch.setattr(paths, "LOGS", tmp_path / "logs")
    return folder


def _git(folder, *arguments):
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.com"]
    command = ["git", "-C", str(folder), *identity, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def test_shallow_clone(repository):
    folder = odoo_source.clone(Step("clone"))
    assert odoo_source.series_of(folder) == odoo_source.SERIES
    assert _git(folder, "rev-list", "--count", "HEAD") == "1"
    assert (folder / "message").read_text() == "second"


def test_an_interrupted_clone_is_taken_up_again(repository):
    folder = odoo_source.clone(Step("clone"))
    os.unlink(folder / "message")
    assert (odoo_source.clone(Step("clone")) / "message").read_text() == "second"


def test_the_version_follows_commits_and_edits(repository):
    folder = odoo_source.clone(Step("clone"))
    before = odoo_source.version_of(folder)
    (folder / "odoo" / "release.py").write_text("version_info = (19, 0, 1, FINAL, 0, '')\n")
    edited = odoo_source.version_of(folder)
    _git(folder, "commit", "--quiet", "-am", "third")
    assert len({before, edited, odoo_source.version_of(folder)}) == 3


def test_no_repository(repository, monkeypatch):
    monkeypatch.setattr(odoo_source, "REPOSITORY", "file:///nowhere")
    with pytest.raises(SetupError, match="could not be fetched") as caught:
        odoo_source.clone(Step("clone"))
    assert "ODOO_SOURCE" in str(caught.value)
