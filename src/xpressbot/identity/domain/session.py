"""Sessions: what a completed sign-in gives. Never more than was proven, never longer than its limits (ASVS 7.3)."""

from dataclasses import dataclass
from typing import Final

from xpressbot.identity.domain.assurance import Amr, aal_of
from xpressbot.identity.domain.instant import HOUR, MINUTE

ABSOLUTE_LIFETIME: Final = 24 * HOUR
INACTIVITY_TIMEOUT: Final = 1 * HOUR
LAST_USE_RESOLUTION: Final = 1 * MINUTE
"""The last use is written at most this often."""
STEP_UP_TRIES: Final = 5
CODES_SHOWN_FOR: Final = 30 * MINUTE
"""How long a fresh set stays on its page while nobody presses "Continue"."""


@dataclass(frozen=True, slots=True)
class Session:
    """One signed-in browser. The row outlives its token: every rise gives the row a new one."""

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
    def aal(self) -> int:
        """Authenticator assurance level, 1 or 2 (NIST SP 800-63B-4)."""
        return aal_of(self.amr)

    def is_live(self, now: int) -> bool:
        """Whether neither limit has passed. A last use in the future (a clock set back) does not end a session."""
        return now < self.expires_at and now - self.last_used_at < INACTIVITY_TIMEOUT

    def shows_codes_of(self, set_id: str, now: int) -> bool:
        """Whether this session may see the codes of this very set."""
        return self.shown_set_id == set_id and now < self.codes_visible_until

    def last_use_is_due(self, now: int) -> bool:
        """Whether this use should be written down."""
        return now - self.last_used_at >= LAST_USE_RESOLUTION
