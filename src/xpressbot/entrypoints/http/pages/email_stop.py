"""The link with which the address before stops a change: it says what its button will do, and then what it did and who can help."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.link_pages import LinkEntry, LinkForm, OpenLink
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.profile.email_stop import Stop


def _find(request: PageRequest, token: Token) -> Stop | None:
    return request.identity.email_stop.preview(token)


def _shown_to(_token: Token, stop: Stop) -> FormSubject:
    return FormSubject.of_address_before(stop.account_id, stop.email)


def show_form(link: OpenLink[Stop]) -> Response:
    """Say what the button will do."""
    return link.page("email_stop.html", **_context(link.request, link.about))


def stop_change(link: OpenLink[Stop]) -> Response | Denied[LinkRefusal]:
    """Do it, and say what was done."""
    outcome = link.request.identity.email_stop.stop(link.token, link.request.client)
    match outcome:
        case Stop():
            return link.used(link.request.page("email_stop_done.html", None, **_context(link.request, outcome)))
        case Denied():
            return outcome
        case unknown:
            assert_never(unknown)


def _context(request: PageRequest, stop: Stop) -> dict[str, Any]:
    return {"stop": stop, "mails_link": stop.is_confirmed and request.identity.forgotten.sends_mail}


_FORM: Final = LinkForm(
    LinkEntry(
        LinkKind.EMAIL_STOP,
        used=N_("What it does was done then."),
        another=N_("If something is still wrong with your account, tell the operator of this XpressBot."),
    ),
    _find,
    _shown_to,
    show_form,
    stop_change,
)
PAGES: Final[list[Page]] = [_FORM.get, _FORM.post]
