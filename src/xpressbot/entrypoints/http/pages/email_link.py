"""The link that confirms an address: it needs a session of the account that asked for it, and opening it changes nothing."""

from dataclasses import replace
from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import LINK_COOKIE_LIFETIME, Cookie
from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.link_pages import LinkEntry
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import SETTINGS_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import plain_moment
from xpressbot.entrypoints.messages.links import can_be_stopped, lifetime_hours
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.foundation.times import MINUTE
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.profile.email_change import EmailChangeRefusal
from xpressbot.identity.profile.email_confirmation import ConfirmRefusal, EmailChanged, EmailConfirmed, EmailLink, EmailLinkRefusal
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal

_LINK: Final = LinkEntry(
    LinkKind.EMAIL,
    used=N_("Account Settings shows which address your account has, and whether it is confirmed."),
    another=N_("You can ask for a new one in Account Settings."),
)


def show_link(request: PageRequest) -> Response:
    """Take the link's token out of the address bar, then say what the button will do; without a session, ask to sign in first."""
    taken = _LINK.taken_from_address(request)
    if taken is not None:
        return taken
    token = request.cookie(Cookie.LINK)
    if not request.identity.email_confirmation.is_open(token):
        raise _LINK.closed(request)
    caller = request.identity.sessions.resolve(request.client)
    if caller is None:
        return request.page("email_link_sign_in.html", None, link_path=_LINK.path, minutes=LINK_COOKIE_LIFETIME // MINUTE)
    link = request.identity.email_confirmation.preview(caller, token)
    match link:
        case EmailLink():
            here = request.within(caller, _LINK.path)
            return here.page(
                "email_link.html", caller.account, link=link, link_path=_LINK.path, stop_hours=lifetime_hours(LinkKind.EMAIL_STOP)
            )
        case Denied():
            raise _refused(request, link)
        case unknown:
            assert_never(unknown)


def confirm(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Confirm the address, and say what was done."""
    outcome = request.identity.email_confirmation.confirm(caller, request.cookie(Cookie.LINK))
    match outcome:
        case EmailConfirmed(email):
            response = request.page("email_done.html", caller.account, email=email, changed=False)
        case EmailChanged(email, renewed, sessions_ended):
            account = replace(caller.account, email=email)
            stoppable = can_be_stopped(request.texts)
            response = request.page(
                "email_done.html", account, email=email, changed=True, sessions_ended=sessions_ended, stoppable=stoppable
            )
            request.site.cookies.set(response, Cookie.SESSION, renewed.session)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_confirmed(request, outcome)
        case unknown:
            assert_never(unknown)
    request.site.cookies.clear(response, Cookie.LINK)
    return response


def _not_confirmed(request: PageRequest, denied: Denied[ConfirmRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case LinkRefusal() | EmailLinkRefusal() | EmailChangeRefusal() as reason:
            raise _refused(request, denied.narrowed(reason))
        case unknown:
            assert_never(unknown)


def _refused(request: PageRequest, denied: Denied[LinkRefusal | EmailLinkRefusal | EmailChangeRefusal]) -> ExplainedError:
    texts = request.texts
    match denied.reason:
        case LinkRefusal.LINK_GONE:
            return _LINK.closed(request)
        case EmailLinkRefusal.LINK_OF_ANOTHER_ACCOUNT:
            title = texts.gettext("This link is for another account")
            detail = texts.gettext(
                "You are signed in to an account that did not ask for it. Nothing has changed. Sign out, sign in to the account that did,"
                " and open the link once more."
            )
        case EmailLinkRefusal.EMAIL_OF_ANOTHER:
            title = texts.gettext("Another account has this address")
            detail = texts.gettext("It was taken after you asked for it. Your account keeps its address.")
        case EmailChangeRefusal():
            title = texts.gettext("The change before can still be stopped")
            until = "" if denied.retry_at is None else plain_moment(texts, denied.retry_at)
            detail = texts.gettext("You can change the address again from %(moment)s on.") % {"moment": until}
        case unknown:
            assert_never(unknown)
    return ExplainedError(409, title=title, detail=detail, action=NextLink(SETTINGS_PATH, texts.gettext("Account Settings")))


PAGES: Final[list[Page]] = [
    PublicPage("GET", _LINK.path, show_link, after_sign_in=True),
    SignedInPage("POST", _LINK.path, Action.CONFIRM_EMAIL, confirm),
]
