"""What the doctor says of accounts: their secrets, second factors and recovery codes, and the clocks that they tell of."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xpressbot.entrypoints.messages.addresses import listed_address
from xpressbot.entrypoints.messages.findings.words import DIRECTION, SET_THE_CLOCK, CheckWords, ProblemWords, listed, moment
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeKind
from xpressbot.identity.factors.totp.kind import Totp

MOST_ROWS_LISTED: Final = 3
"""Rows have long names, and say little to people."""
_METHODS: Final = {Totp.method: N_("codes from the app"), RecoveryCodeKind.method: N_("recovery codes")}


def _secrets_well(facts: Mapping[str, Any]) -> str:
    return N_("%(tried)s of %(stored)s were tried, and each can be decrypted.") if facts["stored"] else N_("Nothing is encrypted yet.")


def _rows(texts: Texts, rows: Sequence[str]) -> str:
    return listed(texts, rows, MOST_ROWS_LISTED)


def _addresses(texts: Texts, accounts: Sequence[Mapping[str, Any]]) -> str:
    return listed(texts, [listed_address(account["email"]) for account in accounts])


def _codes_left(texts: Texts, accounts: Sequence[Mapping[str, Any]]) -> str:
    return listed(texts, [f"{listed_address(account['email'])} ({account['left']})" for account in accounts])


def _suspended(texts: Texts, accounts: Sequence[Mapping[str, Any]]) -> str:
    named = [f"{listed_address(account['email'])} ({texts.gettext(_METHODS[account['method']])})" for account in accounts]
    return listed(texts, named)


CHECKS: Final[Mapping[str, CheckWords]] = {
    "encrypted_secrets": CheckWords(N_("Encrypted secrets"), _secrets_well),
    "enrolments": CheckWords(N_("Unfinished set-ups"), N_("None is left over.")),
    "recovery_codes": CheckWords(N_("Recovery codes"), N_("Every account with 2FA has enough left.")),
    "second_factors": CheckWords(N_("Second factors"), N_("None is suspended.")),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "secrets_do_not_open": ProblemWords(
        N_("%(closed)s of %(tried)s encrypted secrets cannot be decrypted: %(rows)s."),
        N_(
            "If the key ring is not the right one, put that back. If single rows were altered or moved, restore a backup, or let these"
            " people set up 2FA anew: xpressbot 2fa reset E --reason R."
        ),
        {"rows": _rows},
    ),
    "clock_set_back": ProblemWords(
        N_(
            "The database has records from %(newest)s, %(seconds)s seconds after this machine's time: its clock was set back, or was"
            " ahead before."
        ),
        N_(
            "If this machine's clock is wrong, set it by NTP. If it is right, sessions, sign-ins and links that are dated in the future"
            " open nothing, and people sign in again. xpressbot 2fa clock-reset E ends those of an account:"
            " docs/operations.md says more."
        ),
        {"newest": moment},
    ),
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
    "enrolments_expired": ProblemWords(
        N_("Left over, since they were not finished in time: %(count)s. They open nothing."),
        N_("Nothing needs doing: the running service removes them."),
    ),
    "few_recovery_codes": ProblemWords(
        N_("Recovery codes run out (how many are left): %(accounts)s."),
        N_("Ask these people to make a new set in Account Settings, before they lose their phones."),
        {"accounts": _codes_left},
    ),
    "second_factor_suspended": ProblemWords(
        N_("Switched off after many wrong codes in a row: %(accounts)s."),
        N_(
            "Attackers have these passwords, so tell the people. A sign-in the other way and a new set-up, or new recovery codes, lifts it."
            " Who cannot sign in at all: xpressbot 2fa reset E --reason R."
        ),
        {"accounts": _suspended},
    ),
}
