"""The access check at the start of every public action."""

from odoo.exceptions import AccessError

ADDON = "healthcare_integration_base"


def require_group(records, group, operation="read"):
    """Refuse an action to users without a role, and records that the user may not touch.

    :param str group: name of a group of this addon, e.g. ``group_manager``
    :param str operation: what the user must be allowed to do with the records themselves
    :raise AccessError: without the role or without access to a record
    """
    env = records.env
    if not env.user.has_group(f"{ADDON}.{group}"):
        role = env.ref(f"{ADDON}.{group}").sudo().full_name
        raise AccessError(env._("This needs the role %s. Ask an administrator for it.", role))
    records.check_access(operation)
