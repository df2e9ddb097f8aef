"""The choice of a business model in configuration records."""

TECHNICAL_PREFIXES = ("ir.", "bus.", "base.", "report.", "mail.", "discuss.", "iap.", "res.users.")
KERNEL = "healthcare_integration_base"


def business_models(env):
    """Return ``[(technical name, label)]`` of the models whose records an external code can stand for.

    Selections are checked at every write, so the list comes from the registry and not from the database.
    """
    models = (
        (name, model._description)
        for name, model in env.registry.items()
        if model._auto
        and not model._abstract
        and not model._transient
        and model._original_module != KERNEL
        and not name.startswith(TECHNICAL_PREFIXES)
    )
    return sorted(((name, f"{label} ({name})") for name, label in models), key=lambda item: item[1])
