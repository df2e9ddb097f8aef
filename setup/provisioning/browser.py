"""A browser for the tests: the machine's own, else one unpacked below the checkout."""

from __future__ import annotations

import platform
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import apt, environment, paths, stamps
from .failure import SetupError
from .processes import run_logged
from .progress import Step, step

#: The names that Odoo's tests look for, too.
NAMES = ("google-chrome", "chromium", "chromium-browser", "google-chrome-stable")
#: Debian's Chromium without a window: a quarter of the libraries.
DEBIAN_PACKAGES = ("chromium-headless-shell", "chromium-common")
NPM_PACKAGE = "@sparticuz/chromium@147.0.0"
EXECUTABLE = paths.BROWSER / "bin" / "chromium"
_LOG = paths.LOGS / "browser.log"
_REMEDY = (
    "Install Chromium or Google Chrome, or run ./setup/test --fast, which leaves the browser's tests out."
)


@dataclass(frozen=True)
class Browser:
    """A Chromium that is found or unpacked.

    :param libraries: folders of libraries that the machine lacks
    :param fonts: folders of fonts, for a machine that has none
    """

    executable: Path
    libraries: list[Path] = field(default_factory=list)
    fonts: list[Path] = field(default_factory=list)


def ensure() -> Path:
    """Return an executable called ``chromium`` that has been seen to render a page."""
    key = stamps.digest(*(_identity(found) for found in _installed()), str(EXECUTABLE))
    if EXECUTABLE.exists() and stamps.is_current("browser", key):
        return EXECUTABLE
    refusals = []
    sources = {
        "the machine's own": _installed_browser,
        "the distribution's package": _debian_browser,
        "an npm package": _npm_browser,
        "the one that Playwright publishes": _playwright_browser,
    }
    for name, source in sources.items():
        try:
            _use(name, source)
        except SetupError as refusal:
            refusals.append(refusal.what)
            continue
        stamps.record("browser", key)
        return EXECUTABLE
    raise SetupError(f"No browser could be had: {'; '.join(refusals)}", _REMEDY, _LOG)


def _use(name: str, source: Callable[[Step], Browser]) -> None:
    with step(f"Browser, {name}") as current:
        _write_launcher(source(current))
        current.detail("first page")
        _check()


def _installed() -> list[Path]:
    return [Path(found) for name in NAMES if (found := shutil.which(name))]


def _identity(executable: Path) -> str:
    return f"{executable} {executable.resolve().stat().st_mtime_ns}"


def _installed_browser(_current: Step) -> Browser:
    for executable in _installed():
        return Browser(executable)
    raise SetupError("none is installed")


def _debian_browser(current: Step) -> Browser:
    if apt.os_release().get("ID") != "debian":
        raise SetupError("the distribution packages none that can be unpacked")
    archive = apt.own_suite(installed=True)
    archive.update(current)
    # the C library must be the one that the machine's loader belongs to
    names = {*archive.missing(DEBIAN_PACKAGES[0]), *DEBIAN_PACKAGES} - {"libc6", "libc-bin"}
    folder = paths.BROWSER / "package"
    apt.unpack_files(archive.download(sorted(names), current), folder)
    libraries = sorted({file.parent for file in folder.glob("usr/lib/*-linux-gnu*/**/*.so*")})
    libraries += [file for file in folder.glob("lib/*-linux-gnu*")]
    return Browser(
        folder / "usr/lib/chromium/chromium-headless-shell", libraries, [folder / "usr/share/fonts"]
    )


def _npm_browser(current: Step) -> Browser:
    if platform.machine() != "x86_64":
        raise SetupError("the npm package is for x86-64 only")
    npm = shutil.which("npm")
    if npm is None:
        raise SetupError("there is no npm")
    current.detail("downloading about 68 MB")
    downloads = paths.DOWNLOADS / "npm"
    downloads.mkdir(parents=True, exist_ok=True)
    run_logged(
        [npm, "pack", "--silent", "--pack-destination", downloads, NPM_PACKAGE],
        _LOG,
        "the npm package could not be fetched",
        environment=environment.pip_variables(),
        folder=downloads,
    )
    current.detail("unpacking")
    folder = paths.BROWSER / "npm"
    shutil.rmtree(folder, ignore_errors=True)
    with tarfile.open(next(downloads.glob("*.tgz"))) as package:
        package.extractall(folder)
    _expand(folder / "package" / "bin", folder)
    shutil.rmtree(downloads)
    return Browser(folder / "chromium", [folder / "lib"], [folder / "fonts"])


def _expand(packed: Path, folder: Path) -> None:
    """Decompress the npm package's parts: the executable, and archives of its libraries and fonts."""
    script = "import brotli, sys; sys.stdout.buffer.write(brotli.decompress(open(sys.argv[1], 'rb').read()))"
    for part in packed.glob("*.br"):
        target = folder / part.stem
        with target.open("wb") as output:
            subprocess.run([environment.PYTHON, "-c", script, part], check=True, stdout=output)
        if target.suffix == ".tar":
            with tarfile.open(target) as archive:
                archive.extractall(folder)
            target.unlink()
    (folder / "chromium").chmod(0o755)


def _playwright_browser(current: Step) -> Browser:
    run_logged(
        [environment.PYTHON, "-m", "playwright", "install", "--only-shell", "chromium"],
        _LOG,
        "Playwright's could not be fetched",
        environment=environment.pip_variables(),
        on_line=current.detail,
    )
    found = list((paths.BROWSER / "playwright").glob("chromium*/*/*headless*shell"))
    if not found:
        raise SetupError("Playwright left no executable")
    return Browser(found[0])


def _write_launcher(browser: Browser) -> None:
    lines = ["#!/bin/sh"]
    if browser.libraries:
        folders = ":".join(map(str, browser.libraries))
        lines.append(f'export LD_LIBRARY_PATH="{folders}${{LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}}"')
    if browser.fonts:
        lines.append(f'export FONTCONFIG_FILE="{_write_font_configuration(browser.fonts)}"')
    lines.append(f'exec "{browser.executable}" "$@"')
    EXECUTABLE.parent.mkdir(parents=True, exist_ok=True)
    EXECUTABLE.write_text("\n".join(lines) + "\n", encoding="utf-8")
    EXECUTABLE.chmod(0o755)


def _write_font_configuration(fonts: list[Path]) -> Path:
    file = paths.BROWSER / "fonts.conf"
    folders = [
        *fonts,
        Path("/usr/share/fonts"),
        Path("/usr/local/share/fonts"),
        paths.ODOO / "package/usr/share/fonts",
    ]
    family = "<alias><family>sans-serif</family><prefer><family>DejaVu Sans</family><family>Roboto</family>"
    family += "<family>Open Sans</family></prefer></alias>"
    entries = "".join(f"  <dir>{folder}</dir>\n" for folder in folders)
    cache = f"  <cachedir>{paths.CACHE / 'fontconfig'}</cachedir>\n"
    file.write_text(
        '<?xml version="1.0"?>\n<!DOCTYPE fontconfig SYSTEM "fonts.dtd">\n'
        f"<fontconfig>\n{entries}{cache}  {family}\n</fontconfig>\n",
        encoding="utf-8",
    )
    return file


def _check() -> None:
    """Have the browser render a page.

    :raises SetupError: it does not start or renders nothing
    """
    script = Path(__file__).with_name("browser_check.py")
    run_logged(
        [environment.PYTHON, script, EXECUTABLE, paths.BROWSER / "first-page.png"],
        _LOG,
        "it does not start on this machine",
        environment=environment.variables(),
    )
