"""Import the pure Python parts of the addons under their real names, without Odoo.

``import odoo.addons.healthcare_integration_base.formats.x12`` would first run the addon's
``__init__`` and with it the whole of Odoo. :func:`expose` registers the packages above as bare
namespaces instead. As nothing else of Odoo can be imported then, it also proves that a pure part
is pure.
"""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

ADDONS = Path(__file__).resolve().parent.parent / "addons"


def expose() -> None:
    """Register ``odoo``, ``odoo.addons`` and every addon of the suite as packages without code."""
    if "odoo" in sys.modules:
        return
    _register("odoo", [])
    _register("odoo.addons", [str(ADDONS)])
    _register("addons", [str(ADDONS)])
    for manifest in ADDONS.glob("*/__manifest__.py"):
        addon = manifest.parent
        _register(f"odoo.addons.{addon.name}", [str(addon)])
        # pytest names a test module by its path and imports the packages above it, Odoo's tests included.
        _register(f"addons.{addon.name}", [str(addon)])
        _register(f"addons.{addon.name}.tests", [str(addon / "tests")])


def _register(name: str, path: list[str]) -> None:
    package = ModuleType(name)
    package.__path__ = path
    sys.modules[name] = package
    parent, _dot, child = name.rpartition(".")
    if parent:
        setattr(sys.modules[parent], child, package)
