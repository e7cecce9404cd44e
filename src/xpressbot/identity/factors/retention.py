"""What becomes of authenticators: those that were not set up in time go, and so do their counts of wrong codes."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.times import HOUR, MINUTE
from xpressbot.identity.factors.rules import ENROLMENT_COUNT
from xpressbot.identity.factors.store import IS_PENDING
from xpressbot.identity.tables import AUTHENTICATOR
from xpressbot.identity.throttling.retention import expiring_counts

ENROLMENT_KEPT: Final = 20 * MINUTE
ENROLMENT_COUNT_KEPT: Final = 1 * HOUR

EXPIRING_ROWS: Final = (
    ExpiringRows("enrolments", AUTHENTICATOR.c.begun_in, AUTHENTICATOR.c.expires_at, ENROLMENT_KEPT, within=IS_PENDING),
    expiring_counts("enrolment_counts", ENROLMENT_COUNT, kept=ENROLMENT_COUNT_KEPT),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (EndsAtRestore("unfinished set-ups of 2FA", AUTHENTICATOR, IS_PENDING),)
