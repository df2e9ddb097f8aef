"""What the figures were measured on, and when."""

from __future__ import annotations

import datetime
import os
import platform

from provisioning import apt
from provisioning.odoo_process import Odoo

_GIB = 1 << 30


def describe(odoo: Odoo) -> str:
    """Return the date, the machine, its load at the moment, and the releases of what runs on it."""
    today = datetime.date.today()
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / _GIB
    [postgres] = odoo.server.query("SHOW server_version")
    parts = [
        f"{today.day} {today:%B %Y}",
        f"{len(os.sched_getaffinity(0))} cores",
        f"{memory:.0f} GiB",
        apt.os_release().get("PRETTY_NAME") or platform.system(),
        f"Python {platform.python_version()}",
        f"PostgreSQL {postgres.split()[0]}",
        f"load {os.getloadavg()[0]:.1f} at the start",
    ]
    return ", ".join(parts)
