"""Debian's Chromium, kept from talking to anybody but the site under test."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, expect, sync_playwright

EXECUTABLE_VARIABLE = "BROWSER_EXECUTABLE"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP *.test 127.0.0.1, MAP *.example.com 127.0.0.1",
)
PATIENCE_MS = 60_000

DESKTOP: dict[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@contextmanager
def launch() -> Iterator[Browser]:
    """Run the browser until the block ends. Without one this fails; nothing is skipped."""
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=os.environ.get(EXECUTABLE_VARIABLE, "/usr/bin/chromium"), args=list(ARGUMENTS))
        try:
            yield browser
        finally:
            browser.close()
