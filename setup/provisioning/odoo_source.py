"""Find Odoo 19.0, or fetch it below the checkout."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import apt, environment, paths, stamps
from .failure import SetupError
from .processes import run_logged
from .progress import Step, say, step

SERIES = "19.0"
REPOSITORY = "https://github.com/odoo/odoo.git"
#: Odoo's package refers to these by relative links for the fonts and scripts that Debian ships apart.
COMPANIONS = (
    "fonts-font-awesome",
    "fonts-glyphicons-halflings",
    "fonts-inconsolata",
    "fonts-montserrat",
    "fonts-ocr-b",
    "fonts-roboto-unhinted",
    "libjs-jquery",
    "libjs-jquery-form",
    "libjs-underscore",
)
_PACKAGED = Path("usr", "lib", "python3", "dist-packages")


@dataclass(frozen=True)
class OdooSource:
    """A folder from which Python can import ``odoo`` 19.0.

    :param folder: the folder that holds the package ``odoo``
    :param version: tells one state of the source from another
    """

    folder: Path
    version: str


def ensure() -> OdooSource:
    """Return Odoo, made importable in the virtual environment."""
    source = _named_source() or _importable_source() or _fetched_source()
    link = environment.site_packages() / "healthcare_integration_odoo.pth"
    line = f"{source.folder}\n"
    if not link.exists() or link.read_text(encoding="utf-8") != line:
        link.write_text(line, encoding="utf-8")
    return source


def series_of(folder: Path) -> str:
    """Return the series (``19.0``) of the Odoo in ``folder``; empty where there is none."""
    release = folder / "odoo" / "release.py"
    if not release.exists():
        return ""
    match = re.search(
        r"^version_info\s*=\s*\(\s*['\"]?([\w~-]+)['\"]?\s*,\s*(\d+)", release.read_text(), re.MULTILINE
    )
    return f"{match[1]}.{match[2]}" if match else ""


def _named_source() -> OdooSource | None:
    named = os.environ.get("ODOO_SOURCE")
    if not named:
        return None
    folder = Path(named).expanduser().resolve()
    if series_of(folder) != SERIES:
        raise SetupError(
            f"ODOO_SOURCE={named} holds {series_of(folder) or 'no Odoo'}, expected Odoo {SERIES}",
            "Set ODOO_SOURCE to the folder that holds odoo/release.py, or unset it.",
        )
    return OdooSource(folder, version_of(folder))


def _importable_source() -> OdooSource | None:
    """Return the Odoo that the running interpreter can import, from the system or a virtual environment."""
    script = "import odoo.release; print(odoo.release.__file__)"
    result = subprocess.run(
        [sys.executable, "-c", script], check=False, cwd="/", capture_output=True, text=True
    )
    if result.returncode:
        return None
    folder = Path(result.stdout.strip()).resolve().parent.parent
    if series_of(folder) != SERIES:
        say(f"  The installed Odoo is {series_of(folder)}, not {SERIES}: another one is used")
        return None
    return OdooSource(folder, version_of(folder))


def _fetched_source() -> OdooSource:
    for folder in (paths.ODOO / "package" / _PACKAGED, paths.ODOO / "checkout"):
        if series_of(folder) == SERIES and stamps.is_current("odoo", str(folder)):
            return OdooSource(folder, version_of(folder))
    try:
        folder = _unpack_package()
    except SetupError as refusal:
        say(f"  The distribution's package odoo-19 cannot be used: {refusal.what}")
        with step("Odoo 19.0, a shallow clone") as current:
            folder = clone(current)
    stamps.record("odoo", str(folder))
    return OdooSource(folder, version_of(folder))


def _unpack_package() -> Path:
    archive = apt.unstable()
    folder = paths.ODOO / "package"
    with step("Odoo 19.0, the distribution's package") as current:
        versions = archive.unpack(["odoo-19", *COMPANIONS], folder, current)
        (folder / "version").write_text(versions["odoo-19"], encoding="utf-8")
    return folder / _PACKAGED


def clone(current: Step) -> Path:
    """Fetch the newest commit of Odoo's public branch, without its history.

    :raises SetupError: the repository cannot be reached
    """
    folder = paths.ODOO / "checkout"
    folder.mkdir(parents=True, exist_ok=True)
    git = ["-C", str(folder)]
    _git([*git, "init", "--quiet"], current)
    _git([*git, "fetch", "--progress", "--depth", "1", REPOSITORY, SERIES], current)
    _git([*git, "checkout", "--quiet", "--force", "FETCH_HEAD"], current)
    return folder


def _git(arguments: list[str], current: Step) -> None:
    run_logged(
        ["git", *arguments],
        paths.LOGS / "odoo-source.log",
        "Odoo could not be fetched from its public repository",
        "Check the network, or set ODOO_SOURCE to the folder of an Odoo 19.0 checkout.",
        environment={**os.environ, "GIT_TERMINAL_PROMPT": "0"},
        on_line=lambda line: current.detail(line.rpartition("\r")[2].strip()),
    )


def version_of(folder: Path) -> str:
    """Return what changes when the source does: the package's version, or a checkout's commit and edits."""
    packaged = paths.ODOO / "package"
    if folder == packaged / _PACKAGED:
        return (packaged / "version").read_text(encoding="utf-8")
    git = ["git", "-c", "safe.directory=*", "-C", str(folder)]
    commit = subprocess.run([*git, "rev-parse", "HEAD"], check=False, capture_output=True, text=True)
    if commit.returncode:
        return stamps.digest(str(folder), (folder / "odoo" / "release.py").read_bytes())
    edits = subprocess.run([*git, "diff", "HEAD", "--", "odoo"], check=False, capture_output=True)
    return f"{commit.stdout.strip()}+{stamps.digest(edits.stdout)[:12]}"
