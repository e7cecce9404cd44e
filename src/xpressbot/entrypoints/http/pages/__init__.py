"""The pages: parse, call one use case, answer."""

from typing import Final

from xpressbot.entrypoints.http.pages import account, dashboard, recovery_codes, sign_in, two_factor, welcome
from xpressbot.entrypoints.http.routing import Page

PAGES: Final[list[Page]] = [*welcome.PAGES, *sign_in.PAGES, *dashboard.PAGES, *account.PAGES, *two_factor.PAGES, *recovery_codes.PAGES]
