"""A webhook of Odoo that takes signed events."""


def open_webhook(env, system, secret: str) -> str:
    """Return the path of a new, active webhook of a system, whose partner signs with the secret."""
    credential = env["integration.credential"].create(
        {"name": "Signing", "system_id": system.id, "kind": "signing"}
    )
    credential._set_secret(secret)
    endpoint = env["integration.endpoint"].create(
        {
            "name": "Events",
            "system_id": system.id,
            "transport": "webhook",
            "credential_id": credential.id,
        }
    )
    endpoint.action_activate()
    return f"/integration/webhook/{endpoint.webhook_token}"
