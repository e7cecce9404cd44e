"""What becomes of counts of tries.

Counts of wrong second factors are not removed: with its count, a suspension would end by itself.
"""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore
from xpressbot.foundation.times import HOUR
from xpressbot.identity.tables import THROTTLE_BUCKET
from xpressbot.identity.throttling.rules import (
    EMAIL_LINKS,
    EXPORTS,
    INVITATIONS,
    LINK_FORMS,
    NETWORK,
    NEW_PASSWORDS,
    PASSWORD_REQUESTS,
    RESET_REQUESTS,
)

NETWORK_COUNT_KEPT: Final = 1 * HOUR
LINK_COUNT_KEPT: Final = 1 * HOUR
NEW_PASSWORD_COUNT_KEPT: Final = 1 * HOUR
PASSWORD_REQUEST_COUNT_KEPT: Final = 1 * HOUR
EMAIL_LINK_COUNT_KEPT: Final = 1 * HOUR
EXPORT_COUNT_KEPT: Final = 1 * HOUR
INVITATION_COUNT_KEPT: Final = 1 * HOUR
RESET_REQUEST_COUNT_KEPT: Final = 24 * HOUR


def expiring_counts(name: str, bucket: str, *, kept: int) -> ExpiringRows:
    """Counts of tries of one kind of bucket, which are kept for a time after their last try."""
    key = THROTTLE_BUCKET.c.key
    return ExpiringRows(name, key, THROTTLE_BUCKET.c.charged_at, kept, where=key.startswith(f"{bucket}:", autoescape=True))


EXPIRING_ROWS: Final = (
    expiring_counts("network_counts", NETWORK, kept=NETWORK_COUNT_KEPT),
    expiring_counts("link_counts", LINK_FORMS, kept=LINK_COUNT_KEPT),
    expiring_counts("new_password_counts", NEW_PASSWORDS, kept=NEW_PASSWORD_COUNT_KEPT),
    expiring_counts("password_request_counts", PASSWORD_REQUESTS, kept=PASSWORD_REQUEST_COUNT_KEPT),
    expiring_counts("email_link_counts", EMAIL_LINKS, kept=EMAIL_LINK_COUNT_KEPT),
    expiring_counts("export_counts", EXPORTS, kept=EXPORT_COUNT_KEPT),
    expiring_counts("invitation_counts", INVITATIONS, kept=INVITATION_COUNT_KEPT),
    expiring_counts("reset_request_counts", RESET_REQUESTS, kept=RESET_REQUEST_COUNT_KEPT),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (StaysAtRestore(THROTTLE_BUCKET),)
