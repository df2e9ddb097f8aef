"""``setup/demo``: build the demo and serve it."""

from __future__ import annotations

import argparse

from . import demo, odoo_process
from .failure import SetupError
from .progress import say

PORT = 8069


def main(arguments: list[str]) -> int:
    """Build the demo, serve it until interrupted, and return the exit code."""
    options = _parse(arguments)
    with demo.held():
        if options.serve:
            demo.require_port(options.port)
        with odoo_process.provisioned() as odoo:
            demo.prepare_database(odoo, options.reset)
            if options.serve:
                _serve(odoo, options.port)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./setup/demo", description="Build the demo hospital and serve it at http://localhost:PORT."
    )
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="end when the demo is built")
    parser.add_argument("--port", type=int, default=PORT, help="where to serve the web client (%(default)s)")
    parser.add_argument("--reset", action="store_true", help="drop the demo's database first, with all in it")
    return parser.parse_args(arguments)


def _serve(odoo: odoo_process.Odoo, port: int) -> None:
    with demo.served(odoo, port) as server:
        say(f"\nThe demo is at {server.url} (user admin, password admin). Ctrl-C ends it.")
        code = server.process.wait()
    raise SetupError(f"Odoo's server ended by itself (exit code {code})", "Read its log, and start it again.")
