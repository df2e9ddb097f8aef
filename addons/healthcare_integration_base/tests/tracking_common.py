"""What must not be written into the chatter, which everybody reads who may read the record."""

import re

SUITE = "healthcare_integration_"
PRIVATE_GROUP = "healthcare_integration_base.group_phi"
SECRET_NAME = re.compile(r"(^|_)(secret|password|passphrase|token|private_key|api_key)(_|$)")


def private_fields(registry):
    """Return the fields of the suite that hold secrets, or that only some may read.

    :return: ``[Field]``; those that show another one's value are counted by that, too
    """
    return [
        field
        for model_class in registry.values()
        for field in model_class._fields.values()
        if _is_of_suite(model_class, field) and any(map(_is_private, _with_origin(field)))
    ]


def tracked(fields):
    """Return the names of those whose changes Odoo would write into the chatter."""
    return sorted(str(field) for field in fields if getattr(field, "tracking", None))


def _is_of_suite(model_class, field):
    modules = {getattr(model_class, "_original_module", None), *(field._modules or ())}
    return any((module or "").startswith(SUITE) for module in modules)


def _with_origin(field):
    while field:
        yield field
        field = field.related_field if field.related else None


def _is_private(field):
    return bool(field.groups) or SECRET_NAME.search(field.name) is not None
