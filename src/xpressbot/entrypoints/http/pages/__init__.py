"""The pages: parse, call one use case, answer."""

from typing import Final

from xpressbot.entrypoints.http.pages import (
    account,
    authenticator_apps,
    dashboard,
    invitation,
    re_enrolment,
    recovery_codes,
    sign_in,
    two_factor,
    welcome,
)
from xpressbot.entrypoints.http.routing import Page

PAGES: Final[list[Page]] = [
    *welcome.PAGES,
    *invitation.PAGES,
    *sign_in.PAGES,
    *re_enrolment.PAGES,
    *dashboard.PAGES,
    *account.PAGES,
    *two_factor.PAGES,
    *authenticator_apps.PAGES,
    *recovery_codes.PAGES,
]
