"""The demo from end to end, by its own command: a real SFTP server, a real Odoo with workers and crons, three
days of files and the bank statement of a fourth."""

import io
import socket
import time
from contextlib import contextmanager, nullcontext, redirect_stdout
from types import SimpleNamespace

import pytest
from provisioning import (
    command_demo,
    demo,
    installed,
    odoo_process,
    odoo_server,
    stamps,
    test_environment,
)
from provisioning import database as database_names
from provisioning import demo_clearing_house as clearing_house
from provisioning import demo_hospital as hospital
from provisioning.database import Databases
from provisioning.demo_files import DemoFiles
from provisioning.failure import SetupError

from tests import odoo_logs
from tests.outside import Outside
from tests.sandbox.demo import outcome
from tests.sandbox.demo.cast import ADMINISTRATOR, ARCHIVE, INBOX, MAILBOX_LOGIN, PEOPLE
from tests.sandbox.demo.client import Client, ClientError

LOGINS = (ADMINISTRATOR, *(person.login for person in PEOPLE))
#: What the tests here are refused.
REFUSED = (
    odoo_logs.expected(r"WARNING odoo\.http", r"Access Denied\Z", "a wrong password"),
    odoo_logs.expected(r"WARNING odoo\.http", r"rights to access the field", "a patient's name"),
)


@pytest.fixture(scope="module")
def commanded(tmp_path_factory):
    """The demo as ``./setup/demo --no-serve`` leaves it, in a database and folders of its own."""
    odoo = test_environment.inherited()
    folder = tmp_path_factory.mktemp("demo")
    outside = Outside(folder / "outside")
    with pytest.MonkeyPatch.context() as patches, fresh_name(odoo) as database:
        patches.setattr(demo, "DATABASE", database)
        patches.setattr(demo, "FILES", DemoFiles(folder / "files", folder / "logs"))
        patches.setattr(demo, "LOCK", folder / "lock")
        patches.setattr(stamps, "_file", lambda name: folder / name)
        patches.setattr(odoo_process, "provisioned", lambda: nullcontext(odoo))
        with pytest.MonkeyPatch.context() as environment:
            for name, place in outside.variables.items():
                environment.setenv(name, place)
            printed = command("--no-serve")
        # The next server's log takes its place.
        log = demo.FILES.log("server").rename(folder / "first-server.log")
        logs = [installed.log(database), demo.FILES.log("hospital"), log]
        yield SimpleNamespace(
            odoo=odoo, database=database, files=demo.FILES, printed=printed, logs=logs, outside=outside
        )


@contextmanager
def fresh_name(odoo):
    name = database_names.working_name("demo")
    try:
        yield name
    finally:
        Databases(odoo.server).drop(name)


def command(*arguments):
    """Run ``./setup/demo`` with these arguments and return what it prints."""
    printed = io.StringIO()
    with redirect_stdout(printed):
        assert command_demo.main(list(arguments)) == 0
    return printed.getvalue()


def test_nothing_is_left_outside_the_checkout(commanded):
    commanded.outside.assert_untouched()


def test_a_second_run_is_quick_and_changes_nothing(commanded, tell):
    began = time.monotonic()
    printed = command("--no-serve")
    tell(f"second run of setup/demo: {time.monotonic() - began:.1f} s until its end")
    assert "Demo database" in commanded.printed
    assert "Demo database" not in printed
    assert table(printed) == table(commanded.printed) != ""


def table(printed):
    return printed.partition("What happened")[2].partition("\n\n")[2]


def test_a_port_that_is_taken_is_refused_before_anything_begins(commanded):
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(SetupError, match="is taken"):
        command("--port", str(taken.getsockname()[1]))


def test_two_commands_at_once_are_refused(commanded):
    with demo.held(), pytest.raises(SetupError, match="already running"):
        command("--no-serve")


