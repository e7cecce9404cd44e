"""Every page at the width of the smallest phone: with texts that are a third longer, in the languages there are, from right to left."""

import re
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route

from tests.browser.browsers import Browsers
from tests.browser.inspection import TOO_WIDE
from tests.support.databases import SqliteTemplate
from tests.support.every_page import Page as SeenPage
from tests.support.every_page import every_page
from tests.support.pseudo_locale import PSEUDO, WIDEST
from xpressbot.entrypoints.http.rendering import load_static_files
from xpressbot.entrypoints.messages.translation import Texts

pytestmark = pytest.mark.browser

SMALLEST = {"viewport": {"width": 320, "height": 640}}
SITE = "http://pages.test"
OUTSIDE = """() => [...document.querySelectorAll("body *")]
  .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, .skip, svg, nav.side"))
  .filter((one) => {
    const { left, right, width } = one.getBoundingClientRect();
    return width && (left < -0.5 || right > innerWidth + 0.5);
  })
  .map((one) => one.outerHTML.slice(0, 160))
"""
"""What reaches over an edge of the screen, also where the page hides it. The bar of links has a scroll bar of its own."""


def test_no_page_is_wider_than_320_pixels(tmp_path: Path, sqlite_template: SqliteTemplate, browsers: Browsers) -> None:
    """In every state that the walk sees, with everything opened that can be opened. English is shorter, word by word."""
    pages = {_looks(page.html): page for page in _walked(tmp_path, sqlite_template, PSEUDO)}
    assert _wide(browsers, pages.values(), ("ltr",)) == {}


def test_no_page_is_wider_in_any_language_or_direction(tmp_path: Path, sqlite_template: SqliteTemplate, browsers: Browsers) -> None:
    """Each path once: its states differ in their texts, and the direction changes the layout of all alike."""
    pages = {page.name.split("?")[0].split(" {")[0]: page for page in _walked(tmp_path, sqlite_template, WIDEST)}
    assert _wide(browsers, pages.values(), ("ltr", "rtl")) == {}


def _walked(place: Path, template: SqliteTemplate, texts: Texts) -> list[SeenPage]:
    with ThreadPoolExecutor(max_workers=1) as apart:  # Playwright has an event loop in this thread, and the walk needs its own
        walked = apart.submit(every_page, place, template.fresh(place), texts).result()
    return [page for page in walked if "<html" in page.html]


def _wide(browsers: Browsers, pages: Iterable[SeenPage], directions: Sequence[str]) -> dict[str, list[str]]:
    """What is too wide in one of the directions, by the page's name."""
    screen = browsers.lend(SMALLEST)
    try:
        return {page.name: found for page in pages if (found := _too_wide(screen, page.html, directions))}
    finally:
        browsers.take_back(screen, SMALLEST)


def _looks(html: str) -> str:
    """A page without what differs although it looks the same: hidden fields, tokens, times."""
    return re.sub(r'(?:value|data-seconds-left)="[^"]*"|<time.*?</time>', "", html)


def _too_wide(screen: Page, html: str, directions: Sequence[str]) -> list[str]:
    screen.unroute_all()
    screen.route(f"{SITE}/**", lambda route: _answer(route, html))
    screen.goto(SITE)
    screen.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    found = []
    for direction in directions:
        screen.evaluate("(direction) => { document.documentElement.dir = direction; }", direction)
        assert screen.evaluate("getComputedStyle(document.body).direction") == direction
        found += [*screen.evaluate(OUTSIDE), *(["the page scrolls sideways"] if screen.evaluate(TOO_WIDE) else [])]
    return found


def _answer(route: Route, html: str) -> None:
    """The page, or a file that it refers to."""
    name = urlsplit(route.request.url).path.removeprefix("/static/")
    file = load_static_files().get(name)
    if file is None:
        route.fulfill(body=html, content_type="text/html; charset=utf-8")
    else:
        route.fulfill(body=file.content, content_type=file.media_type)
