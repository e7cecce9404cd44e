"""Codes of an authenticator app: the field that takes one, and the QR code that sets an app up."""

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

from xpressbot.entrypoints.http.factor_presentation import PrimaryFactorPresentation, ProofForm
from xpressbot.entrypoints.http.rendering import qr_svg
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.times import SECOND
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.totp.kind import TotpCode, TotpSetUp
from xpressbot.identity.factors.totp.rules.otpauth import base32_key, groups_of_four, provisioning_uri
from xpressbot.identity.factors.totp.rules.totp import parse_code

_LONGEST_NAMES: Final = 2000
"""The label, and the issuer which stands there twice, percent-encoded: what a QR code has room for beside the secret."""


class TotpPresentation(PrimaryFactorPresentation):
    """Authenticator apps."""

    kind = TotpCode.kind
    template_package = __package__
    sign_in_path = "/sign-in/code"
    sign_in_template = "totp/sign_in.html"
    sign_in_link = N_("Use the code from your app")
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
