"""An invitation: the person at an address chooses name and password, by the link that was handed over or mailed."""

from typing import Any, Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.errors import ExplainedError, NextLink
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.link_pages import LinkEntry, LinkForm, OpenLink
from xpressbot.entrypoints.http.name_and_password_fields import name_and_password_problems, new_password_context
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import SIGN_IN_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import reason_text, weak_password_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.entrypoints.telemetry.sign_in_metrics import Step
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SignedIn
from xpressbot.identity.passwords.rules import WeakPassword
from xpressbot.identity.team.invitation_store import PendingInvitation
from xpressbot.identity.team.invitations import InvitationRefusal
from xpressbot.identity.team.joining import JoinRefusal

_TEMPLATE: Final = "invitation.html"


def _find(request: PageRequest, token: Token) -> PendingInvitation | None:
    return request.identity.joining.invited(token)


def _shown_to(token: Token, pending: PendingInvitation) -> FormSubject:
    return FormSubject.of_link(token, pending.invitation.email)


def show_form(link: OpenLink[PendingInvitation]) -> Response:
    """Ask for name and password."""
    if not link.about.invitation.stands(link.about.inviter):
        raise _void(link.request)
    return _page(link, {})


def accept(link: OpenLink[PendingInvitation]) -> Response | Denied[LinkRefusal]:
    """Make the account and sign it in."""
    request = link.request
    name, errors = name_and_password_problems(request)
    if errors:
        return _page(link, errors)
    outcome = request.identity.joining.accept(link.token, name, request.form["password"], request.client)
    match outcome:
        case SignedIn():
            request.metrics.sign_in(Step.LINK, outcome)
            return link.used(request.signed_in(outcome))
        case EnrolmentRequired():
            request.metrics.sign_in(Step.LINK, outcome)
            return link.used(request.to_enrolment(outcome))
        case WeakPassword():
            return _page(link, {"password": weak_password_text(request.texts, outcome)})
        case Denied():
            return _not_accepted(link, outcome)
        case unknown:
            assert_never(unknown)


def _not_accepted(link: OpenLink[PendingInvitation], denied: Denied[JoinRefusal]) -> Response | Denied[LinkRefusal]:
    texts = link.request.texts
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            link.request.metrics.sign_in(Step.LINK, throttled)
            return link.throttled(_TEMPLATE, throttled, **_context(link))
        case InvitationRefusal.INVITATION_VOID:
            raise _void(link.request)
        case InvitationRefusal():
            raise ExplainedError(
                410,
                title=texts.gettext("You have an account already"),
                detail=texts.gettext("There is an account with this address already. Sign in with it."),
                action=NextLink(SIGN_IN_PATH, texts.gettext("Sign in")),
            )
        case LinkRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def _void(request: PageRequest) -> ExplainedError:
    detail = reason_text(request.texts, InvitationRefusal.INVITATION_VOID)
    return ExplainedError(410, title=request.texts.gettext("This invitation is no longer valid"), detail=detail, action=None)


def _page(link: OpenLink[PendingInvitation], errors: dict[str, Text]) -> Response:
    return link.page(_TEMPLATE, errors, **_context(link))


def _context(link: OpenLink[PendingInvitation]) -> dict[str, Any]:
    return {"email": link.about.invitation.email, "form": {"name": link.request.form["name"]}, **new_password_context(link.request)}


_FORM: Final = LinkForm(
    LinkEntry(
        LinkKind.INVITE,
        used=N_("If you have created your account with it, sign in. Else the invitation was taken back or replaced."),
        another=N_("Ask who invited you, or the operator of this XpressBot, for a new one."),
    ),
    _find,
    _shown_to,
    show_form,
    accept,
    hashes=True,
)
PAGES: Final[list[Page]] = [_FORM.get, _FORM.post]
