"""What becomes of sessions and known browsers."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore, StaysAtRestore
from xpressbot.foundation.times import HOUR
from xpressbot.identity.sessions.rules import known_browser
from xpressbot.identity.sessions.rules.session import ABSOLUTE_LIFETIME, STEP_UP_COUNT
from xpressbot.identity.tables import KNOWN_BROWSER, SESSION
from xpressbot.identity.throttling.retention import expiring_counts

SESSION_KEPT: Final = 24 * HOUR
STEP_UP_COUNT_KEPT: Final = ABSOLUTE_LIFETIME
"""No session lives longer, and none may get its tries back."""

EXPIRING_ROWS: Final = (
    ExpiringRows("sessions", SESSION.c.id, SESSION.c.expires_at, SESSION_KEPT, lifetime=ABSOLUTE_LIFETIME),
    ExpiringRows("known_browsers", KNOWN_BROWSER.c.id, KNOWN_BROWSER.c.last_sign_in_at, known_browser.LIFETIME, lifetime=0),
    expiring_counts("step_up_counts", STEP_UP_COUNT, kept=STEP_UP_COUNT_KEPT),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (
    EndsAtRestore("sessions", SESSION),
    # A known browser opens nothing, and keeps its person out of the waits that strangers cause.
    StaysAtRestore(KNOWN_BROWSER),
)
