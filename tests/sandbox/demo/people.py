"""The demo's users: one for each role, and the account that the interface runs as."""

from __future__ import annotations

from dataclasses import dataclass

from odoo.fields import Command

_ROLES = "healthcare_integration_base.group_"
_BILLING = "account.group_account_invoice"
INTERFACE_LOGIN = "remittance.interface"


@dataclass(frozen=True)
class Person:
    """A user of the demo.

    :ivar groups: XML ids
    """

    login: str
    name: str
    groups: tuple[str, ...]


PEOPLE = (
    Person("viewer", "Vera Viewer", (f"{_ROLES}viewer",)),
    Person("biller", "Bill Biller", (f"{_ROLES}operator", _BILLING)),
    Person("phi", "Priya Privileged", (f"{_ROLES}operator", f"{_ROLES}phi", _BILLING)),
    Person("manager", "Mona Manager", (f"{_ROLES}manager", "account.group_account_manager")),
    Person("secrets", "Sam Secrets", (f"{_ROLES}secrets_officer",)),
    Person("auditor", "Ada Auditor", (f"{_ROLES}auditor", "account.group_account_readonly")),
)
INTERFACE = Person(INTERFACE_LOGIN, "Remittance interface", (f"{_ROLES}operator", _BILLING))


def create_people(env, companies, passwords):
    """Create the users with access to all companies, and set the administrator's password too.

    :param passwords: by login; a user without one cannot log in
    :return: ``{login: user}``, the interface's among them
    """
    people = (*PEOPLE, INTERFACE)
    users = env["res.users"].with_context(no_reset_password=True).create(
        [_user_values(env, person, companies, passwords) for person in people]
    )
    env.user.password = passwords[env.user.login]
    return dict(zip((person.login for person in people), users, strict=True))


def _user_values(env, person, companies, passwords):
    password = passwords.get(person.login)
    return {
        "name": person.name,
        "login": person.login,
        "email": f"{person.login}@lakeside.example",
        **({"password": password} if password else {}),
        "company_id": companies[0].id,
        "company_ids": [Command.set(companies.ids)],
        "group_ids": [Command.link(env.ref(name).id) for name in person.groups],
    }
