"""Download Debian packages and unpack them below the checkout, without root and without installing anything.

The mirror is the one that the machine's own apt configuration names, and apt checks its signatures with
the keyrings of the machine. Lists, cache and state are private folders: the machine's apt is left as it is.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from . import paths, stamps
from .failure import SetupError
from .processes import run_logged, started
from .progress import Step

SYSTEM = Path("/")
_LOG = paths.LOGS / "apt.log"
_REMOTE = re.compile(r"^(https?|mirror\+\w+|mirror)://")


@dataclass(frozen=True)
class Entry:
    """One source of binary packages of an apt configuration."""

    uri: str
    suite: str
    components: tuple[str, ...]
    signed_by: str = ""

    def with_suite(self, suite: str, components: tuple[str, ...]) -> Entry:
        """Return an entry for another suite of the same mirror."""
        return Entry(self.uri, suite, components, self.signed_by)

    def as_deb822(self) -> str:
        """Write the entry as a stanza of a ``.sources`` file."""
        lines = ["Types: deb", f"URIs: {self.uri}", f"Suites: {self.suite}"]
        if self.components:
            lines.append(f"Components: {' '.join(self.components)}")
        if self.signed_by:
            lines.append(f"Signed-By: {self.signed_by}")
        return "\n".join(lines) + "\n"


def parse_one_line(text: str) -> list[Entry]:
    """Read the classic ``sources.list`` format, see sources.list(5), for its ``deb`` lines."""
    entries = []
    for line in text.splitlines():
        match = re.match(
            r"^\s*deb\s+(?:\[(?P<options>[^\]]*)\]\s+)?(?P<uri>\S+)\s+(?P<suite>\S+)(?P<rest>[^#]*)", line
        )
        if not match:
            continue
        options = dict(option.split("=", 1) for option in (match["options"] or "").split() if "=" in option)
        entries.append(
            Entry(match["uri"], match["suite"], tuple(match["rest"].split()), options.get("signed-by", ""))
        )
    return entries


def parse_deb822(text: str) -> list[Entry]:
    """Read the ``.sources`` format (see sources.list(5)): stanzas of fields, with continuation lines."""
    entries = []
    for stanza in re.split(r"\n\s*\n", text):
        fields = _stanza_fields(stanza)
        if "deb" not in fields.get("types", "").split() or fields.get("enabled", "yes").strip() in (
            "no",
            "false",
        ):
            continue
        for uri in fields.get("uris", "").split():
            for suite in fields.get("suites", "").split():
                components = tuple(fields.get("components", "").split())
                entries.append(Entry(uri, suite, components, fields.get("signed-by", "")))
    return entries


def _stanza_fields(stanza: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    name = ""
    for line in stanza.splitlines():
        if line.startswith("#") or not line.strip():
            continue
        if line[0] in " \t":
            fields[name] = f"{fields.get(name, '')}\n{line}"
        else:
            name, _colon, value = line.partition(":")
            name = name.strip().lower()
            fields[name] = value.strip()
    return fields


def configured_entries(system: Path = SYSTEM) -> list[Entry]:
    """Return every binary source of the machine's apt configuration.

    :param system: the root of the machine's files
    """
    apt = system / "etc" / "apt"
    entries: list[Entry] = []
    for file in [apt / "sources.list", *sorted((apt / "sources.list.d").glob("*"))]:
        if not file.is_file():
            continue
        text = file.read_text(encoding="utf-8", errors="replace")
        if file.suffix == ".sources":
            entries += parse_deb822(text)
        elif file.suffix == ".list":
            entries += parse_one_line(text)
    return entries


def os_release(system: Path = SYSTEM) -> dict[str, str]:
    """Return the fields of ``/etc/os-release``; none where there is no such file."""
    file = system / "etc" / "os-release"
    if not file.exists():
        return {}
    pairs = re.findall(r"^(\w+)=\"?([^\"\n]*)\"?$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(pairs)


def debian_mirror(system: Path = SYSTEM) -> Entry | None:
    """Return the machine's Debian mirror: its entry for the main archive, not for security updates.

    ``None`` where the machine is not a Debian system or names no mirror that can be reached by a network.
    """
    release = os_release(system)
    if release.get("ID") != "debian":
        return None
    suites = {release.get("VERSION_CODENAME"), "stable", "oldstable", "testing", "unstable", "sid"}
    for entry in configured_entries(system):
        if entry.suite in suites and "main" in entry.components and _REMOTE.match(entry.uri):
            return entry
    return None


class Archive:
    """A private apt on the given sources, with lists and cache in a folder of its own.

    :param installed: count the machine's own packages as installed, to download only what it lacks
    """

    def __init__(self, name: str, entries: list[Entry], installed: bool = False) -> None:
        self.entries = entries
        self._folder = paths.LOCAL / "apt" / name
        self._status = "/var/lib/dpkg/status" if installed else "/dev/null"

    def unpack(self, packages: list[str], folder: Path, current: Step) -> dict[str, str]:
        """Download packages and unpack all of them into ``folder``, which is replaced.

        :return: each package's version
        :raises SetupError: a package is not in the archive, or the mirror did not answer
        """
        self.update(current)
        files = self.download(packages, current)
        current.detail("unpacking")
        unpack_files(files, folder)
        return {file.name.split("_")[0]: file.name.split("_")[1] for file in files}

    def update(self, current: Step) -> None:
        """Fetch the archive's package lists."""
        for name in ("lists/partial", "cache/archives/partial"):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        stanzas = "\n".join(entry.as_deb822() for entry in self.entries)
        self._sources.write_text(stanzas, encoding="utf-8")
        current.detail("package lists")
        run_logged(
            ["apt-get", *self._options(), "-o", "APT::Update::Error-Mode=any", "update"],
            _LOG,
            "The distribution's package lists could not be read",
            "Check that `apt-get update` works on this machine.",
            environment=_variables(),
        )

    def missing(self, package: str) -> list[str]:
        """Return the packages that an installation of ``package`` would have to download, itself included."""
        listing = self._output(["--print-uris", "--yes", "--no-install-recommends", "install", package])
        return [match.split("_")[0] for match in re.findall(r"^'[^']+' (\S+) \d+", listing, re.MULTILINE)]

    def download(self, packages: list[str], current: Step) -> list[Path]:
        """Fetch the newest version of each package and return the files."""
        folder = paths.DOWNLOADS / "deb"
        folder.mkdir(parents=True, exist_ok=True)
        listing = self._output(["--print-uris", "download", *packages])
        wanted = re.findall(r"^'[^']+' (\S+) (\d+)", listing, re.MULTILINE)
        sizes = {folder / name: int(size) for name, size in wanted}
        missing = [name for name in packages if not any(file.name.startswith(f"{name}_") for file in sizes)]
        if missing:
            raise SetupError(f"The archive has no package {', '.join(missing)}", log=_LOG)
        self._fetch(packages, folder, sizes, current)
        return list(sizes)

    def _fetch(self, packages: list[str], folder: Path, sizes: dict[Path, int], current: Step) -> None:
        total = sum(sizes.values())
        with (
            _LOG.open("a", encoding="utf-8") as log,
            started(
                ["apt-get", *self._options(), "download", *packages],
                cwd=folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=_variables(),
            ) as process,
        ):
            while process.poll() is None:
                done = sum(file.stat().st_size for file in sizes if file.exists())
                current.transferred(min(done, total), total)
                _wait(process)
        if process.returncode:
            raise SetupError("The packages could not be downloaded", "Check the network and run again.", _LOG)

    def _output(self, arguments: list[str]) -> str:
        result = subprocess.run(
            ["apt-get", *self._options(), *arguments],
            check=False,
            env=_variables(),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
        )
        if result.returncode:
            said = result.stderr.strip().splitlines() or [f"exit code {result.returncode}"]
            raise SetupError(f"apt-get: {said[-1]}", log=_LOG)
        return result.stdout

    @property
    def _sources(self) -> Path:
        # apt tells the format of the file by its ending
        return self._folder / "private.sources"

    def _options(self) -> list[str]:
        settings = {
            "Dir::Etc::sourcelist": self._sources,
            "Dir::Etc::sourceparts": "/dev/null",
            "Dir::State::lists": self._folder / "lists",
            "Dir::State::status": self._status,
            "Dir::Cache": self._folder / "cache",
            "Debug::NoLocking": "1",
            # the user `_apt` may not be able to reach the checkout
            "APT::Sandbox::User": "",
            "APT::Get::List-Cleanup": "0",
            # hooks of the machine may want root
            "APT::Update::Post-Invoke::": "",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
        }
        return [argument for name, value in settings.items() for argument in ("-o", f"{name}={value}")]


