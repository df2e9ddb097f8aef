"""The demo's users: one for each role, and the account that the interface runs as."""

from __future__ import annotations

from odoo.fields import Command

from .cast import INTERFACE, PEOPLE


def create_people(env, companies, passwords):
    """Create the users with access to all companies, and set the administrator's password too.

    :param passwords: by login; a user without one cannot log in
    :return: ``{login: user}``, the interface's among them
    """
    people = (*PEOPLE, INTERFACE)
    users = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create([_user_values(env, person, companies, passwords) for person in people])
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
