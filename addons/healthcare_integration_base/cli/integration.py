"""``odoo integration``: the integration from the command line, for operators of the server and their scripts.

Odoo loads this file by itself, without the addon around it: what the commands do is the model
``integration.command``.
"""

import json
import os
import pwd
import sys
import threading

import psycopg2

from odoo import SUPERUSER_ID, api
from odoo.cli.command import Command
from odoo.exceptions import AccessError, UserError
from odoo.modules.registry import Registry
from odoo.tools import config
from odoo.tools.safe_eval import const_eval

DONE, FAILED, USAGE = 0, 1, 2
MODEL = "integration.command"


class CommandError(Exception):
    """Says in one sentence why a command cannot be run, and what to do."""


class Integration(Command):
    """Import files, run flows, replay, drain, verify, rotate keys, look at the status."""

    epilog = """\
        Exit status: 0 done, 1 failed or not in order, 2 wrong usage.

        Odoo finds this command in the addons path of its configuration: name the file in the environment
        (ODOO_RC=/etc/odoo/odoo.conf odoo integration ...) or the path in front
        (odoo --addons-path=PATH integration ...).
    """

    def __init__(self):
        super().__init__()
        subparsers = self.parser.add_subparsers(dest="subcommand", required=True, metavar="COMMAND")
        for name, runner, text, arguments in SUBCOMMANDS:
            subparser = subparsers.add_parser(name, help=text, description=text)
            subparser.set_defaults(runner=runner)
            subparser.add_argument("-c", "--config", help="configuration file of Odoo")
            subparser.add_argument("-d", "--database", help="database; the configuration's by default")
            subparser.add_argument("--json", action="store_true", help="print the result as JSON")
            for names, options in arguments:
                subparser.add_argument(*names, **options)

    def run(self, cmdargs):
        arguments = self.parser.parse_args(cmdargs)
        check_usage(self.parser, arguments)
        try:
            result, is_good = run_in_database(open_registry(arguments), arguments)
        except Exception as error:
            if not is_expected(error):
                raise
            write_error(error, as_json=arguments.json)
            sys.exit(FAILED)
        write_result(result, arguments)
        sys.exit(DONE if is_good else FAILED)


# === COMMANDS: each returns the result, and whether all is in order === #


def run_status(command, arguments):
    result = command._status()
    return result, result["is_ready"]


def run_import(command, arguments):
    result = command._import_file(
        os_user(),
        os.path.abspath(arguments.file),
        endpoint=arguments.endpoint,
        flow=arguments.flow,
        file_name=arguments.name,
    )
    return result, True


def run_flow(command, arguments):
    return command._run_flow(os_user(), endpoint=arguments.endpoint, flow=arguments.flow), True


def run_replay(command, arguments):
    result = command._replay(
        os_user(), arguments.reason, ids=arguments.ids or (), domain=arguments.domain, limit=arguments.limit
    )
    return result, True


def run_drain(command, arguments):
    if arguments.stop or arguments.start:
        result = command._switch_lanes(os_user(), bool(arguments.start), arguments.seconds)
        return result, result["is_switched"] and (bool(arguments.start) or not result["is_running"])
    result = command._drain(os_user(), arguments.seconds)
    return result, result["is_empty"] and not result["dead"]


def run_verify_audit(command, arguments):
    result = command._verify_audit(os_user(), read_head(arguments.head) if arguments.head else None)
    return result, result["is_intact"]


def run_export_audit_head(command, arguments):
    return command._export_audit_head(), True


def run_rotate_keys(command, arguments):
    result = command._rotate_keys(os_user())
    return result, not result["left"]


def read_head(path):
    """Return a head as ``export-audit-head`` has printed it.

    :raise CommandError: if the file holds something else
    """
    with open(path, encoding="utf-8") as file:
        try:
            head = json.load(file)
            return {"number": int(head["number"]), "code": str(head["code"])}
        except (ValueError, KeyError, TypeError) as error:
            raise CommandError(f"{path} is no head of an audit log.") from error


def ids_of(text):
    """Return ``1,2,3`` as integers."""
    return [int(part) for part in text.split(",")]


def domain_of(text):
    """Return a domain of Odoo that is written as Python has it."""
    domain = const_eval(text)
    if not isinstance(domain, list):
        raise ValueError("a domain is a list")
    return domain


