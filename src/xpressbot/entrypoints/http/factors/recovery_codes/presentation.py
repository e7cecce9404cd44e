"""Recovery codes: the field that takes one, however it was typed or copied."""

from collections.abc import Collection
from typing import Final, assert_never

from xpressbot.entrypoints.http.factor_presentation import FactorPresentation, ProofForm
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.recovery_codes import rules
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.outcomes import Denied

USED_MARK: Final = N_("used")
"""What stands beside a used code on its page and in its file. Copied with the code, it is no part of it."""


class RecoveryCodePresentation(FactorPresentation):
    """Recovery codes."""

    kind = RecoveryCodeText.kind
    label = N_("Recovery code")
    template_package = __package__
    sign_in_path = "/sign-in/recovery-code"
    sign_in_template = "recovery_codes/sign_in.html"
    sign_in_link = N_("Use a recovery code instead")
    proven_by = N_("recovery code")
    misplaced = N_('This is a recovery code. Follow "Use a recovery code instead" and type it there.')
    step_up_fields = "_typed_code.html"

    def parse(self, sent: ProofForm) -> RecoveryCodeText | None:
        """The code alone, or a line copied from our page or file, in any of our languages."""
        return parse_recovery_code(sent.form["code"], sent.languages.translations_of(USED_MARK))

    def problem(self, sent: ProofForm) -> dict[str, Text]:
        if not sent.form["code"].strip():
            return {"code": sent.texts.gettext("Enter one of your recovery codes.")}
        return {"code": sent.texts.gettext("A recovery code has 16 letters and digits, in groups of four. Check what you typed.")}

    def refusal(self, texts: Texts, denied: Denied[ProofRefusal], now: int) -> Text:
        """A code depends on no clock: none is refused because of one."""
        del now
        match denied.reason:
            case ProofRefusal.WRONG_CODE | ProofRefusal.CLOCK_IS_OFF | ProofRefusal.CLOCK_WAS_AHEAD:
                return texts.gettext("That code is not right. Check what you typed.")
            case ProofRefusal.CODE_ALREADY_USED:
                return texts.gettext("That recovery code was already used. Each works once; take another one.")
            case unknown:
                assert_never(unknown)


def parse_recovery_code(text: str, used_marks: Collection[str] = ()) -> RecoveryCodeText | None:
    """A recovery code, however it was typed. used_marks: USED_MARK in each language that a copied line may be in."""
    code = rules.parse_code(text) or rules.parse_code(_without_mark(text, used_marks))
    return None if code is None else RecoveryCodeText(code)


def _without_mark(text: str, marks: Collection[str]) -> str:
    """A line of our list without the word that marks a used code."""
    line = text.rstrip()
    return next((line[: -len(mark)] for mark in marks if line[-len(mark) :].casefold() == mark.casefold()), text)
