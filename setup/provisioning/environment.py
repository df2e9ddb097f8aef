"""The virtual environment below the checkout: Odoo's dependencies, the addons' and the tests'."""

from __future__ import annotations

import os
import re
import sys
from pathlib import Path

from . import apt, paths, stamps
from .failure import SetupError
from .processes import run_logged
from .progress import Step, step

PYTHON = paths.VENV / "bin" / "python"
CONSTRAINTS = paths.SETUP / "constraints.txt"
REQUIREMENTS = (
    paths.ROOT / "requirements.txt",
    paths.SETUP / "requirements-odoo.txt",
    paths.SETUP / "requirements-test.txt",
)
_STAMP = "environment"
_STAMP_EMPTY = "environment-empty"
_LOG = paths.LOGS / "environment.log"
_NO_PACKAGES = (
    "Check the network and pip's configuration (`pip config list`), then run the command again; what was "
    "downloaded is kept."
)
_NO_PIP = (
    "Install the system's package python3-venv (Debian, Ubuntu: `apt-get install python3-venv`), or run the "
    "command with a Python that has pip."
)


def ensure() -> Path:
    """Return the environment's Python, after building the environment where it is missing or out of date."""
    interpreter = stamps.digest(sys.version, sys.base_prefix, str(paths.VENV))
    key = stamps.digest(interpreter, *(file.read_bytes() for file in (*REQUIREMENTS, CONSTRAINTS)))
    if PYTHON.exists() and stamps.is_current(_STAMP, key):
        return PYTHON
    # an old environment is not added to: what is no longer required must not be there either
    if not PYTHON.exists() or not stamps.is_current(_STAMP_EMPTY, interpreter):
        _make_empty(interpreter)
    with step("Python packages") as current:
        stamps.forget(_STAMP_EMPTY)
        arguments = [argument for file in REQUIREMENTS for argument in ("-r", str(file))]
        pip_install(arguments, "The Python packages could not be installed", current)
    stamps.record(_STAMP, key)
    return PYTHON


def pip_install(arguments: list[str], what: str, current: Step) -> None:
    """Install packages at the pinned releases; ``arguments`` are pip's."""
    command = [PYTHON, "-m", "pip", "install", "--no-input", "--progress-bar=off"]
    run_logged(
        [*command, "--disable-pip-version-check", "-c", CONSTRAINTS, *arguments],
        _LOG,
        what,
        _NO_PACKAGES,
        environment=pip_variables(),
        on_line=lambda line: _show_package(line, current),
    )


def variables() -> dict[str, str]:
    """Return environment variables that keep whatever a program caches or stores below the checkout."""
    result = dict(os.environ)
    # bytecode goes below the checkout as well, so that a read-only or borrowed Odoo source is left as it is
    result.pop("PYTHONDONTWRITEBYTECODE", None)
    result.pop("PYTHONPATH", None)
    result.pop("PYTHONHOME", None)
    home = paths.LOCAL / "home"
    home.mkdir(parents=True, exist_ok=True)
    result.update(
        PYTHONPYCACHEPREFIX=str(paths.CACHE / "bytecode"),
        PIP_CACHE_DIR=str(paths.CACHE / "pip"),
        npm_config_cache=str(paths.CACHE / "npm"),
        RUFF_CACHE_DIR=str(paths.CACHE / "ruff"),
        PYLINTHOME=str(paths.CACHE / "pylint"),
        HYPOTHESIS_STORAGE_DIRECTORY=str(paths.CACHE / "hypothesis"),
        PLAYWRIGHT_BROWSERS_PATH=str(paths.BROWSER / "playwright"),
        HOME=str(home),
        XDG_CACHE_HOME=str(paths.CACHE),
        XDG_CONFIG_HOME=str(home / ".config"),
        XDG_DATA_HOME=str(home / ".local" / "share"),
        VIRTUAL_ENV=str(paths.VENV),
    )
    return result


def pip_variables() -> dict[str, str]:
    """Return :func:`variables` with the person's own HOME, where pip and npm find their configuration."""
    result = variables()
    for name in ("HOME", "XDG_CONFIG_HOME"):
        result.pop(name)
        if name in os.environ:
            result[name] = os.environ[name]
    return result


def site_packages() -> Path:
    """Return the environment's folder of installed packages."""
    return next((paths.VENV / "lib").glob("python3.*/site-packages"))


def _make_empty(interpreter: str) -> None:
    with step("Virtual environment"):
        stamps.forget(_STAMP)
        run_logged(
            [sys.executable, "-m", "venv", "--clear", "--without-pip", paths.VENV],
            _LOG,
            "The virtual environment could not be made",
            _NO_PIP,
        )
        _install_pip()
    stamps.record(_STAMP_EMPTY, interpreter)


def _install_pip() -> None:
    """Put pip into the environment from the first source that has it.

    Debian and Ubuntu leave ``ensurepip`` out of Python unless python3-venv is installed; pip's wheel is then
    taken from the distribution's package python3-pip-whl, which needs no right to install anything.
    """
    attempts = (_pip_of_ensurepip, _pip_of_interpreter, _pip_of_distribution)
    refusals = []
    for attempt in attempts:
        try:
            attempt()
            return
        except SetupError as refusal:
            refusals.append(refusal.what)
    raise SetupError(f"This Python brings no pip ({'; '.join(refusals)})", _NO_PIP, _LOG)


def _pip_of_ensurepip() -> None:
    run_logged([PYTHON, "-m", "ensurepip", "--default-pip"], _LOG, "no ensurepip")


def _pip_of_interpreter() -> None:
    command = [sys.executable, "-m", "pip", "--python", PYTHON, "install", "--no-input", "pip"]
    run_logged(command, _LOG, "no pip beside the interpreter", environment=pip_variables())


def _pip_of_distribution() -> None:
    folder = paths.DOWNLOADS / "pip-wheel"
    with step("pip from the distribution") as current:
        apt.own_suite().unpack(["python3-pip-whl"], folder, current)
    wheel = max(folder.glob("usr/share/python-wheels/pip-*.whl"))
    run_logged(
        [PYTHON, f"{wheel}/pip", "install", "--no-index", "--no-input", wheel],
        _LOG,
        "pip's wheel did not install",
    )


def _show_package(line: str, current: Step) -> None:
    match = re.match(
        r"\s*(Collecting|Downloading|Building wheel for|Installing collected packages)\W*(.{0,60})", line
    )
    if match:
        current.detail(f"{match[1].lower()} {match[2]}")
