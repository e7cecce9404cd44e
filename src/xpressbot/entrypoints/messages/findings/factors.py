"""What the doctor says of each kind of factor: how people know it, and what it finds of its own."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.findings.words import DIRECTION, SET_THE_CLOCK, CheckWords, ProblemWords, listed
from xpressbot.entrypoints.messages.translation import N_, Texts

METHODS: Final[Mapping[str, str]] = {"otp": N_("codes from the app"), "recovery_code": N_("recovery codes")}
"""By authentication method."""


def _addresses(texts: Texts, accounts: Sequence[Mapping[str, Any]]) -> str:
    return listed(texts, [listed_address(account["email"]) for account in accounts])


def _codes_left(texts: Texts, accounts: Sequence[Mapping[str, Any]]) -> str:
    return listed(texts, [f"{listed_address(account['email'])} ({account['left']})" for account in accounts])


CHECKS: Final[Mapping[str, CheckWords]] = {
    "recovery_codes": CheckWords(N_("Recovery codes"), N_("Everybody with 2FA has enough left.")),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "codes_of_the_future": ProblemWords(
        N_("Codes were used here while a clock was ahead, and until that time comes no code of these accounts is taken: %(accounts)s."),
        N_(
            "If this machine's clock is wrong, set it by NTP. If it is right, run for each of them: xpressbot 2fa clock-reset E."
            " Until then they sign in with recovery codes."
        ),
        {"accounts": _addresses},
    ),
    "phones_agree": ProblemWords(
        N_(
            "The phones of %(phones)s people seem to be about %(seconds)s seconds %(direction)s this machine's clock, all alike: it may"
            " be this machine's clock that is wrong."
        ),
        SET_THE_CLOCK,
        DIRECTION,
    ),
    "few_recovery_codes": ProblemWords(
        N_("Recovery codes run out (how many are left): %(accounts)s."),
        N_("Ask these people to make a new set in Account Settings, before they lose their phones."),
        {"accounts": _codes_left},
    ),
}
