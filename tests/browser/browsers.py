"""Browsers for tests. Chromium is slow to make a new one, so that one which a test is done with is cleaned and lent again."""

from collections import defaultdict
from typing import Any

from playwright.sync_api import Browser, Page

from tests.browser.chromium import DESKTOP, PATIENCE_MS
from tests.browser.page_monitor import REPORT_STORAGE


class Browsers:
    """Lends pages, each of a browser context of its own.

    Nothing passes from one test to the next: cookies are cleared, and each site has a port, and so an origin, of its own.
    """

    def __init__(self, chromium: Browser) -> None:
        self._chromium = chromium
        self._idle: defaultdict[str, list[Page]] = defaultdict(list)

    def lend(self, options: dict[str, Any]) -> Page:
        """A page of a browser with these context options and no past."""
        idle = self._idle[repr(options)]
        if idle:
            return idle.pop()
        context = self._chromium.new_context(**(DESKTOP | options))
        context.set_default_timeout(PATIENCE_MS)
        context.add_init_script(REPORT_STORAGE)
        return context.new_page()

    def take_back(self, page: Page, options: dict[str, Any]) -> None:
        """Clean a browser for the next test."""
        for other in page.context.pages:
            if other is not page:
                other.close()
        page.context.clear_cookies()
        page.emulate_media(media="null", color_scheme="null")
        self._idle[repr(options)].append(page)
