"""What becomes of accounts: none expires, and a restore brings all of them back. Addresses that they had are kept for a while."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore
from xpressbot.foundation.times import HOUR
from xpressbot.identity.tables import ACCOUNT, INSTALLATION, RESERVED_ADDRESS

RESERVED_ADDRESS_KEPT: Final = 1 * HOUR

EXPIRING_ROWS: Final = (
    ExpiringRows("reserved_addresses", RESERVED_ADDRESS.c.email_key, RESERVED_ADDRESS.c.reserved_until, RESERVED_ADDRESS_KEPT),
)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (StaysAtRestore(ACCOUNT), StaysAtRestore(INSTALLATION), StaysAtRestore(RESERVED_ADDRESS))
