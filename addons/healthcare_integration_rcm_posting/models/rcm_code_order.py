"""The order in which people look up codes: 1, 2, 45, 100, then A1, B7, B10."""

from odoo.tools import SQL


def code_order(code, direction, nulls):
    """Return the terms that order by a code: its letters first, of which a number has none, then its number.

    :param SQL code: the text column
    :param SQL direction: ``ASC``, ``DESC`` or empty
    :param SQL nulls: ``NULLS FIRST``, ``NULLS LAST`` or empty
    """
    letters = SQL("substring(%s from '^[^0-9]*') COLLATE \"C\"", code)
    number = SQL("substring(%s from '[0-9]+')::numeric", code)
    return SQL(", ").join(SQL("%s %s %s", term, direction, nulls) for term in (letters, number, code))
