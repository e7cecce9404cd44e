"""Every page at the width of the smallest phone: with texts that are a third longer, in the languages there are, from right to left."""

import re
import threading
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page

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
LOOK = """(directions) => {
  for (const one of document.querySelectorAll("details")) one.open = true;
  return directions.flatMap((direction) => {
    document.documentElement.dir = direction;
    const outside = [...document.querySelectorAll("body *")]
      .filter((one) => one.checkVisibility() && !one.closest(".visually-hidden, .skip, svg, nav.side"))
      .filter((one) => {
        const { left, right, width } = one.getBoundingClientRect();
        return width && (left < -0.5 || right > innerWidth + 0.5);
      })
      .map((one) => one.outerHTML.slice(0, 160));
    if (getComputedStyle(document.body).direction !== direction) outside.push("the page goes in the other direction");
    if (TOO_WIDE) outside.push("the page scrolls sideways");
    return outside;
  });
}""".replace("TOO_WIDE", TOO_WIDE)
"""What reaches over an edge of the screen, also where the page hides it. The bar of links has a scroll bar of its own."""


def test_no_page_is_wider_than_320_pixels(tmp_path: Path, sqlite_template: SqliteTemplate, browsers: Browsers) -> None:
    """In every state that the walk sees, with everything opened that can be opened. English is shorter, word by word."""
    pages = {_looks(page.html): page for page in _walked(tmp_path, sqlite_template, PSEUDO)}
    assert _wide(browsers, list(pages.values()), ("ltr",)) == {}


def test_no_page_is_wider_in_any_language_or_direction(tmp_path: Path, sqlite_template: SqliteTemplate, browsers: Browsers) -> None:
    """Each path once: its states differ in their texts, and the direction changes the layout of all alike."""
    pages = {page.name.split("?")[0].split(" {")[0]: page for page in _walked(tmp_path, sqlite_template, WIDEST)}
    assert _wide(browsers, list(pages.values()), ("ltr", "rtl")) == {}


def _walked(place: Path, template: SqliteTemplate, texts: Texts) -> list[SeenPage]:
    with ThreadPoolExecutor(max_workers=1) as apart:  # Playwright has an event loop in this thread, and the walk needs its own
        walked = apart.submit(every_page, place, template.fresh(place), texts).result()
    return [page for page in walked if "<html" in page.html]


def _wide(browsers: Browsers, pages: Collection[SeenPage], directions: Sequence[str]) -> dict[str, list[str]]:
    """What is too wide in one of the directions, by the page's name."""
    screen = browsers.lend(SMALLEST)
    try:
        with _served([page.html for page in pages]) as url:
            seen = {page.name: _too_wide(screen, f"{url}/{number}", directions) for number, page in enumerate(pages)}
    finally:
        browsers.take_back(screen, SMALLEST)
    return {name: found for name, found in seen.items() if found}


def _looks(html: str) -> str:
    """A page without what differs although it looks the same: hidden fields, tokens, times."""
    return re.sub(r'(?:value|data-seconds-left)="[^"]*"|<time.*?</time>', "", html)


def _too_wide(screen: Page, url: str, directions: Sequence[str]) -> list[str]:
    screen.goto(url)
    found: list[str] = screen.evaluate(LOOK, directions)
    return found


@contextmanager
def _served(pages: Sequence[str]) -> Iterator[str]:
    """The pages by their number, and the files that they refer to, which the browser keeps."""
    files = load_static_files()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            name = urlsplit(self.path).path.removeprefix("/")
            file = files.get(name.removeprefix("static/"))
            content, kind = (pages[int(name)].encode(), "text/html; charset=utf-8") if file is None else (file.content, file.media_type)
            self.send_response(200)
            for header, value in (("Content-Type", kind), ("Content-Length", str(len(content))), ("Cache-Control", "max-age=3600")):
                self.send_header(header, value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_line: object) -> None:
            """Nothing: pytest would show it."""

    class Server(ThreadingHTTPServer):
        block_on_close = False

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
