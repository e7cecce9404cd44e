"""What all pictures of the documentation are made with: installations, visitors, and small PNG files."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from PIL import Image
from playwright.sync_api import Browser, Page

from tests.browser.chromium import DESKTOP
from tests.browser.person import Person
from tests.browser.site import LOOPBACK, Site, serve
from tests.support.databases import SqliteTemplate

TARGET = Path(__file__).parents[2] / "docs" / "images"
CHROME = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
HER_ADDRESS = "192.0.2.7"
COLOURS = 256


@contextmanager
def fresh_site() -> Iterator[Site]:
    """An installation behind a proxy, so that visitors have addresses of their own; its data and its keys lie apart."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        (place / "data").mkdir(mode=0o700)
        url = SqliteTemplate(place).fresh(place / "data")
        with serve(place / "site", url, trusted_proxies=f"{LOOPBACK}/32") as site:
            yield site


@contextmanager
def visitor(chromium: Browser, site: Site, **options: Any) -> Iterator[Person]:
    """Anna Berg, in a browser of her own."""
    usual: dict[str, Any] = {**DESKTOP, "device_scale_factor": 2, "user_agent": CHROME, "locale": "en-GB", "timezone_id": "Europe/Berlin"}
    context = chromium.new_context(**(usual | options), extra_http_headers={"X-Forwarded-For": HER_ADDRESS})
    yield Person(context.new_page(), site)
    context.close()


def take(page: Page, name: str, *, whole: bool = True) -> None:
    """Write the page as a picture, or what of it a screen shows."""
    save(page.screenshot(full_page=whole, animations="disabled", caret="hide"), name)


def save(screenshot: bytes, name: str) -> None:
    """Write a small PNG. Flat pages lose nothing by a palette."""
    with Image.open(BytesIO(screenshot)) as picture:
        small = picture.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
        small.save(TARGET / f"{name}.png", optimize=True)
