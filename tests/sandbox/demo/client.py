"""Talks to a running Odoo as its web client does, with a user's own rights. Standard library only."""

from __future__ import annotations

import http.cookiejar
import json
import urllib.request
from typing import Any

_TIMEOUT_SECONDS = 60


class ClientError(Exception):
    """Odoo refused a call; the text is its message."""


class Client:
    """The session of one user.

    :raises ClientError: the login is refused
    """

    def __init__(self, url: str, database: str, login: str, password: str) -> None:
        self._url = url
        # The server is on this machine: a proxy of the environment is not for it.
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}),
            urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()),
        )
        self._companies: list[int] = []
        self._post("/web/session/authenticate", {"db": database, "login": login, "password": password})
        self._companies = [company["id"] for company in self.search_read("res.company", [], ["id"])]

    def call(self, model: str, method: str, *arguments: Any, **options: Any) -> Any:
        """Call a public method of a model, with all of the user's companies switched on.

        :raises ClientError: Odoo raised an error
        """
        context = {"allowed_company_ids": self._companies} if self._companies else {}
        options["context"] = {**context, **options.get("context", {})}
        return self._post(
            f"/web/dataset/call_kw/{model}/{method}",
            {"model": model, "method": method, "args": list(arguments), "kwargs": options},
        )

    def search_read(self, model: str, domain: list, names: list[str], order: str = "id") -> list[dict]:
        """Return the fields of the records that a domain finds."""
        return self.call(model, "search_read", domain, names, order=order)

    def _post(self, path: str, parameters: dict) -> Any:
        request = urllib.request.Request(
            self._url + path,
            json.dumps({"jsonrpc": "2.0", "method": "call", "params": parameters}).encode(),
            {"Content-Type": "application/json"},
        )
        with self._opener.open(request, timeout=_TIMEOUT_SECONDS) as answer:
            result = json.load(answer)
        if error := result.get("error"):
            raise ClientError(error.get("data", {}).get("message") or error["message"])
        # Odoo leaves the result out of the answer when a method returns nothing.
        return result.get("result")