def unpack_files(files: list[Path], folder: Path) -> None:
    """Unpack packages into ``folder``, replaced only when all are unpacked, and remove their files."""
    building = folder.with_name(f"{folder.name}.new")
    shutil.rmtree(building, ignore_errors=True)
    building.mkdir(parents=True)
    for file in files:
        run_logged(["dpkg-deb", "-x", file, building], _LOG, f"{file.name} could not be unpacked")
    building.chmod(0o755)
    shutil.rmtree(folder, ignore_errors=True)
    building.rename(folder)
    for file in files:
        file.unlink()


def unstable() -> Archive:
    """Return Debian's unstable suite on the machine's own mirror.

    :raises SetupError: this is not a Debian system, or it names no mirror
    """
    return Archive("unstable", [_mirror().with_suite("unstable", ("main",))])


def own_suite(installed: bool = False) -> Archive:
    """Return the archive of the machine's own distribution, security updates included."""
    _require_tools()
    entries = [entry for entry in configured_entries() if _REMOTE.match(entry.uri)]
    if not entries:
        raise SetupError("The machine's apt configuration names no archive")
    return Archive("own-" + stamps.digest(*map(repr, entries))[:8], entries, installed)


def _mirror() -> Entry:
    _require_tools()
    mirror = debian_mirror()
    if mirror is None:
        raise SetupError("The machine's apt configuration names no Debian mirror")
    return mirror


def _require_tools() -> None:
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise SetupError(f"The machine has no {tool}")


def _variables() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}


def _wait(process: subprocess.Popen) -> None:
    try:
        process.wait(0.5)
    except subprocess.TimeoutExpired:
        return