WHERE = [
    (["--endpoint"], {"help": "id or name of the endpoint"}),
    (["--flow"], {"help": "code of the flow, instead of the endpoint"}),
]
SUBCOMMANDS = (
    ("status", run_status, "Show checks, unfinished work and endpoints.", []),
    (
        "import",
        run_import,
        "Take in a file as if an endpoint had fetched it.",
        [
            (["file"], {"metavar": "FILE"}),
            (["--name"], {"help": "name that the partner gave the file"}),
            *WHERE,
        ],
    ),
    ("run-flow", run_flow, "Look into the mailbox of a flow or endpoint now.", WHERE),
    (
        "replay",
        run_replay,
        "Process stopped messages again.",
        [
            (["--ids"], {"type": ids_of, "help": "ids of messages: 1,2,3"}),
            (["--domain"], {"type": domain_of, "help": "domain: [('state', '=', 'held')]"}),
            (["--limit"], {"type": int, "default": 1000, "help": "messages of a domain at most"}),
            (["--reason"], {"required": True, "help": "why, for the audit log"}),
        ],
    ),
    (
        "drain",
        run_drain,
        "Run due tasks in this process until none is left; or stop the lanes before maintenance.",
        [
            (["--seconds"], {"type": float, "default": 3600.0, "help": "longest time, 3600 by default"}),
            (["--stop"], {"action": "store_true", "help": "switch the lanes off, wait for what runs"}),
            (["--start"], {"action": "store_true", "help": "switch the lanes on again"}),
        ],
    ),
    (
        "verify-audit",
        run_verify_audit,
        "Check the audit log against its seals.",
        [(["--head"], {"help": "file with a head that was exported before"})],
    ),
    (
        "export-audit-head",
        run_export_audit_head,
        "Print the head of the audit log, to be kept at another place.",
        [],
    ),
    ("rotate-keys", run_rotate_keys, "Re-encrypt with the current key what former keys have encrypted.", []),
)


def check_usage(parser, arguments):
    """End with the usage when options are missing or contradict each other."""
    if arguments.subcommand in ("import", "run-flow") and bool(arguments.endpoint) == bool(arguments.flow):
        parser.error("name either --endpoint or --flow")
    if arguments.subcommand == "replay" and (arguments.ids is None) == (arguments.domain is None):
        parser.error("name either --ids or --domain")
    if arguments.subcommand == "drain" and arguments.stop and arguments.start:
        parser.error("name either --stop or --start")


# === DATABASE === #


def open_registry(arguments):
    """Return the registry of the database that is named.

    :raise CommandError: if none or several are named, or it cannot be opened
    """
    options = ["--no-http"]
    options += ["-c", arguments.config] if arguments.config else []
    options += ["-d", arguments.database] if arguments.database else []
    config.parse_config(options, setup_logging=True)
    names = config["db_name"]
    if len(names) != 1:
        raise CommandError("Name one database with --database, or in the configuration.")
    threading.current_thread().dbname = names[0]
    try:
        return Registry(names[0])
    except (psycopg2.Error, AttributeError) as error:
        raise CommandError(f"The database {names[0]} cannot be opened: {first_line(error)}") from error


def run_in_database(registry, arguments):
    """Return what the command returns, its changes committed."""
    if MODEL not in registry:
        raise CommandError("The addon healthcare_integration_base is not installed in this database.")
    with registry.cursor() as cr:
        # Whoever may start Odoo on the server may do all; the audit log names the system's user.
        command = api.Environment(cr, SUPERUSER_ID, {})[MODEL]
        return arguments.runner(command, arguments)


def os_user():
    """Return the name of the operating system's user who runs the command, or its number.

    Containers run commands by numbers that no file gives a name.
    """
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"uid {number}"


# === OUTPUT: results on the standard output, everything else on the error output === #


def write_result(result, arguments):
    # What is exported is kept as a file, so it is the same either way.
    if arguments.json or arguments.subcommand == "export-audit-head":
        sys.stdout.write(json.dumps(result, indent=2, default=str) + "\n")
    elif arguments.subcommand == "status":
        sys.stdout.write(status_table(result))
    else:
        sys.stdout.write("".join(f"{name}: {as_text(value)}\n" for name, value in result.items()))


def is_expected(error):
    """Tell whether an error is for whoever runs the command, and no fault of the program."""
    if isinstance(error, (CommandError, UserError, AccessError, OSError, psycopg2.Error)):
        return True
    # The addon's own errors can be imported only after Odoo has loaded the addon.
    errors = sys.modules.get("odoo.addons.healthcare_integration_base.errors")
    return errors is not None and isinstance(error, errors.IntegrationError)


def write_error(error, *, as_json):
    text = first_line(error)
    if as_json:
        sys.stdout.write(json.dumps({"error": text}) + "\n")
    sys.stderr.write(f"odoo integration: {text}\n")


def first_line(error):
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def as_text(value):
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def status_table(status):
    rows = [("CHECK", "STATE", "FOUND")]
    rows += [(check["title"], check["state"], check["found"]) for check in status["checks"]]
    rows += [("", "", ""), ("TASKS", "", "")]
    rows += [(state, str(count), "") for state, count in status["tasks"].items()]
    rows += [("", "", ""), ("MESSAGES", "", "")]
    rows += [(state, str(count), "") for state, count in status["messages"].items() if count]
    rows += [("", "", ""), ("ENDPOINT", "STATE", "LAST SUCCESS")]
    rows += [
        (f"{endpoint['id']} {endpoint['name']}", endpoint["state"], endpoint["last_success"] or "never")
        for endpoint in status["endpoints"]
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    lines = (f"{row[0]:<{widths[0]}}  {row[1]:<{widths[1]}}  {row[2]}".rstrip() for row in rows)
    return "\n".join(lines) + "\n"
