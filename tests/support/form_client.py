"""A client that sends forms as a page's own form would: with what the page says of whom it was shown to."""

import html
import re
from collections.abc import Callable
from typing import Any

import httpx

FORMS_WITH_FILE = {"/bots/import"}
"""Sent as multipart/form-data, in which a browser sends an empty file where none was chosen."""
FORMS_FOR_ANYBODY = {"/sign-in", "/forgot-password", "/language"}
_PAGES = ("/account", "/sign-in/code", "/link/re-enrolment", "/link/enrolment", "/account/2fa/required")


def shown_for(page: str) -> str | None:
    """What the forms of a page say of whom they are shown to."""
    found = re.search(r'<input type="hidden" name="for" value="([^"]+)">', page)
    return None if found is None else html.unescape(found[1])


class FormFields:
    """Finds the hidden field for the person who is in a browser's cookies. get: opens a page with them."""

    def __init__(self, get: Callable[[str], httpx.Response], cookies: Callable[[], httpx.Cookies]) -> None:
        self._get = get
        self._cookies = cookies
        self._known: dict[tuple[str, tuple[tuple[str, str], ...]], str] = {}

    def value(self, path: str) -> str | None:
        """Read from a page, until the cookies change; None where no page shows a form.

        A form of a link or of a sign-in is for the person who has that, whichever account is signed in.
        """
        holder = next((start for start in ("/welcome", "/link/", "/sign-in/") if path.startswith(start)), "")
        cookies = tuple(sorted((cookie.name, cookie.value or "") for cookie in self._cookies().jar))
        if (holder, cookies) in self._known:
            return self._known[holder, cookies]
        pages = (path, *_PAGES) if holder else (_PAGES[0], path, *_PAGES[1:])
        value = next(filter(None, (shown_for(self._get(page).text) for page in pages)), None)
        if value is not None:
            self._known[holder, cookies] = value
        return value

    def of(self, path: str, form: dict[str, str]) -> dict[str, str]:
        """The fields to send to a path, with the hidden one unless it is given."""
        if "for" in form or path in FORMS_FOR_ANYBODY or (value := self.value(path)) is None:
            return form
        return {**form, "for": value}


class FormClient(httpx.Client):
    """Speaks to a real server."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._fields = FormFields(self.get, lambda: self.cookies)

    def post(self, url: httpx.URL | str, **options: Any) -> httpx.Response:
        """Send a form; raw content is sent as it is."""
        if "content" in options:
            return super().post(url, **options)
        return super().post(url, data=self._fields.of(str(url), options.pop("data", {})), **options)
