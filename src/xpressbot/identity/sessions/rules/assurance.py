"""How surely a person is signed in. The level is computed from the methods used and never stored."""

from typing import Final, assert_never

from xpressbot.foundation.times import MINUTE, is_from_the_future
from xpressbot.identity.accounts.rules.actions import ProofNeeded

STEP_UP_FRESHNESS: Final = 5 * MINUTE
RECOVERY_GRANT: Final = 30 * MINUTE
PASSWORD: Final = "pwd"
"""The authentication method reference of a password (RFC 8176). Each kind of factor names its own."""

Amr = frozenset[str]
"""The authentication methods that a session rests on."""


def aal_of(amr: Amr) -> int:
    """Authenticator assurance level: 2 for a password and a second factor, else 1."""
    return 2 if PASSWORD in amr and has_second_factor(amr) else 1


def has_second_factor(amr: Amr) -> bool:
    """Whether something besides the password was proven."""
    return bool(amr - {PASSWORD})


def is_fresh(proven_at: int, now: int) -> bool:
    """Whether a proof still counts. One from the future does not."""
    return now - proven_at < STEP_UP_FRESHNESS and not is_from_the_future(proven_at, now)


def is_grant_open(recovery_grant_until: int, now: int) -> bool:
    """Whether the grant of a recovery sign-in still runs. One that was given in the future does not."""
    return now < recovery_grant_until and not is_from_the_future(recovery_grant_until - RECOVERY_GRANT, now)


def step_up_needed(proof: ProofNeeded, *, amr: Amr, proven_at: int, recovery_grant_until: int, now: int, password_proven: bool) -> bool:
    """Whether the person must confirm who they are before an action that needs this proof.

    password_proven: whether the request itself brought the right password. A session begun with a recovery code may repair the account
    for a while without further proof, since its owner has just lost the other factor; looking at the codes is no repair.
    """
    fresh = is_fresh(proven_at, now)
    match proof:
        case ProofNeeded.NONE:
            return False
        case ProofNeeded.FRESH:
            return not fresh
        case ProofNeeded.FRESH_OR_RECOVERY:
            return not (fresh or is_grant_open(recovery_grant_until, now))
        case ProofNeeded.FRESH_OR_PASSWORD:
            return not (fresh or password_proven)
        case ProofNeeded.CURRENT_PASSWORD:
            return not (fresh if has_second_factor(amr) else password_proven)
        case unknown:
            assert_never(unknown)
