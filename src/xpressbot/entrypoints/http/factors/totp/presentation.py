"""Codes of an authenticator app: the field that takes one, and the QR code that sets an app up."""

from datetime import UTC, datetime
from typing import Any, Final, assert_never
from urllib.parse import quote

from xpressbot.entrypoints.http.factor_presentation import PrimaryFactorPresentation, ProofForm
from xpressbot.entrypoints.http.rendering import qr_svg
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.times import SECOND, whole_seconds_until
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.totp.kind import TotpCode, TotpSetUp
from xpressbot.identity.factors.totp.rules.otpauth import base32_key, groups_of_four, provisioning_uri
from xpressbot.identity.factors.totp.rules.totp import parse_code
from xpressbot.identity.outcomes import Denied

_LONGEST_NAMES: Final = 2000
"""The label, and the issuer which stands there twice, percent-encoded: what a QR code has room for beside the secret."""


class TotpPresentation(PrimaryFactorPresentation):
    """Authenticator apps."""

    kind = TotpCode.kind
    template_package = __package__
    sign_in_path = "/sign-in/code"
    sign_in_template = "totp/sign_in.html"
    sign_in_link = N_("Use the code from your app")
    proven_by = N_("code from your app")
    misplaced = N_('This is a code from an app. Follow "Use the code from your app" and type it there.')
    step_up_fields = "_typed_code.html"
    label = N_("Authenticator app")
    set_up_template = "totp/set_up.html"
    set_up_choice = N_("With an authenticator app")

    def parse(self, sent: ProofForm) -> TotpCode | None:
        """Six digits of any script; spaces and dashes are forgiven."""
        digits = parse_code(sent.form["code"])
        return None if digits is None else TotpCode(digits)

    def problem(self, sent: ProofForm) -> dict[str, Text]:
        if not sent.form["code"].strip():
            return {"code": sent.texts.gettext("Enter the 6-digit code that your app shows.")}
        return {"code": sent.texts.gettext("The code has 6 digits, like 123 456. Check what you typed.")}

    def refusal(self, texts: Texts, denied: Denied[ProofRefusal], now: int) -> Text:
        match denied.reason:
            case ProofRefusal.WRONG_CODE:
                return texts.gettext(
                    "That code is not right. Check what you typed. A code from an app must be the newest one for XpressBot."
                )
            case ProofRefusal.CODE_ALREADY_USED:
                return _used_text(texts, denied.retry_at, now)
            case ProofRefusal.CLOCK_IS_OFF:
                return _clock_text(texts, denied.clock_offset_seconds)
            case ProofRefusal.CLOCK_WAS_AHEAD:
                return texts.gettext(
                    "That code is right, but this server's clock was ahead when you last used your app, so codes from it are refused for"
                    " now. Use a recovery code, and ask the operator of this XpressBot to repair it."
                )
            case unknown:
                assert_never(unknown)

    def set_up_context(self, texts: Texts, issuer: str, address: str, enrolment: OpenEnrolment) -> dict[str, Any]:
        if not isinstance(enrolment.view, TotpSetUp):
            raise TypeError(f"a set-up of {enrolment.kind} has a page of its own")
        secret = enrolment.view.secret
        uri = provisioning_uri(secret, issuer=issuer, account=_label(issuer, address, enrolment))
        key = base32_key(secret)
        return {
            "qr": qr_svg(uri, texts.gettext("QR code for your authenticator app")),
            "key": key,
            "key_groups": groups_of_four(key),
            "otpauth_uri": uri,
        }


def _used_text(texts: Texts, retry_at: int | None, now: int) -> str:
    """What to say of a used code. A set-up that another tab has completed with the same code has no time to wait for."""
    if retry_at is None:
        return texts.gettext("That code was already used. Wait for the next code in your app.")
    seconds = whole_seconds_until(retry_at, now)
    sentence = texts.ngettext(
        "That code was already used. Wait for the next code in your app (about %(seconds)s second).",
        "That code was already used. Wait for the next code in your app (about %(seconds)s seconds).",
        seconds,
    )
    return sentence % {"seconds": number(texts, seconds)}


def _clock_text(texts: Texts, offset_seconds: int | None) -> str:
    if offset_seconds is None:
        return texts.gettext("Your phone's clock is off. Switch on automatic date and time, then use the next code.")
    seconds = abs(offset_seconds)
    if offset_seconds < 0:
        sentence = texts.ngettext(
            "Your phone's clock is about %(seconds)s second behind. Switch on automatic date and time, then use the next code.",
            "Your phone's clock is about %(seconds)s seconds behind. Switch on automatic date and time, then use the next code.",
            seconds,
        )
    else:
        sentence = texts.ngettext(
            "Your phone's clock is about %(seconds)s second ahead. Switch on automatic date and time, then use the next code.",
            "Your phone's clock is about %(seconds)s seconds ahead. Switch on automatic date and time, then use the next code.",
            seconds,
        )
    return sentence % {"seconds": number(texts, seconds)}


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
