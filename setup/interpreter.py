"""Choose a Python that Odoo 19.0 runs on; written so that an older Python can read it."""

import os
import shutil
import subprocess
import sys

OLDEST = (3, 10)
NEWEST = (3, 13)
PREFERRED = ("python3.12", "python3.11", "python3.13", "python3.10")


def require():
    """Return when the running Python fits; otherwise run the command again with one that does."""
    if OLDEST <= sys.version_info[:2] <= NEWEST:
        return
    for name in PREFERRED:
        found = shutil.which(name)
        # a version manager's placeholder has the name but does not run
        if found and subprocess.call([found, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            os.execv(found, [found] + sys.argv)
    version = sys.version.split()[0]
    sys.exit(
        f"FAILED: this is Python {version}, and Odoo 19.0 runs on 3.10 to 3.13.\n"
        "What to do: install one of them; it is found by its name, such as python3.12."
    )