@pytest.fixture(scope="module")
def run(commanded):
    """The demo after its four days, served."""
    odoo, database, files = commanded.odoo, commanded.database, commanded.files
    log = files.log("served")
    logs = [*commanded.logs, files.log("server"), log]
    with (
        clearing_house.running(files, MAILBOX_LOGIN) as house,
        odoo_server.running(odoo, database, log, options=demo.OPTIONS) as server,
    ):
        passwords = files.passwords(LOGINS)
        biller = Client(server.url, database, "biller", passwords["biller"])
        hospital.follow(Client(server.url, database, "manager", passwords["manager"]), house)
        yield SimpleNamespace(
            odoo=odoo,
            database=database,
            house=house,
            files=files,
            passwords=passwords,
            logs=logs,
            server=server,
            biller=biller,
        )
    odoo_logs.assert_quiet(logs, [odoo_logs.CONCURRENT, odoo_logs.STOPPED, *REFUSED])


def session(run, login):
    return Client(run.server.url, run.database, login, run.passwords[login])


@pytest.fixture(scope="module")
def result(run):
    return outcome.collect(run.biller)


def rows_of(result, *, state):
    """Return the files (date left out) whose rows are in a state, with what the table says of them."""
    return {short(row.file): row for row in result.rows if row.state == state}


def short(file_name):
    payer, _date, number = file_name.partition(".")[0].split("_")
    return f"{payer}_{number}"


def test_every_payment_that_balances_is_posted_and_clears(result):
    posted = [row for row in result.rows if row.state == "posted"]
    assert sorted(short(row.file) for row in posted) == [
        *["BATCH_104"] * 4,
        *["MPW_101", "MPW_105", "ORD_203", "QLM_103", "QLM_106", "QLM_202", "QLM_301"],
        *["TDW_102", "TDW_204", "TDW_205", "TDW_302"],
    ]
    assert {row.clears for row in posted} == {"yes"}
    assert sum(row.claims for row in posted) == 118


def test_what_may_not_be_posted_is_held_with_its_reason(result):
    held = rows_of(result, state="held")
    reasons = {file: " ".join(row.reasons) for file, row in held.items()}
    assert set(reasons) == {"OFA_107", "TDW_108", "ORD_109", "ORD_206"}
    assert "payer is unknown" in reasons["OFA_107"] and "1070000099" in reasons["OFA_107"]
    assert "test file" in reasons["TDW_108"]
    assert "not an X12 interchange" in reasons["ORD_109"]
    assert "does not balance" in reasons["ORD_206"] and "90.00" in reasons["ORD_206"]
    assert [row.cleared for row in held.values()] == [None] * 4


def test_the_second_copy_of_a_file_is_a_duplicate(result):
    [row] = rows_of(result, state="duplicate").values()
    assert short(row.file) == "MPW_201"
    assert "MPW_" in row.reasons[0]


def test_a_biller_finds_one_exception_per_cause(result):
    assert {cause.code: cause.count for cause in result.causes} == {
        "remittance.hold.payer_unknown": 1,
        "remittance.hold.test_file": 1,
        "remittance.hold.unbalanced": 1,
        "x12.not_x12": 1,
        "remittance.claim.denied": 4,
        "remittance.claim.line_denied": 2,
        "remittance.claim.unmatched": 1,
        "remittance.adjustment.no_rule": 2,
        "remittance.provider_adjustment.to_identify": 1,
    }


def test_what_the_payers_announced_is_settled(run):
    """Overpayment and forwarded balance pair up, the second payer's receivable is paid."""
    lines = run.biller.search_read(
        "account.move.line",
        [
            ("rcm_role", "in", ["payer_refund", "forward_balance", "payer_receivable"]),
            ("parent_state", "=", "posted"),
        ],
        ["rcm_role", "amount_residual"],
    )
    assert {line["rcm_role"] for line in lines} == {"payer_refund", "forward_balance", "payer_receivable"}
    assert {line["amount_residual"] for line in lines} == {0.0}


def test_the_corrected_claim_is_open_for_nothing(run):
    [reversal] = run.biller.search_read(
        "rcm.claim", [("status", "=", "22"), ("remittance_id.amount", ">", 0)], ["invoice_id"]
    )
    [invoice] = run.biller.search_read(
        "account.move", [("id", "=", reversal["invoice_id"][0])], ["amount_residual", "payment_state"]
    )
    assert (invoice["amount_residual"], invoice["payment_state"]) == (0.0, "paid")


