"""Fills a database for a test of faults: what its functions do is asked for on the command line."""

import datetime
import functools
import itertools
import time
from pathlib import Path

import effects

from odoo import SUPERUSER_ID, Command, api
from odoo.modules.registry import Registry
from odoo.service.model import retrying
from odoo.tools import sql

from tests.sandbox.claims import NPI, PAYER_ID, draft_invoices, remittance_file

#: Of the documents that tasks send.
DOCUMENT_BYTES = 500
#: Of a flow: waits before a task is tried again, from a second on, and attempts for some minutes of them;
#: by default they begin at half a minute and go on for half an hour.
SHORT_WAITS = {"backoff_seconds": 1, "backoff_cap_seconds": 60, "max_attempts": 12}


def keep_only_own_crons(env):
    """Switch off the crons of others, and remember which are the suite's.

    Once for a database, before its workers start: those write their crons, and two writers collide.
    """
    if sql.table_exists(env.cr, "integration_fault_cron"):
        return
    env.cr.execute(
        """
        CREATE TABLE integration_fault_cron AS
            SELECT res_id AS cron_id FROM ir_model_data
             WHERE model = 'ir.cron' AND module LIKE 'healthcare_integration%';
        UPDATE ir_cron SET active = id IN (SELECT cron_id FROM integration_fault_cron);
        """
    )


def lanes(env, count):
    """Have so many lanes: more are made by copying one, as an administrator would."""
    present = env["integration.queue"]._lanes()
    for _lane in range(int(count) - len(present)):
        lane = present[0].copy({"active": True})
        env.cr.execute("INSERT INTO integration_fault_cron VALUES (%s)", (lane.id,))


def tasks(env, count, seconds, *flow_codes):
    """Enqueue tasks that leave an effect; every fifth also sends a document, by each of the flows in turn."""
    env.cr.execute(
        "CREATE TABLE integration_fault_effect (id serial PRIMARY KEY, task_id integer, worker integer)"
    )
    queue, partner = env["integration.queue"], env["res.partner"].create({"name": "Faults"})
    effect, flows = (effects.METHOD, (float(seconds),)), itertools.cycle(flow_codes)
    calls = [
        (effects.SENDING_METHOD, (next(flows), DOCUMENT_BYTES)) if flow_codes and number % 5 == 0 else effect
        for number in range(int(count))
    ]
    queue._enqueue([queue._describe_call(partner, method, arguments, {}, {}) for method, arguments in calls])


def later(env, seconds):
    """Enqueue one more task, due after so many seconds."""
    queue, partner = env["integration.queue"], env["res.partner"].search([], limit=1)
    due = datetime.timedelta(seconds=int(seconds))
    queue._enqueue([queue._describe_call(partner, effects.METHOD, (0.0,), {}, {"eta": due})])


def coded(env, count, *mapped):
    """Enqueue a task for each of so many messages; all of them use one code, the mapped one if any."""
    env.cr.execute("CREATE TABLE IF NOT EXISTS integration_fault_mapping (code varchar PRIMARY KEY)")
    system = env["integration.system"].search([("code", "=", "coded")], limit=1)
    system = system or env["integration.system"].create(
        {"name": "Coded", "code": "coded", "category": "payer", "state": "live"}
    )
    messages = env["integration.message"].create(
        [
            {"company_id": system.company_id.id, "system_id": system.id, "file_name": f"{number}"}
            for number in range(int(count))
        ]
    )
    queue, partner = env["integration.queue"], env["res.partner"].search([], limit=1)
    for code in mapped:
        map_code(env, code)
    code = mapped[0] if mapped else "UNKNOWN"
    queue._enqueue(
        [
            queue._describe_call(partner, effects.CODE_METHOD, (code,), {}, {"message": message})
            for message in messages
        ]
    )


def map_code(env, code):
    """Map a code."""
    env.cr.execute("INSERT INTO integration_fault_mapping VALUES (%s)", (code,))


def resolve(env):
    """Resolve the exception of the unknown code, and return how long that took."""
    began = time.monotonic()
    unresolved = [("code", "=", "faults.unknown_code"), ("state", "=", "open")]
    env["integration.exception"].search(unresolved).action_resolve()
    return time.monotonic() - began


def hospital(env, folder, *mailboxes):
    """Make a company whose mailboxes take remittances: folders below ``folder``, each with an inbox."""
    env["integration.instance"]._confirm_here()
    # The first to need a key generates it: before several hosts share the file.
    env["integration.keyring"]._keyring()
    company = env.company
    if not company.chart_template:
        env["account.chart.template"].try_loading("generic_coa", company, install_demo=False)
    env["rcm.posting.setup"].create({"company_id": company.id}).action_apply()
    payer = env["res.partner"].create({"name": "Northern Mutual Health Plan", "rcm_is_payer": True})
    system = env["integration.system"].create({"name": "Payer", "code": "faults", "category": "payer"})
    system.action_approve()
    system.action_go_live()
    env["integration.reference"]._remember(system, "payer", PAYER_ID, payer)
    env["integration.reference"]._remember(system, "payee", NPI, company)
    flow = _flow(env, system)
    for name in mailboxes:
        _mailbox(env, system, flow, Path(folder) / name)


