"""The pages: parse, call one use case, answer."""

from collections.abc import Sequence

from xpressbot.entrypoints.http.factor_presentation import Factors
from xpressbot.entrypoints.http.pages import (
    account,
    authenticator_apps,
    dashboard,
    invitation,
    language,
    profile,
    re_enrolment,
    sign_in,
    two_factor,
    welcome,
)
from xpressbot.entrypoints.http.routing import Page


def all_pages(factors: Factors, factor_pages: Sequence[Page]) -> list[Page]:
    """Every page of the dashboard. factor_pages: those that the kinds of factors have of their own."""
    return [
        *welcome.PAGES,
        *invitation.PAGES,
        *sign_in.pages(factors),
        *re_enrolment.PAGES,
        *dashboard.PAGES,
        *account.PAGES,
        *language.PAGES,
        *profile.PAGES,
        *two_factor.PAGES,
        *authenticator_apps.PAGES,
        *factor_pages,
    ]
