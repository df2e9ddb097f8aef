"""Where Odoo's source comes from: in which order, and by a shallow clone where nothing else has it."""

import hashlib
import os
import shutil
import subprocess

import pytest
from provisioning import apt, odoo_source, paths
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


# === THE ORDER === #


def _lay_out(folder, series="19"):
    """Make a folder that Odoo of a series can be imported from."""
    (folder / "odoo").mkdir(parents=True, exist_ok=True)
    (folder / "odoo" / "__init__.py").touch()
    release = f"FINAL = 'final'\nversion_info = ({series}, 0, 0, FINAL, 0, '')\n"
    (folder / "odoo" / "release.py").write_text(release)
    return folder


@pytest.fixture
def machine(tmp_path, monkeypatch, repository):
    """A checkout in which nothing has been fetched yet, with an environment; returns its link to Odoo."""
    for name in ("LOCAL", "STAMPS", "DOWNLOADS", "VENV"):
        monkeypatch.setattr(paths, name, tmp_path / name.lower())
    monkeypatch.setattr(apt, "_LOG", paths.LOGS / "apt.log")
    monkeypatch.delenv("ODOO_SOURCE", raising=False)
    packages = paths.VENV / "lib" / "python3.12" / "site-packages"
    packages.mkdir(parents=True)
    return packages / "healthcare_integration_odoo.pth"


@pytest.fixture
def archive(tmp_path, monkeypatch):
    """An unsigned archive of packages in the place of the distribution's; returns its folder."""
    if not (shutil.which("apt-get") and shutil.which("dpkg-deb")):
        pytest.skip("optional: this machine has no apt")
    folder = tmp_path / "archive"
    folder.mkdir()
    index = [_package(tmp_path / "building", folder, name) for name in ("odoo-19", *odoo_source.COMPANIONS)]
    (folder / "Packages").write_text("\n".join(index))
    options = apt.Archive._options
    unsigned = ["-o", "Acquire::AllowInsecureRepositories=1", "-o", "APT::Get::AllowUnauthenticated=1"]
    monkeypatch.setattr(apt.Archive, "_options", lambda archive: [*options(archive), *unsigned])
    entry = apt.Entry(f"copy:{folder}", "./", ())
    monkeypatch.setattr(apt, "unstable", lambda: apt.Archive("unstable", [entry]))
    return folder


def _package(building, folder, name):
    """Build a package, of Odoo with Odoo in it, and return its stanza of the archive's index."""
    root = building / name
    (root / "DEBIAN").mkdir(parents=True)
    control = f"Package: {name}\nVersion: 19.0.7\nArchitecture: all\nMaintainer: Nobody\nDescription: none\n"
    (root / "DEBIAN" / "control").write_text(control)
    if name == "odoo-19":
        _lay_out(root / "usr" / "lib" / "python3" / "dist-packages")
    file = folder / f"{name}_19.0.7_all.deb"
    subprocess.run(["dpkg-deb", "--root-owner-group", "-b", root, file], check=True, capture_output=True)
    content = file.read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    return f"{control}Filename: ./{file.name}\nSize: {len(content)}\nSHA256: {digest}\n"


def test_what_is_named_or_installed_comes_before_what_is_fetched(machine, tmp_path, monkeypatch, capsys):
    def nothing_fetched():
        return not paths.ODOO.exists() and not paths.LOCAL.exists()

    named, installed = _lay_out(tmp_path / "named"), _lay_out(tmp_path / "installed")
    monkeypatch.setenv("ODOO_SOURCE", str(named))
    monkeypatch.setenv("PYTHONPATH", str(installed))
    assert odoo_source.ensure().folder == named and nothing_fetched()
    assert machine.read_text() == f"{named}\n"
    monkeypatch.delenv("ODOO_SOURCE")
    assert odoo_source.ensure().folder == installed and nothing_fetched()
    assert machine.read_text() == f"{installed}\n"


def test_of_another_series_the_package_is_unpacked_and_kept(machine, archive, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("PYTHONPATH", str(_lay_out(tmp_path / "installed", "18")))
    source = odoo_source.ensure()
    assert source.folder == paths.ODOO / "package" / "usr" / "lib" / "python3" / "dist-packages"
    assert source.version == "19.0.7"
    assert machine.read_text() == f"{source.folder}\n"
    assert "The installed Odoo is 18.0, not 19.0" in capsys.readouterr().out
    shutil.rmtree(archive)
    assert odoo_source.ensure() == source, "what was unpacked needs no archive"


@pytest.mark.parametrize("lacking", ["archive", "package"])
def test_without_the_package_there_is_a_clone(machine, archive, tmp_path, monkeypatch, capsys, lacking):
    monkeypatch.setenv("PYTHONPATH", str(_lay_out(tmp_path / "installed", "18")))
    if lacking == "archive":
        shutil.rmtree(archive)
    else:
        (archive / "Packages").write_text("")
    source = odoo_source.ensure()
    assert source.folder == paths.ODOO / "checkout"
    assert (source.folder / "message").read_text() == "second"
    assert machine.read_text() == f"{source.folder}\n"
    assert "The distribution's package odoo-19 cannot be used" in capsys.readouterr().out
    monkeypatch.setattr(odoo_source, "REPOSITORY", "file:///nowhere")
    assert odoo_source.ensure() == source, "what was cloned needs no repository"
