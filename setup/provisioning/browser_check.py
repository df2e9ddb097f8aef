"""Render a page as the tests will: ``browser_check.py EXECUTABLE SCREENSHOT``, in the environment."""

from __future__ import annotations

import sys

from playwright.sync_api import sync_playwright

_TEXT = "rendered"
_PAGE = f"<p style='font: 40px sans-serif'>{_TEXT}</p>"


def main(executable: str, screenshot: str) -> None:
    """Open a page in the browser, read it back and take its picture."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, timeout=30_000)
        page = browser.new_page(viewport={"width": 400, "height": 120})
        page.set_content(_PAGE)
        if page.inner_text("p") != _TEXT:
            sys.exit("The browser did not give the page's text back.")
        page.screenshot(path=screenshot)
        browser.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
