"""Findings of a document as a table that a person can check against the file."""

from markupsafe import Markup

COLUMNS = ("location", "message", "expected", "found")


def findings_table(env, findings):
    """Return the findings, as ``Finding.as_dict`` stores them, as escaped HTML; False without any."""
    if not findings:
        return False
    titles = (env._("Where"), env._("What"), env._("Expected"), env._("Found"))
    return Markup("<table class='table table-sm'><thead>%s</thead><tbody>%s</tbody></table>") % (
        _row("th", titles),
        Markup("").join(_row("td", [finding.get(name, "") for name in COLUMNS]) for finding in findings),
    )


def _row(tag, cells):
    return Markup("<tr>%s</tr>") % Markup("").join(Markup(f"<{tag}>%s</{tag}>") % cell for cell in cells)
