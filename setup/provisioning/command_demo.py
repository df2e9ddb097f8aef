"""``setup/demo``: build the demo, let its files run, show what happened, and serve it."""

from __future__ import annotations

import argparse

from tests.sandbox.demo import outcome
from tests.sandbox.demo.cast import ADMINISTRATOR, GROUP_NAME, MAILBOX_LOGIN, PEOPLE
from tests.sandbox.demo.client import Client, ClientError

from . import demo, demo_bank, demo_clearing_house, demo_days, demo_hospital, odoo_process
from .demo_clearing_house import ClearingHouse
from .failure import SetupError
from .odoo_process import Odoo
from .odoo_server import RunningServer
from .progress import say, step

PORT = 8069


def main(arguments: list[str]) -> int:
    """Build the demo, serve it until interrupted, and return the exit code."""
    options = _parse(arguments)
    with demo.held():
        if options.serve:
            demo.require_port(options.port)
        with odoo_process.provisioned() as odoo:
            if demo.prepare_database(odoo, options.reset):
                demo.FILES.forget()
            with demo_clearing_house.running(demo.FILES, MAILBOX_LOGIN) as house:
                _run(odoo, house, options)
    return 0


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="./setup/demo", description="Build the demo hospital and serve it at http://localhost:PORT."
    )
    parser.add_argument("--no-serve", dest="serve", action="store_false", help="end when the demo is built")
    parser.add_argument("--port", type=int, default=PORT, help="where to serve the web client (%(default)s)")
    parser.add_argument("--reset", action="store_true", help="drop the demo's database first, with all in it")
    return parser.parse_args(arguments)


def _run(odoo: Odoo, house: ClearingHouse, options: argparse.Namespace) -> None:
    passwords = demo.FILES.passwords((ADMINISTRATOR, *(person.login for person in PEOPLE)))
    demo_hospital.load(odoo, demo.DATABASE, house, passwords, demo.FILES)
    with demo.served(odoo, options.port if options.serve else 0) as server:
        _deliver(server, house, passwords)
        if options.serve:
            _tell_how_to_log_in(server, passwords)
            code = server.process.wait()
            raise SetupError(
                f"Odoo's server ended by itself (exit code {code})", "Read its log, and start it again."
            )


def _deliver(server: RunningServer, house: ClearingHouse, passwords: dict[str, str]) -> None:
    """Let the clearing house and the bank deliver, and print what Odoo made of it."""
    demo_hospital.follow(_session("manager", server, passwords), house)
    biller = _session("biller", server, passwords)
    demo_days.run(biller, house, demo.FILES)
    demo_bank.run(biller, demo.FILES)
    with step("What happened"):
        table = outcome.render(outcome.collect(biller))
    say(f"\n{table}")


def _session(login: str, server: RunningServer, passwords: dict[str, str]) -> Client:
    try:
        return Client(server.url, demo.DATABASE, login, passwords[login])
    except ClientError as error:
        raise SetupError(
            f"The demo's user {login} cannot log in: {error}",
            "When the password was changed in Odoo, set it back to the one in "
            f"{demo.FILES.folder / 'passwords' / login}; ./setup/demo --reset starts over.",
        ) from error


def _tell_how_to_log_in(server: RunningServer, passwords: dict[str, str]) -> None:
    say(f"\nThe demo is at {server.url}. Log in as one of these:")
    say(f"  {ADMINISTRATOR:<10}{passwords[ADMINISTRATOR]:<14}administrator, has every role")
    for person in PEOPLE:
        say(f"  {person.login:<10}{passwords[person.login]:<14}{person.role}")
    say(f"Choose {GROUP_NAME} in the company menu, at the top right, to see all of its facilities.")
    say("Ctrl-C ends it.")
