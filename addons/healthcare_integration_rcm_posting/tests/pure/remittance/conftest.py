"""Makes the helpers beside the tests importable: the addon's own ``tests`` package needs Odoo."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
