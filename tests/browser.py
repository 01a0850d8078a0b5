"""Debian's Chromium, headless, for tests of pages."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import Locator, expect, sync_playwright

TIMEOUT_S = 60
WIDTH, HEIGHT = 1400, 1000
_MAY_LACK = re.compile(
    r"(\.css|/favicon\.ico|//icon\.(svg|png)|/plugins/badges/scripts\.js): .*\b404\b|'ws:.*\b404\b"
)
"""Stylesheets that a plugin has none of or axe-core looks for at the wrong place, icons, the script
of Buildbot's plugin without pages, and made pages' socket."""

expect.set_options(timeout=TIMEOUT_S * 1000)


class Browser:
    """A window on one site."""

    def __init__(self, chromium: Chromium, url: str, **options: Any):
        self._chromium = chromium
        self.page = chromium.new_page(**{"viewport": {"width": WIDTH, "height": HEIGHT}, **options})
        self.page.set_default_timeout(TIMEOUT_S * 1000)
        self.url = url

    def open(self, page: str) -> None:
        """Go to a page of the site (`#/builders`)."""
        self.page.goto(f"{self.url}{page}")

    def find(self, selector: str, text: str = "") -> Locator:
        """The first element of a CSS selector that is seen and has `text`, once there is one."""
        # As a pattern, because Playwright takes plain text in any case.
        words = re.compile(r"\s+".join(re.escape(word) for word in text.split()))
        found = self.page.locator(selector).filter(has_text=words, visible=True).first
        found.wait_for()
        return found

    def errors(self) -> list[str]:
        """What the page complained of since this was asked last, and what no script caught."""
        said = [
            f"{message.location['url']}: {message.text}"
            for message in self.page.console_messages(filter="all")
            if message.type in ("error", "assert")
        ]
        # Buildbot's frame does not catch requests that fail, and those are on the console anyway.
        thrown = [
            f"{error.name}: {error.message}"
            for error in self.page.page_errors(filter="all")
            if error.name != "AxiosError"
        ]
        self.page.clear_console_messages()
        self.page.clear_page_errors()
        return [one for one in said if not _MAY_LACK.search(one)] + thrown

    def screenshot(self, path: Path) -> None:
        """Keep what is to be seen."""
        self.page.screenshot(path=path)

    @contextmanager
    def another(self, **options: Any) -> Iterator[Browser]:
        """One more window on the site, which shares nothing with this one.

        :param options: those of Playwright's `new_page`.
        """
        window = Browser(self._chromium, self.url, **options)
        try:
            yield window
        finally:
            window.page.close()


@contextmanager
def browser(url: str) -> Iterator[Browser]:
    """Start Chromium, and end it.

    Meanwhile this thread can neither run an event loop of its own nor start another browser.
    """
    with (
        sync_playwright() as playwright,
        playwright.chromium.launch(
            executable_path="/usr/bin/chromium",
            timeout=TIMEOUT_S * 1000,
            chromium_sandbox=False,  # root has none
            args=["--disable-gpu"],
            ignore_default_args=["--hide-scrollbars"],  # people's windows have them
        ) as chromium,
    ):
        yield Browser(chromium, url)
