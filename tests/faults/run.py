"""Run as a process: ``run.py MODULE DATABASE ARGUMENTS...`` configures Odoo and calls the module's ``main``.

The suite's addons can be imported only when Odoo knows where they are; the tests, from the checkout.
"""

import importlib
import sys
from pathlib import Path

from odoo.modules.module import initialize_sys_path
from odoo.tools import config

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))
config.parse_config(["-d", sys.argv[2], "--no-http"], setup_logging=True)
initialize_sys_path()
importlib.import_module(sys.argv[1]).main(*sys.argv[2:])
