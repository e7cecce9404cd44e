"""The link with which the address before stops a change: it says what its button will do, and then what it did and who can help."""

from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.paths import EMAIL_STOP_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.profile.email_stop import Stop

_LINK: Final = LinkPage(
    LinkKind.EMAIL_STOP,
    EMAIL_STOP_PATH,
    used=N_("What it does was done then."),
    another=N_("If something is still wrong with your account, tell the operator of this XpressBot."),
)


def show_link(request: PageRequest) -> Response:
    """Take the link's token out of the address bar, then say what the button will do."""
    taken = _LINK.taken_from_address(request)
    if taken is not None:
        return taken
    preview = request.identity.email_stop.preview(request.cookie(Cookie.LINK))
    if preview is None:
        raise _LINK.closed(request)
    return request.page("email_stop.html", None, shown_to=_subject(preview), stop=preview, mails_link=_mails_link(request, preview))


def stop(request: PageRequest) -> Response:
    """Do it, and say what was done."""
    outcome = request.identity.email_stop.stop(request.cookie(Cookie.LINK), request.client)
    match outcome:
        case Stop():
            response = request.page("email_stop_done.html", None, stop=outcome, mails_link=_mails_link(request, outcome))
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case Denied(LinkRefusal.LINK_GONE):
            raise _LINK.closed(request)
        case unknown:
            assert_never(unknown)


def _mails_link(request: PageRequest, stop: Stop) -> bool:
    return stop.is_confirmed and request.identity.forgotten.sends_mail


def _subject(stop: Stop) -> FormSubject:
    return FormSubject.of_address_before(stop.account_id, stop.email)


def _shown_to(request: PageRequest) -> FormSubject | None:
    preview = request.identity.email_stop.preview(request.cookie(Cookie.LINK))
    return None if preview is None else _subject(preview)


PAGES: Final[list[Page]] = [
    PublicPage("GET", EMAIL_STOP_PATH, show_link),
    PublicPage("POST", EMAIL_STOP_PATH, stop, shown_to=_shown_to),
]
