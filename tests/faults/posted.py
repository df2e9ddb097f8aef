"""What must have become of a payer's file: entries, each of them once."""

from decimal import Decimal


def assert_posted_once(fleet, prefix, claims):
    """Each claim has one set of lines, its invoice is paid, and the clearing account holds the payment."""
    amount = Decimal(70 * claims)
    remittances = fleet.query(
        "SELECT id, state, posted_claim_count, amount FROM rcm_remittance WHERE trace_number = %s",
        f"T{prefix}",
    )
    assert [row[1:] for row in remittances] == [("posted", claims, amount)]
    entries = fleet.query(
        """
        SELECT rcm_role, count(DISTINCT rcm_claim_id), count(*), sum(balance),
               bool_and(parent_state = 'posted')
          FROM account_move_line JOIN account_move ON account_move.id = move_id
         WHERE account_move.rcm_remittance_id = %s GROUP BY rcm_role
        """,
        remittances[0][0],
    )
    by_role = {role: rest for role, *rest in entries}
    assert by_role.pop("clearing")[2:] == [amount, True]
    assert by_role
    for role, (distinct, lines, _balance, is_posted) in by_role.items():
        assert (distinct, lines, is_posted) == (claims, claims, True), role
    invoices = fleet.query(
        "SELECT payment_state, count(*), sum(amount_residual) FROM account_move"
        " WHERE rcm_claim_number LIKE %s AND move_type = 'out_invoice' GROUP BY payment_state",
        f"{prefix}%",
    )
    assert invoices == [("paid", claims, 0)]
