"""Where a request gets on that no page takes: to sign in, to unlock, to what was done already."""

from typing import assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.errors import ExplainedError, NextLink, error_response
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import (
    HOME_PATH,
    PASSWORD_PATH,
    RE_ENROLMENT_PATH,
    REQUIRED_PATH,
    SETTINGS_PATH,
    SIGN_IN_PATH,
    TEAM_PATH,
    UNLOCK_PATH,
)
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.sessions.failed_proofs import StepUpRefusal
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SignInRefusal


def not_recognised(request: PageRequest, method: str, back: str) -> Response:
    """Where nobody is signed in: to sign in, or for the form of a session that was renewed since, to the page that shows what was done."""
    if method == "POST" and request.identity.sessions.was_renewed(request.client):
        return _session_renewed(request, back)
    return request.to_sign_in(back)


def not_let_through(request: PageRequest, reason: SessionRefusal, back: str) -> Response:
    """What the gate's refusal means for the browser."""
    match reason:
        case SessionRefusal.NOT_SIGNED_IN | SessionRefusal.SESSION_LOCKED:
            return redirect(f"{SIGN_IN_PATH if reason is SessionRefusal.NOT_SIGNED_IN else UNLOCK_PATH}?next={back}")
        case SessionRefusal.TOKEN_SUPERSEDED:
            return _session_renewed(request, back)
        case SessionRefusal.NOT_PERMITTED:
            raise _not_permitted(request)
        case SessionRefusal.TWO_FACTOR_NEEDED:
            raise _two_factor_needed(request)
        case SessionRefusal.NO_SUCH_MEMBER:
            raise _no_such_member(request)
        case SessionRefusal.NEW_PASSWORD_FIRST:
            return redirect(f"{PASSWORD_PATH}?reason={reason}")
        case SessionRefusal.ENROLMENT_FIRST:
            return redirect(REQUIRED_PATH)
        case unknown:
            assert_never(unknown)


def session_ended(request: PageRequest) -> Response:
    """To sign in again, where too many wrong proofs have ended the session."""
    response = redirect(f"{SIGN_IN_PATH}?reason={StepUpRefusal.SESSION_ENDED}")
    request.site.cookies.clear(response, Cookie.SESSION)
    return response


def enrollee_refused(reason: SignInRefusal | PendingRefusal | ReEnrolmentRefusal | EnrolmentRefusal, back: str) -> Response | None:
    """Where a person gets on who has to set up 2FA; None for one who has no such sign-in."""
    match reason:
        case PendingRefusal.NO_SIGN_IN:
            return None
        case SignInRefusal.START_AGAIN | PendingRefusal.JUST_SIGNED_IN | PendingRefusal.CLOCK_WAS_CHANGED:
            return redirect(f"{SIGN_IN_PATH}?next={back}&reason={reason}")
        case ReEnrolmentRefusal.MUST_ENROL | ReEnrolmentRefusal.LINK_OF_ANOTHER:
            return redirect(f"{RE_ENROLMENT_PATH}?reason={reason}")
        case EnrolmentRefusal.NO_ENROLMENT | EnrolmentRefusal.ENROLMENT_DISCARDED:
            return redirect(f"{RE_ENROLMENT_PATH}?reason={reason}")
        case unknown:
            assert_never(unknown)


def _not_permitted(request: PageRequest) -> ExplainedError:
    return ExplainedError(
        403,
        title=request.texts.gettext("Not for your role"),
        detail=request.texts.gettext("Your role in the team does not include this, so nothing was done. Ask an owner or an admin."),
        action=NextLink(HOME_PATH, request.texts.gettext("Go to the dashboard")),
    )


def _no_such_member(request: PageRequest) -> ExplainedError:
    return ExplainedError(
        404,
        title=request.texts.gettext("Not in the team"),
        detail=request.texts.gettext("This page is about nobody in the team. They may have left it, or somebody has just removed them."),
        action=NextLink(TEAM_PATH, request.texts.gettext("Go to the team")),
    )


def _two_factor_needed(request: PageRequest) -> ExplainedError:
    return ExplainedError(
        403,
        title=request.texts.gettext("Turn on 2FA first"),
        detail=request.texts.gettext(
            "This page is about other people's accounts. It opens only to those whose own account is protected by 2FA."
        ),
        action=NextLink(SETTINGS_PATH, request.texts.gettext("Go to Account Settings")),
    )


def _session_renewed(request: PageRequest, back: str) -> Response:
    """The other half of a double click, or a form of a tab that was left behind. No cookie is set: the browser may have a newer one."""
    return error_response(request.site.renderer, request.starlette, 409, action=NextLink(back, request.texts.gettext("Go on")))
