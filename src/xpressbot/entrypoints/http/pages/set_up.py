"""The set-up page of an authenticator: what its kind shows, and the field for the first proof. The same with a session and before it."""

from collections.abc import Callable
from typing import Any, Final, TypeVar

from starlette.responses import Response

from xpressbot.entrypoints.http.factor_presentation import PrimaryFactorPresentation
from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.telemetry.sign_in_metrics import CodePurpose
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.identity.factors.enrolment import OpenEnrolment
from xpressbot.identity.factors.kind import Proof
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions.caller import Caller

SETUP_PATH: Final = "/account/2fa/setup"

T = TypeVar("T")


def set_up_page(request: PageRequest, caller: Caller | None, subject: FormSubject, enrolment: OpenEnrolment) -> Response:
    """Show what the authenticator needs."""
    factor = _factor(request, enrolment)
    account, context = caller.account if caller else None, _context(request, factor, caller, subject, enrolment)
    return request.page(factor.set_up_template, account, **context)


def with_first_proof(
    request: PageRequest, caller: Caller | None, subject: FormSubject, enrolment: OpenEnrolment, confirm: Callable[[Proof], T]
) -> T | Response:
    """Hand the first proof to `confirm`; what can be mended on the page is said there."""
    factor = _factor(request, enrolment)
    account, context = caller.account if caller else None, _context(request, factor, caller, subject, enrolment)
    proof = factor.parse(request.proof_form)
    if proof is None:
        return request.invalid(factor.set_up_template, account, factor.problem(request.proof_form), **context)
    outcome = confirm(proof)
    request.metrics.code(factor.kind, outcome, CodePurpose.SET_UP)
    if isinstance(outcome, Denied) and outcome.reason in {Reason.WRONG_CODE, Reason.CLOCK_IS_OFF}:
        return request.refused(factor.set_up_template, account, outcome, **context)
    return outcome


def _factor(request: PageRequest, enrolment: OpenEnrolment) -> PrimaryFactorPresentation:
    factor = request.factors.find_primary(enrolment.kind)
    if factor is None:
        raise LookupError(f"no page sets up {enrolment.kind}")
    return factor


def _context(
    request: PageRequest, factor: PrimaryFactorPresentation, caller: Caller | None, subject: FormSubject, enrolment: OpenEnrolment
) -> dict[str, Any]:
    issuer = InstallationName.of(request.site.services.settings).issuer
    return {
        "email": subject.address,
        "shown_to": subject,
        "expires_at": enrolment.expires_at,
        "tries_left": enrolment.tries_left,
        "moving": enrolment.moving,
        "adding": enrolment.adding,
        "app_name": enrolment.name,
        "renews_codes": enrolment.renews_backups,
        "recovering": caller is not None and caller.session.may_repair(request.now()),
        "other_sessions": enrolment.other_sessions,
        **factor.set_up_context(request.texts, issuer, subject.address, enrolment),
    }
