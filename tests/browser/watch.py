"""Follows what happens behind a page: requests under way, requests that fail, errors on the console."""

from __future__ import annotations

import re

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request, Response

#: What may go wrong without a fault of the suite: a pattern and the reason.
ALLOWED: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"request .*net::ERR_ABORTED"), "The page was left while the request was under way."),
    (
        re.compile(r"console: 'Could not get content for mail/static/lib/selfie_segmentation/"),
        "Debian's package of Odoo leaves this library out, for its licence; it blurs video calls.",
    ),
)
_FIRST_ERROR_STATUS = 400
#: Kinds of requests that a page waits for.
_CALLS = ("fetch", "xhr", "document")


class Watch:
    """Collects the faults of all pages of a browser context.

    :ivar faults: one line for each
    :ivar under_way: requests that have no answer yet
    """

    def __init__(self, context: BrowserContext) -> None:
        self.faults: list[str] = []
        self.under_way: set[Request] = set()
        context.on("page", self._follow)
        context.on("request", self._on_request)
        context.on("requestfinished", lambda request: self.under_way.discard(request))
        context.on("requestfailed", self._on_request_failed)
        context.on("response", self._on_response)

    def _follow(self, page: Page) -> None:
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._note(f"page error: {error}"))

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self._note(f"console: {message.text} ({message.location.get('url', '')})")

    def _on_request(self, request: Request) -> None:
        if request.resource_type in _CALLS:
            self.under_way.add(request)

    def _on_request_failed(self, request: Request) -> None:
        self.under_way.discard(request)
        self._note(f"request {request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= _FIRST_ERROR_STATUS:
            self._note(f"response {response.status} to {response.request.method} {response.url}")

    def _note(self, fault: str) -> None:
        if not any(pattern.search(fault) for pattern, _reason in ALLOWED):
            self.faults.append(fault)
