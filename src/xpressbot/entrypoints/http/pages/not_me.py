"""The link "This wasn't me" of a mailed notice: the page says what its button will do, then what it did and who can help."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.pages.link import LinkPage
from xpressbot.entrypoints.http.paths import NOT_ME_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.identity.accounts.rules.account import PasswordStatus
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.this_wasnt_me import Report

_LINK: Final = LinkPage(
    LinkKind.NOT_ME,
    NOT_ME_PATH,
    used=N_("What it does was done then, for all mails before it."),
    another=N_("If something is still wrong with your account, tell the operator of this XpressBot."),
)


def show_link(request: PageRequest) -> Response:
    """Take the link's token out of the address bar, then say what the button will do."""
    taken = _LINK.taken_from_address(request)
    if taken is not None:
        return taken
    preview = request.identity.this_wasnt_me.preview(request.cookie(Cookie.LINK))
    if preview is None:
        raise _LINK.closed(request)
    return request.page("not_me.html", None, shown_to=FormSubject.named_by_link(preview.account), **_context(request, preview))


def report(request: PageRequest) -> Response:
    """Do it, and say what was done."""
    outcome = request.identity.this_wasnt_me.report(request.cookie(Cookie.LINK), request.client)
    match outcome:
        case Report():
            response = request.page("not_me_done.html", None, **_context(request, outcome))
            request.site.cookies.clear(response, Cookie.LINK)
            return response
        case Denied(LinkRefusal.LINK_GONE):
            raise _LINK.closed(request)
        case unknown:
            assert_never(unknown)


def _context(request: PageRequest, report: Report) -> dict[str, Any]:
    return {
        "email": report.account.email,
        "is_void": report.password_status is PasswordStatus.VOID,
        "sessions_ended": report.sessions_ended,
        "is_protected": report.is_protected,
        "mails_link": report.gets_link and request.identity.forgotten.sends_mail,
    }


def _shown_to(request: PageRequest) -> FormSubject | None:
    preview = request.identity.this_wasnt_me.preview(request.cookie(Cookie.LINK))
    return None if preview is None else FormSubject.named_by_link(preview.account)


PAGES: Final[list[Page]] = [
    PublicPage("GET", NOT_ME_PATH, show_link),
    PublicPage("POST", NOT_ME_PATH, report, shown_to=_shown_to),
]
