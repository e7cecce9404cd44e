"""The set-up page: the QR code, the key, and the field for the first code. The same with a session and before it."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar
from urllib.parse import quote

from starlette.responses import Response

from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import code_problem
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.rendering import qr_svg
from xpressbot.entrypoints.telemetry.sign_in_metrics import CodePurpose
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.foundation.times import SECOND
from xpressbot.identity.factors.totp.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.totp.rules.otpauth import base32_key, groups_of_four, provisioning_uri
from xpressbot.identity.factors.totp.rules.totp import parse_code
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.rules.assurance import Method

SETUP_PATH: Final = "/account/2fa/setup"
_TEMPLATE: Final = "two_factor_setup.html"
_LONGEST_NAMES: Final = 2000
"""The label, and the issuer which stands there twice, percent-encoded: what a QR code has room for beside the secret."""

T = TypeVar("T")


def set_up_page(request: PageRequest, caller: Caller | None, subject: FormSubject, enrolment: OpenEnrolment) -> Response:
    """Show what the app needs."""
    return request.page(_TEMPLATE, caller.account if caller else None, **_context(request, caller, subject, enrolment))


def with_first_code(
    request: PageRequest, caller: Caller | None, subject: FormSubject, enrolment: OpenEnrolment, confirm: Callable[[str], T | Denied]
) -> T | Denied | Response:
    """Hand the typed code to `confirm`; what can be mended on the page is said there."""
    account, context = caller.account if caller else None, _context(request, caller, subject, enrolment)
    digits = parse_code(request.form["code"])
    if digits is None:
        return request.invalid(_TEMPLATE, account, {"code": code_problem(request.texts, request.form["code"])}, **context)
    outcome = confirm(digits)
    request.metrics.code(Method.TOTP, outcome, CodePurpose.SET_UP)
    if isinstance(outcome, Denied) and outcome.reason in {Reason.WRONG_CODE, Reason.CLOCK_IS_OFF}:
        return request.refused(_TEMPLATE, account, outcome, **context)
    return outcome


def _context(request: PageRequest, caller: Caller | None, subject: FormSubject, enrolment: OpenEnrolment) -> dict[str, Any]:
    issuer = InstallationName.of(request.site.services.settings).issuer
    uri = provisioning_uri(enrolment.secret, issuer=issuer, account=_label(issuer, subject.address, enrolment))
    key = base32_key(enrolment.secret)
    return {
        "email": subject.address,
        "shown_to": subject,
        "qr": qr_svg(uri, request.texts.gettext("QR code for your authenticator app")),
        "key": key,
        "key_groups": groups_of_four(key),
        "otpauth_uri": uri,
        "expires_at": enrolment.expires_at,
        "tries_left": enrolment.tries_left,
        "moving": enrolment.moving,
        "adding": enrolment.adding,
        "app_name": enrolment.name,
        "renews_codes": enrolment.renews_codes,
        "recovering": caller is not None and caller.session.may_repair(request.now()),
        "other_sessions": enrolment.other_sessions,
    }


def _label(issuer: str, email: str, enrolment: OpenEnrolment) -> str:
    """What the app shows beside the code: whose it is, and what tells this entry from the account's others.

    An account's first app has nothing to be told from. Each later one carries the moment it was begun: an app that has an entry with
    the same label may overwrite it, although the old secret still works, and people take the codes of the wrong one. The label is
    no prose of the page: it is stored in the app, and the same in every language.
    """
    begun = f"{datetime.fromtimestamp(enrolment.begun_at // SECOND, tz=UTC):%-d %b %Y, %H.%M} UTC" if enrolment.follows_another else ""
    told = [part for part in (enrolment.name, begun) if part]
    ending = f" ({', '.join(told)})" if told else ""
    room = _LONGEST_NAMES - 2 * len(quote(issuer, safe=""))
    while len(quote(email + ending, safe="")) > room:
        email = email[:-1]
    return email + ending
