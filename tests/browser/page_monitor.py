"""What holds on every page of every test: no script error, no CSP fault, nothing stored (ASVS 14.3.1, 14.3.3), nothing from elsewhere."""

from collections.abc import Callable
from typing import Any

from playwright.sync_api import BrowserContext, ConsoleMessage, Request, Response, WebError

REPORT_STORAGE = """
const write = Storage.prototype.setItem;
Storage.prototype.setItem = function (...pair) {
  console.error("web storage was written");
  return write.apply(this, pair);
};
"""
STORED = "localStorage.length + sessionStorage.length"


class PageMonitor:
    """Follows a browser context and keeps what should not have happened."""

    def __init__(self, context: BrowserContext, url: str) -> None:
        self.problems: list[str] = []
        self._context = context
        self._url = url
        self._handlers: dict[Any, Callable[[Any], None]] = {
            "console": self._on_console,
            "weberror": self._on_script_error,
            "response": self._on_response,
            "request": self._on_request,
        }
        for event, handler in self._handlers.items():
            context.on(event, handler)

    def finish(self) -> list[str]:
        """Stop; everything that was seen, and what is left in the browser now."""
        for event, handler in self._handlers.items():
            self._context.remove_listener(event, handler)
        for page in self._context.pages:
            if page.url.startswith(self._url) and page.evaluate(STORED):
                self.problems.append(f"web storage is in use on {page.url}")
        if self._context.storage_state(indexed_db=True)["origins"]:
            self.problems.append("web storage was left behind")
        self.problems += [f"scripts can read the cookie {cookie['name']}" for cookie in self._context.cookies() if not cookie["httpOnly"]]
        return self.problems

    def _on_console(self, message: ConsoleMessage) -> None:
        # Chromium reports a refused form here too, as a resource with a 4xx status; _on_response knows better.
        if message.type in {"error", "warning"} and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"{message.type} in the console: {message.text}")

    def _on_response(self, response: Response) -> None:
        is_page = response.request.is_navigation_request()
        if response.status >= (500 if is_page else 400):
            self.problems.append(f"{response.status} for {response.url}")

    def _on_script_error(self, error: WebError) -> None:
        self.problems.append(f"script error: {error.error}")

    def _on_request(self, request: Request) -> None:
        if not request.url.startswith((self._url, "data:")):
            self.problems.append(f"request to {request.url}")
