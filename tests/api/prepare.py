"""Run as a process, ``prepare.py DATABASE FILE``: makes a flow, a client and a webhook, and tells of them."""

import json
import sys
from pathlib import Path

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.module import initialize_sys_path
from odoo.modules.registry import Registry
from odoo.tools import config

sys.path.insert(1, str(Path(__file__).resolve().parents[2]))

from tests.sandbox.webhook import open_webhook  # noqa: E402 (the path above makes it importable)

SCHEMA = {
    "type": "object",
    "required": ["order", "ordered_on", "lines"],
    "additionalProperties": False,
    "properties": {
        "order": {"type": "string", "minLength": 1, "maxLength": 30},
        "ordered_on": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "urgent": {"type": "boolean"},
        "lines": {
            "type": "array",
            "minItems": 1,
            "maxItems": 5,
            "items": {
                "type": "object",
                "required": ["item", "quantity"],
                "additionalProperties": False,
                "properties": {
                    "item": {"type": "string", "minLength": 1, "maxLength": 40},
                    "quantity": {"type": "integer", "minimum": 1, "maximum": 9999},
                },
            },
        },
    },
}


SECRET = "the secret of the warehouse"


def prepare(env):
    """Return the key of a client that may send orders, and the address of a webhook of the same system."""
    system = env["integration.system"].create({"name": "Warehouse", "code": "api"})
    system.action_approve()
    system.action_go_live()
    document_type = env["integration.document.type"].create(
        {"name": "Order", "code": "api.order", "format": "json", "json_schema": json.dumps(SCHEMA)}
    )
    runner, caller = env["res.users"].create(
        [{"name": name, "login": name, "group_ids": [Command.set(env.ref("base.group_user").ids)]}
         for name in ("api-runner", "api-caller")]
    )  # fmt: skip
    flow = env["integration.flow"].create(
        {
            "name": "Orders",
            "code": "orders",
            "system_id": system.id,
            "document_type_id": document_type.id,
            "user_id": runner.id,
        }
    )
    flow.action_approve()
    flow.action_go_live()
    client = env["integration.client"].create(
        {
            "name": "Warehouse",
            "user_id": caller.id,
            "flow_ids": [Command.set(flow.ids)],
            "read_ids": [Command.create({"code": "messages"})],
            "rate_per_minute": 600_000,
            "burst": 100_000,
        }
    )
    return {
        "key": client.action_new_key()["context"]["default_key"],
        "webhook": open_webhook(env, system, SECRET),
    }


def main(database, file):
    """Prepare the database and write down how to call it."""
    config.parse_config(["-d", database, "--no-http"], setup_logging=True)
    initialize_sys_path()
    with Registry(database).cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        made = prepare(env(user=env.ref("base.user_admin")))
    Path(file).write_text(json.dumps({**made, "secret": SECRET}))


if __name__ == "__main__":
    main(*sys.argv[1:])
