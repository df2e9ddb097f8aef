"""What is fuzzed: one module for each target.

A module defines ``SHARE`` (how many of a hundred inputs it gets, relative to the others), ``make(chance)``
which returns an input, and ``run(input)`` which may raise nothing but ``IntegrationError``. Its name is the
target's. A new module is found by itself.
"""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType


def load(name: str) -> ModuleType:
    """Return a target's module."""
    return importlib.import_module(f"{__name__}.{name}")


def names() -> list[str]:
    """Return the names of all targets."""
    return sorted(module.name for module in pkgutil.iter_modules(__path__))
