"""What became of the files that the clearing house delivered: read from Odoo, shown as a table."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from dataclasses import dataclass, field

from .client import Client

WIDTH = 120
_INDENT = "    "
_OUTCOMES = {
    "denied": "denied",
    "unapplied": "in unapplied cash",
    "review": "to review",
    "held": "held",
    "partially_posted": "posted in part",
}
#: Less than a cent.
_TOLERANCE = 0.005


@dataclass
class Row:
    """One payment, or a file that yielded none.

    :ivar paid: BPR02
    :ivar cleared: what the journal entries put on the clearing account; None when nothing is posted
    :ivar reasons: why something waits
    :ivar bank: whether a bank statement line brought the payment; empty when nothing is expected
    """

    file: str
    payer: str = ""
    claims: int | None = None
    posted_claims: int | None = None
    paid: float | None = None
    cleared: float | None = None
    state: str = ""
    reasons: list[str] = field(default_factory=list)
    bank: str = ""

    @property
    def clears(self) -> str:
        """Whether the clearing account holds what was paid."""
        if self.cleared is None:
            return ""
        return "yes" if abs(self.cleared - self.paid) < _TOLERANCE else "NO"


@dataclass
class Cause:
    """Open exceptions of one kind."""

    code: str
    text: str
    count: int = 0
    amount: float = 0.0


@dataclass
class Outcome:
    """The whole: rows in the order of the files, causes by the money at stake.

    :ivar deposits: amounts of the bank statement lines that no payment was matched with; None without any
        statement
    """

    rows: list[Row]
    causes: list[Cause]
    deposits: list[float] | None = None


def collect(client: Client) -> Outcome:
    """Read what happened, with the rights of the client's user."""
    exceptions = client.search_read(
        "integration.exception",
        [("state", "in", ("open", "in_progress"))],
        ["code", "name", "subject", "found", "amount", "message_ids"],
    )
    deposits = _unmatched_deposits(client)
    return Outcome(_rows(client, exceptions, deposits), _causes(exceptions), deposits)


def render(outcome: Outcome) -> str:
    """Return the table and the summary of the exceptions as lines of at most :data:`WIDTH` characters."""
    head = ("File", "Payer", "Claims", "Posted", "Paid", "Clearing", "= BPR02", "State", "Bank")
    lines = [_line(*head), "-" * WIDTH]
    previous = None
    for row in outcome.rows:
        lines.append(_row_line(row, row.file if row.file != previous else ""))
        lines += [wrapped for reason in row.reasons for wrapped in _wrapped(reason)]
        previous = row.file
    lines += ["-" * WIDTH, _total(outcome.rows), ""]
    return "\n".join(lines + _bank_summary(outcome) + _summary(outcome.causes))


# === READING === #


def _unmatched_deposits(client: Client) -> list[float] | None:
    lines = client.search_read("account.bank.statement.line", [], ["amount", "is_reconciled"])
    return [line["amount"] for line in lines if not line["is_reconciled"]] if lines else None


def _rows(client: Client, exceptions: list[dict], deposits: list[float] | None) -> list[Row]:
    messages = client.search_read(
        "integration.message",
        [("direction", "=", "in")],
        ["file_name", "parent_id", "position", "state", "state_reason", "child_count"],
        order="file_name, position",
    )
    remittances = {
        remittance["message_id"][0]: remittance
        for remittance in client.search_read("rcm.remittance", [("message_id", "!=", False)], _FIELDS)
    }
    outcomes = _claim_outcomes(client)
    waiting = defaultdict(list)
    for exception in exceptions:
        for message_id in exception["message_ids"]:
            waiting[message_id].append(exception)
    # A file whose transactions are known is told by them; a delivery day orders the files.
    shown = [message for message in messages if message["parent_id"] or not message["child_count"]]
    shown.sort(key=lambda message: (_delivered(message["file_name"]), message["position"]))
    return [
        _row(message, remittances.get(message["id"]), outcomes, waiting[message["id"]], deposits)
        for message in shown
    ]


_FIELDS = [
    "message_id",
    "payer_id",
    "payer_name",
    "claim_count",
    "amount",
    "clearing_total",
    "state",
    "state_reason",
    "bank_state",
]


def _row(
    message: dict,
    remittance: dict | None,
    outcomes: dict,
    exceptions: list[dict],
    deposits: list[float] | None,
) -> Row:
    row = Row(file=message["file_name"], state=message["state"])
    if message["state"] in ("duplicate", "rejected") and message["state_reason"]:
        row.reasons.append(message["state_reason"])
    if remittance is None:
        row.reasons += _reasons(exceptions)
        return row
    row.payer = remittance["payer_id"][1] if remittance["payer_id"] else remittance["payer_name"]
    row.claims, row.paid, row.state = remittance["claim_count"], remittance["amount"], remittance["state"]
    counts = outcomes[remittance["id"]]
    if row.state == "posted":
        row.cleared = remittance["clearing_total"]
        row.posted_claims = sum(
            count
            for outcome, count in counts.items()
            if outcome in ("posted", "partially_posted", "no_effect")
        )
        waiting = [f"{counts[name]} {label}" for name, label in _OUTCOMES.items() if counts.get(name)]
        row.reasons += [f"claims: {', '.join(waiting)}"] if waiting else []
        row.bank = remittance["bank_state"] if row.paid else ""
    row.reasons += _reasons(exceptions)
    if row.bank == "waiting" and deposits is not None:
        row.reasons.append(_why_no_deposit(row.paid, deposits))
    return row