def _flow(env, system):
    groups = ("base.group_user", "account.group_account_user", "healthcare_integration_base.group_operator")
    biller = env["res.users"].create(
        {
            "name": "Biller",
            "login": "faults-biller",
            "group_ids": [Command.set([env.ref(group).id for group in groups])],
        }
    )
    flow = env["integration.flow"].create(
        {
            "name": "Remittances",
            "code": "remittances",
            "system_id": system.id,
            "document_type_id": env.ref("healthcare_integration_rcm_posting.document_type_835").id,
            "user_id": biller.id,
            **SHORT_WAITS,
        }
    )
    flow.action_approve()
    flow.action_go_live()
    return flow


def _mailbox(env, system, flow, root):
    (root / "inbox").mkdir(parents=True)
    values = {"name": root.name, "transport": "folder", "base_path": str(root)}
    _open_mailbox(env, system, flow, values)


def _open_mailbox(env, system, flow, values):
    values = {
        "system_id": system.id,
        "inbox_path": "inbox",
        "quiet_seconds": 0,
        "data_class_ids": env.ref("healthcare_integration_base.data_class_phi").ids,
        **values,
    }
    endpoint = env["integration.endpoint"].create(values)
    endpoint.action_activate()
    env["integration.route"].create(
        {"endpoint_id": endpoint.id, "flow_id": flow.id, "transaction_set": "835"}
    )


def sftp_mailbox(env, port, password_file, known_hosts_file):
    """Give the payer a mailbox on an SFTP server of this machine."""
    flow = env["integration.flow"].search([("code", "=", "remittances")])
    credential = env["integration.credential"].create(
        {"name": "Payer", "system_id": flow.system_id.id, "kind": "password", "login": "payer"}
    )
    credential._set_secret(Path(password_file).read_text(encoding="utf-8"))
    values = {
        "name": "sftp",
        "transport": "sftp",
        "host": "127.0.0.1",
        "port": int(port),
        "host_key": Path(known_hosts_file).read_text(encoding="utf-8"),
        "credential_id": credential.id,
        "connect_timeout": 3,
        "read_timeout": 3,
        "total_timeout": 10,
        "breaker_failures": 2,
        "breaker_seconds": 1,
        "poll_interval_minutes": 1,
    }
    _open_mailbox(env, flow.system_id, flow, values)


def invoices(env, prefix, count):
    """Make posted invoices of 100.00 with the claim numbers PREFIX0, PREFIX1, ..."""
    payer, patient = env["res.partner"].search([("rcm_is_payer", "=", True)], limit=1), env["res.partner"]
    patient = patient.create({"name": "Alex Testcase"})
    claim_numbers = [f"{prefix}{number}" for number in range(int(count))]
    moves = draft_invoices(env, payer, patient, claim_numbers)
    moves._post(soft=False)


def remittance(env, prefix, count, *paths):
    """Write the same file to each path: it pays 70.00, allows 10.00 and leaves 20.00 of each claim."""
    claim_numbers = [f"{prefix}{number}" for number in range(int(count))]
    content = b"".join(remittance_file(claim_numbers, f"T{prefix}"))
    for path in paths:
        Path(path).write_bytes(content)


def look(env):
    """Have all mailboxes looked into at once."""
    env["integration.endpoint"].search([])._queue_poll()


def sender(env, name, folder):
    """Make a flow that sends JSON documents to a partner's folder."""
    values = {"transport": "folder", "base_path": folder, "outbox_path": "outbox"}
    _sender(env, name, values)


def http_sender(env, name, url):
    """Make a flow that sends JSON documents to an HTTP server of this machine."""
    values = {
        "transport": "http",
        "base_url": url,
        "plain_http_allowed": True,
        "allowed_networks": "127.0.0.1",
        "send_path": "/documents",
    }
    _sender(env, name, values)


def _sender(env, name, values):
    env["integration.instance"]._confirm_here()
    env["integration.keyring"]._keyring()
    system = env["integration.system"].create({"name": name, "code": name, "category": "payer"})
    system.action_approve()
    system.action_go_live()
    endpoint = env["integration.endpoint"].create(
        {"name": name, "system_id": system.id, "direction": "out", **values}
    )
    endpoint.action_activate()
    document_type = env["integration.document.type"].create(
        {"name": name, "code": name, "direction": "out", "format": "json"}
    )
    flow = env["integration.flow"].create(
        {
            "name": name,
            "code": name,
            "system_id": system.id,
            "endpoint_id": endpoint.id,
            "document_type_id": document_type.id,
            "user_id": env.ref("base.user_admin").id,
            **SHORT_WAITS,
        }
    )
    flow.action_approve()
    flow.action_go_live()


def outgoing(env, name, count, size):
    """Queue messages of a flow, of about so many bytes each."""
    flow = env["integration.flow"].search([("code", "=", name)])
    for number in range(int(count)):
        flow._send(env["res.partner"], documents={"number": number, "text": "x" * int(size)})


def main(database, *steps):
    """Run the steps in one transaction, ``+`` separates them, and print what they return.

    Where they collide with a worker they are run again, as what a user does is.
    """
    registry = Registry(database)
    effects.allow(registry)
    with registry.cursor() as cr:
        env = api.Environment(cr, SUPERUSER_ID, {})
        results = retrying(functools.partial(_run, env, " ".join(steps).split(" + ")), env)
    print(*(result for result in results if result is not None), sep="\n")


def _run(env, steps):
    keep_only_own_crons(env)
    return [globals()[name](env, *arguments) for name, *arguments in map(str.split, steps)]
