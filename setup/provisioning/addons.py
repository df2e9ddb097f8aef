"""The suite's addons as their manifests describe them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from pathlib import Path

from . import paths, stamps
from .failure import SetupError

_SOURCES = (".py", ".xml", ".csv", ".js", ".scss", ".css", ".sql", ".po", ".json", ".x12", ".txt")


def manifest(name: str) -> dict:
    """Return the manifest of one of the suite's addons.

    :raises SetupError: it cannot be read
    """
    file = paths.ADDONS / name / "__manifest__.py"
    try:
        return ast.literal_eval(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, SyntaxError) as error:
        raise SetupError(f"The manifest {file} cannot be read: {error}") from error


def outside_dependencies(names: Iterable[str]) -> list[str]:
    """Return Odoo's own addons that the named ones need, through the suite's other addons too; sorted."""
    return sorted(_closure(names) - set(paths.addon_names()))


def with_dependencies(names: Iterable[str]) -> list[str]:
    """Return the suite's addons among the named ones and their dependencies; sorted."""
    return sorted(_closure(names) & set(paths.addon_names()))


def _closure(names: Iterable[str]) -> set[str]:
    own = set(paths.addon_names())
    waiting, seen = list(names), set()
    while waiting:
        name = waiting.pop()
        if name in own and name not in seen:
            waiting += manifest(name).get("depends", ["base"])
        seen.add(name)
    return seen


def digest(names: Iterable[str]) -> str:
    """Return a hash over every file that an installation of the addons reads."""
    files: list[Path] = []
    for name in with_dependencies(names):
        folder = paths.ADDONS / name
        files += [
            file for file in folder.rglob("*") if file.suffix in _SOURCES and _is_installed(file, folder)
        ]
    return stamps.digest_files(files, paths.ADDONS)


def _is_installed(file: Path, folder: Path) -> bool:
    parts = file.relative_to(folder).parts
    return parts[0] != "tests" and "__pycache__" not in parts
