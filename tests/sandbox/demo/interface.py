"""The clearing house as Odoo knows it: system, credential, endpoint, flow, route and references."""

from __future__ import annotations

from .cast import ARCHIVE, FACILITIES, INBOX, INTERFACE, PAYERS

SYSTEM_CODE = "clearing-house"


def create_interface(env, group, branches, payers, users, settings):
    """Create the interface to the clearing house and let it go live.

    :param users: ``{login: user}``
    :return: the integration.endpoint
    """
    system = env["integration.system"].create(
        {
            "name": "Sandbox Clearing House",
            "code": SYSTEM_CODE,
            "company_id": group.id,
            "category": "clearing_house",
            "criticality": "high",
            "data_class": "phi",
            "business_owner_id": users["biller"].id,
            "technical_owner_id": users["manager"].id,
            "support_contact": "help@clearing-house.example, weekdays 8 to 18",
            "note": "A server on this machine that stands in for the clearing house of the payers.",
        }
    )
    system.action_approve()
    system.action_go_live()
    endpoint = _create_endpoint(env, system, settings)
    _create_flow(env, system, endpoint, users)
    _remember_parties(env, system, branches, payers)
    return endpoint


def _create_endpoint(env, system, settings):
    credential = env["integration.credential"].create(
        {"name": "Mailbox login", "system_id": system.id, "kind": "password", "login": settings.login}
    )
    credential._set_secret(settings.password)
    endpoint = env["integration.endpoint"].create(
        {
            "name": "Remittance mailbox",
            "system_id": system.id,
            "transport": "sftp",
            "direction": "in",
            "credential_id": credential.id,
            "host": settings.host,
            "port": settings.port,
            "host_key": settings.host_key,
            "base_path": "/",
            "inbox_path": INBOX,
            "archive_path": ARCHIVE,
            "include_patterns": "*.835",
            "disposal": "archive",
            # The clearing house renames complete files into place.
            "quiet_seconds": 0,
            "data_class_ids": env.ref("healthcare_integration_base.data_class_phi").ids,
            "poll_interval_minutes": 1,
        }
    )
    endpoint.action_activate()
    return endpoint


def _create_flow(env, system, endpoint, users):
    flow = env["integration.flow"].create(
        {
            "name": "Remittances",
            "code": "remittances",
            "company_id": system.company_id.id,
            "system_id": system.id,
            "endpoint_id": endpoint.id,
            "document_type_id": env.ref("healthcare_integration_rcm_posting.document_type_835").id,
            "user_id": users[INTERFACE.login].id,
            "owner_id": users["biller"].id,
            "timing": "batch",
            "service_level_hours": 24,
            "fallback": "Download the files from the clearing house's portal and post them by hand.",
        }
    )
    env["integration.route"].create(
        {"endpoint_id": endpoint.id, "flow_id": flow.id, "transaction_set": "835"}
    )
    flow.action_approve()
    flow.action_go_live()


def _remember_parties(env, system, branches, payers):
    references = env["integration.reference"]
    references._remember_many(system, "payer", {payer.identifier: payers[payer.code] for payer in PAYERS})
    references._remember_many(
        system, "payee", {facility.npi: branches[facility.code] for facility in FACILITIES}
    )