def _why_no_deposit(paid: float, deposits: list[float]) -> str:
    alike = sum(1 for amount in deposits if abs(amount - paid) < _TOLERANCE)
    if not alike:
        return "bank: no deposit of this amount yet"
    times = "one deposit" if alike == 1 else f"{alike} deposits"
    return f"bank: {times} of this amount without its trace number; a person must choose"


def _reasons(exceptions: list[dict]) -> list[str]:
    """Return one sentence for each kind of exception: how often it occurs, and what was found or is meant."""
    alike: dict[str, list[str]] = defaultdict(list)
    for exception in exceptions:
        alike[exception["name"]].append(exception["found"] or exception["subject"] or "")
    return [_reason(name, found) for name, found in alike.items()]


def _reason(name: str, found: list[str]) -> str:
    times = f"{len(found)} times: " if len(found) > 1 else ""
    details = ", ".join(filter(None, dict.fromkeys(found)))
    return f"{times}{name}{f' ({details})' if details else ''}"


def _claim_outcomes(client: Client) -> dict[int, dict[str, int]]:
    counts: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for claim in client.search_read("rcm.claim", [], ["remittance_id", "outcome"]):
        counts[claim["remittance_id"][0]][claim["outcome"]] += 1
    return counts


def _causes(exceptions: list[dict]) -> list[Cause]:
    causes: dict[str, Cause] = {}
    for exception in exceptions:
        cause = causes.setdefault(exception["code"], Cause(exception["code"], exception["name"]))
        cause.count += 1
        cause.amount += abs(exception["amount"])
    return sorted(causes.values(), key=lambda cause: -cause.amount)


def _delivered(file_name: str) -> tuple[str, str]:
    """Return what orders the files as they came: date and serial number."""
    return tuple(file_name.partition(".")[0].split("_")[1:]) if "_" in file_name else ("", file_name)


# === WRITING === #


def _line(
    file: str,
    payer: str,
    claims: str,
    posted: str,
    paid: str,
    cleared: str,
    clears: str,
    state: str,
    bank: str,
) -> str:
    cells = (
        f"{file[:22]:<22}",
        f"{payer[:23]:<23}",
        f"{claims:>6}",
        f"{posted:>6}",
        f"{paid:>12}",
        f"{cleared:>12}",
        f"{clears:<7}",
        f"{state[:9]:<9}",
        f"{bank[:7]:<7}",
    )
    return "  ".join(cells).rstrip()


def _row_line(row: Row, file: str) -> str:
    return _line(
        file,
        row.payer,
        _number(row.claims),
        _number(row.posted_claims),
        _money(row.paid),
        _money(row.cleared),
        row.clears,
        row.state,
        row.bank,
    )


def _total(rows: list[Row]) -> str:
    posted = [row for row in rows if row.cleared is not None]
    return _line(
        f"{len({row.file for row in rows})} files",
        f"{len(posted)} payments posted",
        _number(sum(row.claims or 0 for row in posted)),
        _number(sum(row.posted_claims or 0 for row in posted)),
        _money(sum(row.paid for row in posted)),
        _money(sum(row.cleared for row in posted)),
        "yes" if posted and all(row.clears == "yes" for row in posted) else "NO",
        "",
        "",
    )


def _bank_summary(outcome: Outcome) -> list[str]:
    if outcome.deposits is None:
        return []
    expected = [row for row in outcome.rows if row.bank]
    matched = [row for row in expected if row.bank == "matched"]
    return [
        f"The bank brought {len(matched)} of {len(expected)} payments, "
        f"{_money(sum(row.paid for row in matched))}; {len(outcome.deposits)} deposits wait for a person.",
        "",
    ]


def _summary(causes: list[Cause]) -> list[str]:
    if not causes:
        return ["No exception is open."]
    count = sum(cause.count for cause in causes)
    lines = [f"{count} exceptions wait for a biller (Integrations, Exceptions):"]
    for cause in causes:
        lines += textwrap.wrap(
            f"{cause.count:>4}  {_money(cause.amount):>12}  {cause.text}",
            WIDTH,
            subsequent_indent=" " * 20,
        )
    return lines


def _wrapped(reason: str) -> list[str]:
    return textwrap.wrap(reason, WIDTH, initial_indent=f"{_INDENT}- ", subsequent_indent=f"{_INDENT}  ")


def _number(value: int | None) -> str:
    return "" if value is None else str(value)


def _money(value: float | None) -> str:
    return "" if value is None else f"{value:,.2f}"
