"""Waits of the kernel that no setting shortens: sixty times shorter in worker processes of the tests.

Nothing is left out by it: what failed still waits longer each time and is then tried again by itself.
"""

from dataclasses import fields, replace

from odoo.addons.healthcare_integration_base.models import integration_endpoint_gate
from odoo.addons.healthcare_integration_base.queue import integration_task
from odoo.addons.healthcare_integration_base.queue.task_method import task_options

FACTOR = 60
#: Tasks that belong to no flow, whose settings would count.
METHODS = {
    "integration.endpoint": ("_poll", "_note_delivery"),
    "integration.endpoint.file": ("_fetch", "_dispose"),
}


def shorten_waits(registry):
    """Have failed tasks be tried again, and the place of a killed connection be free, in seconds."""
    for model, methods in METHODS.items():
        for method in methods:
            _shorten_retries(registry[model], method)
    integration_endpoint_gate.SECONDS_OVER_TOTAL /= FACTOR


def _shorten_retries(model_class, method):
    options = task_options(model_class, method)
    retry = replace(options.retry, base=options.retry.base / FACTOR, cap=options.retry.cap / FACTOR)
    values = {field.name: getattr(options, field.name) for field in fields(options)}
    integration_task(**{**values, "retry": retry})(getattr(model_class, method))
