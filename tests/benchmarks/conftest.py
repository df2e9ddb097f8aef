"""The set-up commands' own package is not among the tests' paths: it lies in ``setup``."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "setup"))