def test_the_bank_brings_what_was_announced(run, result):
    """A deposit is matched by its trace number, or by its amount if no other has it; nothing is guessed."""
    expected = {short(row.file): row for row in result.rows if row.bank}
    waiting = {file: row.reasons[-1] for file, row in expected.items() if row.bank == "waiting"}
    assert waiting == {
        "MPW_105": "bank: 2 deposits of this amount without its trace number; a person must choose",
        "TDW_302": "bank: no deposit of this amount yet",
    }
    assert {expected[file].bank for file in ("MPW_101", "QLM_106", "QLM_301")} == {"matched"}
    assert sum(row.bank == "matched" for row in result.rows) == 11
    assert result.deposits == [expected["MPW_105"].paid] * 2


def test_clearing_holds_what_the_bank_has_not_brought_yet(run, result):
    lines = run.biller.search_read(
        "account.move.line",
        [("rcm_role", "=", "clearing"), ("parent_state", "=", "posted"), ("reconciled", "=", False)],
        ["amount_residual"],
    )
    waiting = sum(row.paid for row in result.rows if row.bank == "waiting")
    assert round(sum(line["amount_residual"] for line in lines), 2) == round(waiting, 2) > 0
    matched = run.biller.search_read("rcm.remittance", [("bank_line_id", "!=", False)], ["bank_line_id"])
    assert len({remittance["bank_line_id"][0] for remittance in matched}) == 11


def test_the_books_balance(run):
    [total] = run.biller.call(
        "account.move.line",
        "formatted_read_group",
        [("parent_state", "=", "posted")],
        aggregates=["balance:sum"],
    )
    assert abs(total["balance:sum"]) < 0.005


def test_the_mailbox_is_cleared_up(run):
    assert list((run.house.mailbox / INBOX).iterdir()) == []
    assert len(list((run.house.mailbox / ARCHIVE).iterdir())) == 17


@pytest.mark.parametrize("login", LOGINS)
def test_each_user_logs_in_and_sees_the_exceptions(run, login):
    assert session(run, login).call("integration.exception", "search_count", []) == 14


def test_the_server_logged_nothing_to_worry_about(run):
    odoo_logs.assert_quiet(run.logs, [odoo_logs.CONCURRENT, odoo_logs.STOPPED])


# What is refused from here on stands in the log.


def test_a_wrong_password_is_refused(run):
    with pytest.raises(ClientError):
        Client(run.server.url, run.database, "biller", run.passwords["viewer"])


@pytest.mark.parametrize(
    ("login", "may"), [("viewer", False), ("biller", False), ("auditor", False), ("phi", True)]
)
def test_only_those_who_may_see_patients_names(run, login, may):
    user = session(run, login)
    if may:
        [claim] = user.call("rcm.claim", "search_read", [], ["patient_name"], limit=1)
        assert claim["patient_name"]
    else:
        with pytest.raises(ClientError):
            user.call("rcm.claim", "search_read", [], ["patient_name"], limit=1)


def test_no_patient_is_named_where_everybody_reads(run):
    """Journal labels, exceptions and tasks carry claim numbers, never names."""
    surnames = ("demopatient", "sampleton", "testcase")
    places = (
        ("account.move.line", ["name"], [("rcm_role", "!=", False)]),
        ("account.move", ["ref"], [("rcm_remittance_id", "!=", False)]),
        ("integration.exception", ["name", "subject", "location", "expected", "found", "remedy"], []),
        ("integration.task", ["description", "arguments", "error"], []),
        ("integration.message", ["name", "state_reason", "findings"], []),
        ("mail.message", ["subject", "body"], []),
        (
            "mail.tracking.value",
            [f"{age}_value_{kind}" for age in ("old", "new") for kind in ("char", "text")],
            [],
        ),
    )
    administrator = session(run, ADMINISTRATOR)
    for model, names, domain in places:
        records = administrator.search_read(model, domain, names)
        assert records
        assert not [record for record in records if any(name in str(record).lower() for name in surnames)]
