"""What the doctor checks of the pages: whether cookies are protected on their way."""

from collections.abc import Sequence
from typing import Final

from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.entrypoints.http.cookies import Cookie, Cookies

COOKIES_UNPROTECTED: Final = Problem("cookies_unprotected", Severity.WARNING)


def _check_cookies(run: CheckRun) -> Sequence[Finding]:
    cookies = Cookies(run.settings)
    facts = {"name": cookies.name(Cookie.SESSION), "secure": cookies.secure}
    return [Finding("cookies", COOKIES_UNPROTECTED if run.settings.plain_http_warning else None, facts)]


COOKIES: Final = Check("cookies", _check_cookies, problems=(COOKIES_UNPROTECTED,), fields=frozenset({"public_url"}))
