"""The link with which a member stops a reset of their 2FA: who asked for it and why, and one button."""

from typing import Final, assert_never

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
from xpressbot.identity.team.reset_requests import StoppableReset


def _find(request: PageRequest, token: Token) -> StoppableReset | None:
    return request.identity.reset_requests.preview(token)


def _shown_to(_token: Token, reset: StoppableReset) -> FormSubject:
    return FormSubject.named_by_link(reset.member)


def show_form(link: OpenLink[StoppableReset]) -> Response:
    """Say what was asked for, and what the button will do."""
    return link.page("reset_stop.html", reset=link.about)


def stop_it(link: OpenLink[StoppableReset]) -> Response | Denied[LinkRefusal]:
    """Do it, and say so."""
    outcome = link.request.identity.reset_requests.stop_by_link(link.token, link.request.client)
    match outcome:
        case StoppableReset():
            return link.used(link.request.page("reset_stop_done.html", None, reset=outcome))
        case Denied():
            return outcome
        case unknown:
            assert_never(unknown)


_FORM: Final = LinkForm(
    LinkEntry(
        LinkKind.RESET_STOP,
        used=N_("The reset was stopped, or it was approved or carried out."),
        another=N_("If you do not know what became of it, ask an admin of your team or the operator of this XpressBot."),
    ),
    _find,
    _shown_to,
    show_form,
    stop_it,
)
PAGES: Final[list[Page]] = [_FORM.get, _FORM.post]
