"""Which entries of an inbox are fetched. Pure: entries and settings in, a selection out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from .base import RefusedName, RemoteFile
from .names import is_temporary, marker_names, matches, name_problem
from .settings import ConfigurationError, MailboxSettings


@dataclass
class Selection:
    """The outcome of looking through an inbox.

    :ivar files: ready to be fetched, oldest first, then by name
    :ivar refused: matching names that can never be fetched
    :ivar ignored: how many entries were passed over, by reason
    """

    files: list[RemoteFile] = field(default_factory=list)
    refused: list[RefusedName] = field(default_factory=list)
    ignored: Counter[str] = field(default_factory=Counter)

    def notes(self) -> list[str]:
        """Return one phrase per reason for which entries were passed over."""
        counts = self.ignored + Counter(refusal.reason for refusal in self.refused)
        return [f"{count} ignored ({reason})" for reason, count in sorted(counts.items())]


def select(entries: Iterable, settings: MailboxSettings) -> Selection:
    """Return what may be fetched of ``entries`` (see :class:`.mailbox.Entry`)."""
    selection = Selection()
    candidates, names = [], set()
    for entry in entries:
        if settings.done_marker:
            names.add(entry.name)
        if entry.kind != "folder" and _is_wanted(entry, settings, selection):
            candidates.append(entry.as_file())
    selection.files = [file for file in candidates if _is_done(file.name, names, settings, selection)]
    selection.files.sort(key=lambda file: (file.modified.timestamp() if file.modified else 0.0, file.name))
    return selection


def require_plain_name(kind: str, name: str) -> None:
    """Raise :class:`ConfigurationError` unless ``name`` is the plain name of one file."""
    problem = name_problem(name)
    if problem:
        raise ConfigurationError(
            code=f"{kind}.unsafe_name",
            message="The file name is not allowed",
            expected="the plain name of one file",
            found=f"{name[:80]!r}: {problem}",
            remedy="Correct the rule that makes this name, or ask the partner to rename the file.",
            subject=repr(name[:80]),
        )


def _is_wanted(entry, settings: MailboxSettings, selection: Selection) -> bool:
    if is_temporary(entry.name):
        selection.ignored["temporary name"] += 1
    elif not matches(entry.name, settings.include, settings.exclude):
        selection.ignored["name does not match"] += 1
    elif settings.done_marker and entry.name.lower().endswith(settings.done_marker.lower()):
        selection.ignored["done marker"] += 1
    elif name_problem(entry.name):
        _refuse(entry, f"unsafe name: {name_problem(entry.name)}", selection)
    elif entry.kind != "file":
        _refuse(entry, "symbolic link" if entry.kind == "link" else "not a regular file", selection)
    else:
        return True
    return False


def _refuse(entry, reason: str, selection: Selection) -> None:
    selection.refused.append(RefusedName(ascii(entry.name)[:120], reason))


def _is_done(name: str, names: set[str], settings: MailboxSettings, selection: Selection) -> bool:
    if not settings.done_marker or any(m in names for m in marker_names(name, settings.done_marker)):
        return True
    selection.ignored["no done marker yet"] += 1
    return False
