"""Settings of transports: read from an endpoint's plain values, checked once, frozen after."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from posixpath import normpath
from typing import Any, TypeVar

from ..errors import Finding, IntegrationError
from .names import TEMPORARY_SUFFIXES, is_printable

AFTER_FETCH = ("archive", "delete", "leave")
Parsed = TypeVar("Parsed")


class ConfigurationError(IntegrationError):
    """A setting, here or at the partner, has to be changed by a person: repeating cannot help."""


@dataclass(frozen=True, kw_only=True)
class MailboxSettings:
    """What folder-like transports have in common.

    :ivar root: folder that the other folders are relative to
    :ivar inbox: folder to fetch from; empty when the endpoint only sends
    :ivar outbox: folder to send to; empty when the endpoint only receives
    :ivar archive: folder for fetched files when ``after_fetch`` is ``archive``
    :ivar include: glob patterns of names to fetch, case ignored
    :ivar exclude: glob patterns of names to leave alone, case ignored
    :ivar after_fetch: what :meth:`Transport.dispose` does: ``archive``, ``delete`` or ``leave``
    :ivar done_marker: suffix such as ``.done``; when set, ``a.835`` is fetched only beside
        ``a.835.done`` or ``a.done``
    :ivar maximum_entries: a longer folder listing is refused
    :ivar total_timeout: seconds from open to close
    """

    root: str
    inbox: str = ""
    outbox: str = ""
    archive: str = "archive"
    include: tuple[str, ...] = ("*",)
    exclude: tuple[str, ...] = ()
    after_fetch: str = "archive"
    done_marker: str = ""
    maximum_entries: int = 100_000
    total_timeout: float = 600.0


class SettingsReader:
    """Reads typed values out of a plain mapping and collects everything that is wrong with it.

    ``None``, ``False`` and the empty string count as "not given", as Odoo stores them.

    :param kind: code of the transport, the prefix of error codes
    """

    def __init__(self, kind: str, values: Mapping[str, Any]):
        self.kind = kind
        self._values = {name: value for name, value in values.items() if _is_given(value)}
        self._unread = set(values)
        self._findings: list[Finding] = []

    def refuse(self, name: str, expected: str, found: object, remedy: str) -> None:
        """Record that setting ``name`` is wrong; ``found`` must not be a secret."""
        self._findings.append(
            Finding(
                code=f"{self.kind}.setting",
                message=f"The setting {name!r} cannot be used",
                location=name,
                expected=expected,
                found=_shown(found),
                remedy=remedy,
            )
        )

    def text(self, name: str, default: str = "", *, required: bool = False, secret: bool = False) -> str:
        """Return a text without line breaks; secrets are returned as they are and never shown."""
        value = self._take(name, default)
        if required and value == "":
            self.refuse(name, "a value", "nothing", f"Fill in {name!r}.")
        if not isinstance(value, str):
            self.refuse(name, "text", "(hidden)" if secret else value, f"Enter {name!r} as text.")
            return default
        if secret:
            return value
        if not is_printable(value):
            self.refuse(name, "text without line breaks and control characters", value, f"Retype {name!r}.")
        return value.strip()

    def integer(self, name: str, default: int, low: int, high: int) -> int:
        """Return a whole number from ``low`` to ``high``."""
        return self._number(name, default, low, high, int, "a whole number")

    def seconds(self, name: str, default: float, low: float, high: float) -> float:
        """Return a duration in seconds from ``low`` to ``high``."""
        return self._number(name, default, low, high, float, "seconds")

    def choice(self, name: str, default: str, options: tuple[str, ...]) -> str:
        """Return one of ``options``."""
        value = self._take(name, default)
        if value not in options:
            self.refuse(name, "one of " + ", ".join(options), value, f"Choose another {name!r}.")
            return default
        return value

    def patterns(self, name: str, default: tuple[str, ...]) -> tuple[str, ...]:
        """Return glob patterns from a list, or from a text that separates them by commas or lines."""
        value = self._take(name, default)
        if isinstance(value, str):
            value = value.replace("\n", ",").split(",")
        if not isinstance(value, (list, tuple)) or not all(isinstance(item, str) for item in value):
            self.refuse(name, "glob patterns such as *.835", value, f"Enter {name!r} as a list of patterns.")
            return default
        patterns = tuple(item.strip() for item in value if item.strip())
        for pattern in patterns:
            if "/" in pattern or not is_printable(pattern):
                self.refuse(
                    name, "patterns of file names, without /", pattern, "Use 'inbox' to name a folder."
                )
        return patterns or default

    def parsed(self, name: str, parse: Callable[[str], Parsed], expected: str, remedy: str) -> Parsed | None:
        """Return ``parse(text)``; a ``ValueError`` of it becomes a finding. None when not given."""
        value = self._take(name, "")
        if value == "":
            return None
        try:
            return parse(value)
        except (ValueError, TypeError, AttributeError) as error:
            self.refuse(name, expected, error, remedy)
            return None

    def mailbox(self, *, root_required: bool, default_root: str) -> dict[str, Any]:
        """Return the keyword arguments of :class:`MailboxSettings`."""
        values = {
            "root": self.text("root", default_root, required=root_required),
            "inbox": self.text("inbox"),
            "outbox": self.text("outbox"),
            "archive": self.text("archive", "archive"),
            "include": self.patterns("include", ("*",)),
            "exclude": self.patterns("exclude", ()),
            "after_fetch": self.choice("after_fetch", "archive", AFTER_FETCH),
            "done_marker": self.text("done_marker"),
            "maximum_entries": self.integer("maximum_entries", 100_000, 1, 1_000_000),
            "total_timeout": self.seconds("total_timeout", 600.0, 0.1, 86_400.0),
        }
        self._check_mailbox(values)
        return values

    def finish(self) -> None:
        """Raise :class:`ConfigurationError` with everything that was found wrong, if anything was."""
        for name in sorted(self._unread):
            self.refuse(name, "a known setting", "an unknown name", "Remove it or correct its spelling.")
        if not self._findings:
            return
        places = ", ".join(finding.location for finding in self._findings)
        error = ConfigurationError.summing_up(self._findings, places)
        # One for each setting, also when only one is wrong.
        error.findings = tuple(self._findings)
        raise error

    def _check_mailbox(self, values: dict[str, Any]) -> None:
        if not values["inbox"] and not values["outbox"]:
            self.refuse("inbox", "an inbox or an outbox", "neither", "Enter a folder; . is 'root' itself.")
        others = {normpath(values[name]) for name in ("inbox", "outbox") if values[name]}
        if values["after_fetch"] == "archive" and normpath(values["archive"]) in others:
            self.refuse(
                "archive",
                "a folder of its own",
                values["archive"],
                "Name a folder other than the inbox and the outbox.",
            )
        marker = values["done_marker"]
        if marker and (not marker.startswith(".") or "/" in marker or marker.lower() in TEMPORARY_SUFFIXES):
            self.refuse("done_marker", "a suffix such as .done or .ok", marker, "Start it with a dot.")

    def _take(self, name: str, default: Any) -> Any:
        self._unread.discard(name)
        return self._values.get(name, default)

    def _number(self, name, default, low, high, convert, what):
        value = self._take(name, default)
        try:
            number = convert(value)
        except (TypeError, ValueError, OverflowError):
            number = None
        if number is None or isinstance(value, bool) or not low <= number <= high:
            self.refuse(name, f"{what} from {low} to {high}", value, f"Correct {name!r}.")
            return default
        return number


def _is_given(value: object) -> bool:
    return value is not None and value is not False and value != ""


def _shown(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
