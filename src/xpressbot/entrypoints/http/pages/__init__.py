"""The pages: parse, call one use case, answer."""

from collections.abc import Sequence

from xpressbot.entrypoints.http.factor_presentation import Factors
from xpressbot.entrypoints.http.pages import (
    account,
    authenticator_apps,
    dashboard,
    email,
    email_link,
    email_stop,
    forgot_password,
    history,
    invitation,
    language,
    new_password_step,
    not_me,
    password,
    password_link,
    profile,
    re_enrolment,
    sessions,
    sign_in,
    team,
    team_exemption,
    team_policy,
    two_factor,
    unlock,
    welcome,
)
from xpressbot.entrypoints.http.routing import Page


def all_pages(factors: Factors, factor_pages: Sequence[Page]) -> list[Page]:
    """Every page of the dashboard. factor_pages: those that the kinds of factors have of their own."""
    return [
        *welcome.PAGES,
        *invitation.PAGES,
        *sign_in.pages(factors),
        *new_password_step.PAGES,
        *re_enrolment.PAGES,
        *forgot_password.PAGES,
        *password_link.PAGES,
        *not_me.PAGES,
        *email_link.PAGES,
        *email_stop.PAGES,
        *dashboard.PAGES,
        *account.PAGES,
        *history.PAGES,
        *sessions.PAGES,
        *unlock.PAGES,
        *password.PAGES,
        *language.PAGES,
        *profile.PAGES,
        *email.PAGES,
        *two_factor.PAGES,
        *authenticator_apps.PAGES,
        *team.PAGES,
        *team_policy.PAGES,
        *team_exemption.PAGES,
        *factor_pages,
    ]
