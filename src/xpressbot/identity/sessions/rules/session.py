"""Sessions: what a completed sign-in gives. Never more than was proven, never longer than its limits (ASVS 7.3)."""

from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.times import HOUR, MINUTE, is_from_the_future
from xpressbot.identity.sessions.rules.assurance import Amr, aal_of, is_grant_open
from xpressbot.identity.throttling.rules import Bucket, Policy

ABSOLUTE_LIFETIME: Final = 24 * HOUR
INACTIVITY_TIMEOUT: Final = 1 * HOUR
STAY_OFFERED_BEFORE: Final = 5 * MINUTE
"""How long before it locks a page offers to use it on."""
MOST_PER_ACCOUNT: Final = 20
"""Sessions that are not over, of one account at a time (ASVS 7.1.2). When one more begins, the one that was unused longest ends."""
LAST_USE_RESOLUTION: Final = 1 * MINUTE
"""The last use is written at most this often."""
STEP_UP_TRIES: Final = 5
STEP_UP_COUNT: Final = "step_up"
_STEP_UP: Final = Policy(free=STEP_UP_TRIES, first_delay=0, longest_delay=0, suspend_at=STEP_UP_TRIES)
CODES_SHOWN_FOR: Final = 30 * MINUTE
"""How long a fresh set stays on its page until "Continue" is pressed."""


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. The row outlives its token: each renewal gives the row another one."""

    id: str
    account_id: str
    amr: Amr
    authenticated_at: int
    proven_at: int
    """When the person last proved all their factors: at sign-in, at a step-up, at a confirmed enrolment."""
    last_used_at: int
    expires_at: int
    recovery_grant_until: int
    """Until when a session begun with a recovery code may repair the account without further proof; 0 when it may not."""
    shown_set_id: str | None
    """Which set of recovery codes the page shows in clear in this session, if any."""
    codes_visible_until: int
    """Until when it does so."""

    @property
    def step_up_bucket(self) -> Bucket:
        """The count of wrong tries to confirm who is there, after which the session ends."""
        return Bucket(STEP_UP_COUNT, self.id, _STEP_UP)

    @property
    def aal(self) -> int:
        """Authenticator assurance level, 1 or 2 (NIST SP 800-63B-4)."""
        return aal_of(self.amr)

    @property
    def locks_at(self) -> int:
        """When it locks or ends, unless it is used before."""
        return min(self.last_used_at + INACTIVITY_TIMEOUT, self.expires_at)

    def is_live(self, now: int) -> bool:
        """Whether neither limit has passed, and both can be trusted."""
        return self.is_open(now) and now - self.last_used_at < INACTIVITY_TIMEOUT

    def is_locked(self, now: int) -> bool:
        """Whether it was unused for too long, and is not over: the password opens it again (NIST SP 800-63B-4 section 2.2.3)."""
        return self.is_open(now) and not self.is_live(now)

    def is_open(self, now: int) -> bool:
        """Whether it is live or locked."""
        return not self.is_from_the_future(now) and now < self.expires_at

    def is_from_the_future(self, now: int) -> bool:
        """Whether its sign-in, its last proof or its last use is dated in the future. Such a session is neither live nor locked."""
        return is_from_the_future(max(self.authenticated_at, self.proven_at, self.last_used_at), now)

    def may_repair(self, now: int) -> bool:
        """Whether it was begun with a recovery code lately, and may repair the account without further proof."""
        return is_grant_open(self.recovery_grant_until, now)

    def shows_codes(self, now: int) -> bool:
        """Whether this session may see a set of codes just now."""
        return now < self.codes_visible_until and not is_from_the_future(self.codes_visible_until - CODES_SHOWN_FOR, now)

    def shows_codes_of(self, set_id: str, now: int) -> bool:
        """Whether this session may see the codes of this very set."""
        return self.shown_set_id == set_id and self.shows_codes(now)

    def last_use_is_due(self, now: int) -> bool:
        """Whether this use should be written down."""
        return now - self.last_used_at >= LAST_USE_RESOLUTION
