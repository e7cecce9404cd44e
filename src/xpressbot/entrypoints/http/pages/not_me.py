"""The link "This wasn't me" of a mailed notice: the page says what its button will do, then what it did and who can help."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.link_pages import LinkEntry, LinkForm, OpenLink
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import PasswordStatus
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.passwords.this_wasnt_me import Report


def _find(request: PageRequest, token: Token) -> Report | None:
    return request.identity.this_wasnt_me.preview(token)


def _shown_to(_token: Token, report: Report) -> FormSubject:
    return FormSubject.named_by_link(report.account)


def show_form(link: OpenLink[Report]) -> Response:
    """Say what the button will do."""
    return link.page("not_me.html", **_context(link.request, link.about))


def report_it(link: OpenLink[Report]) -> Response | Denied[LinkRefusal]:
    """Do it, and say what was done."""
    outcome = link.request.identity.this_wasnt_me.report(link.token, link.request.client)
    match outcome:
        case Report():
            return link.used(link.request.page("not_me_done.html", None, **_context(link.request, outcome)))
        case Denied():
            return outcome
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


_FORM: Final = LinkForm(
    LinkEntry(
        LinkKind.NOT_ME,
        used=N_("What it does was done then, for all mails before it."),
        another=N_("If something is still wrong with your account, tell the operator of this XpressBot."),
    ),
    _find,
    _shown_to,
    show_form,
    report_it,
)
PAGES: Final[list[Page]] = [_FORM.get, _FORM.post]
