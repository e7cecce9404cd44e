"""What the doctor says of accounts, whatever their factors: secrets, set-ups, suspended factors, and a clock that was set back."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from xpressbot.entrypoints.messages.email_addresses import listed_address
from xpressbot.entrypoints.messages.findings.factors import METHODS
from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords, listed, moment
from xpressbot.entrypoints.messages.translation import N_, Texts

MOST_ROWS_LISTED: Final = 3
"""Rows have long names, and say little to people."""


def _secrets_well(facts: Mapping[str, Any]) -> str:
    return N_("%(tried)s of %(stored)s were tried, and each can be decrypted.") if facts["stored"] else N_("Nothing is encrypted yet.")


def _rows(texts: Texts, rows: Sequence[str]) -> str:
    return listed(texts, rows, MOST_ROWS_LISTED)


def _suspended(texts: Texts, accounts: Sequence[Mapping[str, Any]]) -> str:
    named = [f"{listed_address(account['email'])} ({texts.gettext(METHODS[account['method']])})" for account in accounts]
    return listed(texts, named)


CHECKS: Final[Mapping[str, CheckWords]] = {
    "encrypted_secrets": CheckWords(N_("Encrypted secrets"), _secrets_well),
    "enrolments": CheckWords(N_("Unfinished set-ups"), N_("None is left over.")),
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
    "enrolments_expired": ProblemWords(
        N_("Left over, since they were not finished in time: %(count)s. They open nothing."),
        N_("Nothing needs doing: the running service removes them."),
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
