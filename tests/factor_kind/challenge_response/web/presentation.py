"""The fields that take an answer, and what a set-up shows."""

from typing import Any, assert_never

from tests.factor_kind.challenge_response.core.kind import Response, SetUpView
from xpressbot.entrypoints.http.factor_presentation import PrimaryFactorPresentation, ProofForm
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.factors.enrolment_steps import OpenEnrolment
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.outcomes import Denied


class ChallengeResponsePresentation(PrimaryFactorPresentation):
    """Challenge and response."""

    kind = Response.kind
    template_package = __package__
    sign_in_path = "/sign-in/challenge"
    sign_in_template = "challenge_response/sign_in.html"
    sign_in_link = N_("Use your security key")
    proven_by = N_("security key")
    misplaced = N_("This is an answer of a security key.")
    step_up_fields = "challenge_response/fields.html"
    label = N_("Security key")
    set_up_template = "challenge_response/set_up.html"
    set_up_choice = N_("With a security key")

    def parse(self, sent: ProofForm) -> Response | None:
        challenge, counter, mac = sent.form["challenge"], sent.form["counter"], sent.form["mac"]
        return Response(challenge, int(counter), mac) if challenge and counter.isdecimal() and mac.isascii() and mac else None

    def problem(self, sent: ProofForm) -> dict[str, Text]:
        return {"mac": sent.texts.gettext("The key has not answered.")}

    def refusal(self, texts: Texts, denied: Denied[ProofRefusal], now: int) -> Text:
        del now
        match denied.reason:
            case ProofRefusal.WRONG_CODE | ProofRefusal.CLOCK_IS_OFF | ProofRefusal.CLOCK_WAS_AHEAD:
                return texts.gettext("That is not the answer of a security key of yours. Touch the key that you have set up here.")
            case ProofRefusal.CODE_ALREADY_USED:
                return texts.gettext("That answer of your security key was already used. Touch the key again.")
            case unknown:
                assert_never(unknown)

    def challenge_context(self, challenge: object) -> dict[str, Any]:
        return {"challenge": challenge}

    def set_up_context(self, texts: Texts, issuer: str, address: str, enrolment: OpenEnrolment) -> dict[str, Any]:
        assert isinstance(enrolment.view, SetUpView)
        return {"key": enrolment.view.key.hex(), "challenge": enrolment.view.challenge}
