"""How surely somebody is signed in. The level is computed from the methods used and never stored."""

from enum import StrEnum
from typing import Final

from xpressbot.foundation.times import MINUTE, is_from_the_future

STEP_UP_FRESHNESS: Final = 5 * MINUTE
RECOVERY_GRANT: Final = 30 * MINUTE


class Method(StrEnum):
    """Authentication method references (RFC 8176; recovery_code is ours, the RFC has no word for it)."""

    PASSWORD = "pwd"
    TOTP = "otp"
    RECOVERY_CODE = "recovery_code"


Amr = frozenset[Method]
SECOND_FACTORS: Final[Amr] = frozenset({Method.TOTP, Method.RECOVERY_CODE})


class Action(StrEnum):
    """What needs a fresh proof of identity ("step-up", ASVS 7.5.1)."""

    START_ENROLMENT = "start_enrolment"
    ADD_AUTHENTICATOR = "add_authenticator"
    REMOVE_AUTHENTICATOR = "remove_authenticator"
    DISABLE_TWO_FACTOR = "disable_two_factor"
    REVEAL_RECOVERY_CODES = "reveal_recovery_codes"
    REGENERATE_RECOVERY_CODES = "regenerate_recovery_codes"
    CHECK_RECOVERY_CODE = "check_recovery_code"


_REPAIRS: Final = frozenset({Action.START_ENROLMENT, Action.DISABLE_TWO_FACTOR, Action.REGENERATE_RECOVERY_CODES})


def aal_of(amr: Amr) -> int:
    """Authenticator assurance level: 2 for a password and a second factor, else 1."""
    return 2 if Method.PASSWORD in amr and amr & SECOND_FACTORS else 1


def is_fresh(proven_at: int, now: int) -> bool:
    """Whether a proof still counts. One from the future does not."""
    return now - proven_at < STEP_UP_FRESHNESS and not is_from_the_future(proven_at, now)


def is_grant_open(recovery_grant_until: int, now: int) -> bool:
    """Whether the grant of a recovery sign-in still runs. One that was given in the future does not."""
    return now < recovery_grant_until and not is_from_the_future(recovery_grant_until - RECOVERY_GRANT, now)


def step_up_needed(action: Action, *, proven_at: int, recovery_grant_until: int, now: int) -> bool:
    """Whether the person must confirm who they are before this action.

    A session begun with a recovery code may repair the account for a while without further proof, since its owner has
    just lost the other factor; looking at the codes is no repair.
    """
    return not is_fresh(proven_at, now) and not (action in _REPAIRS and is_grant_open(recovery_grant_until, now))
