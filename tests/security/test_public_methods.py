"""Whatever method of a model has no underscore can be called by any user over RPC, with any arguments."""

import ast

from tests.security.suite_source import called_names, methods

#: Odoo's own doors, which its access rights guard; an override of one is no new door.
ORM_METHODS = {"copy", "copy_data", "create", "default_get", "export_data", "init", "unlink", "write"}
#: Methods of Odoo's models that addons of the suite extend.
EXTENDED = {("AccountMove", "button_draft"), ("ResConfigSettings", "set_values")}
CHECKS = {"check_access", "require_group"}
MODEL_FOLDERS = ("models", "wizards", "handlers")


def _definitions():
    by_name = {}
    for method in methods(MODEL_FOLDERS):
        by_name.setdefault(method.name, []).append(method)
    return by_name


def _begins_with_check(method, definitions, depth=3):
    """Tell whether the first thing that a method does is an access check, itself or in what it calls."""
    statements = [s for s in method.statements() if called_names(s) != {"ensure_one"}]
    if not statements or not depth:
        return False
    called = called_names(statements[0])
    if called & CHECKS or _refuses_without_group(statements[0]) or {"super", method.name} <= called:
        return True
    names = {name for name in called if name.startswith(("_", "action_"))}
    helpers = [helper for name in names for helper in definitions.get(name, ())]
    return any(_begins_with_check(helper, definitions, depth - 1) for helper in helpers)


def _refuses_without_group(statement):
    """Tell whether it reads ``if not self.env.user.has_group(...): raise AccessError(...)``."""
    return (
        isinstance(statement, ast.If)
        and "has_group" in called_names(statement.test)
        and isinstance(statement.body[0], ast.Raise)
    )


def test_public_methods_are_actions_that_begin_with_an_access_check():
    definitions, unguarded = _definitions(), []
    for method in methods(MODEL_FOLDERS):
        is_known = method.name in ORM_METHODS or (method.class_name, method.name) in EXTENDED
        if method.name.startswith("_") or is_known or "api.private" in method.decorators():
            continue
        if not method.is_of_model:
            continue
        if not method.name.startswith("action_") or not _begins_with_check(method, definitions):
            unguarded.append(str(method))
    assert not unguarded, "\n".join(unguarded)


def test_the_suite_has_public_methods():
    assert sum(method.name.startswith("action_") for method in methods(MODEL_FOLDERS)) > 50
