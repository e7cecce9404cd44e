"""What becomes of requests for a link for a new password."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.times import HOUR
from xpressbot.identity.tables import PASSWORD_REQUEST

PASSWORD_REQUEST_KEPT: Final = 2 * HOUR
"""Longer than a mail is delayed by the bound for its address. Then nobody waits for it any more."""

EXPIRING_ROWS: Final = (
    ExpiringRows("password_requests", PASSWORD_REQUEST.c.email_key, PASSWORD_REQUEST.c.asked_at, PASSWORD_REQUEST_KEPT),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (EndsAtRestore("requests for a new password", PASSWORD_REQUEST),)
