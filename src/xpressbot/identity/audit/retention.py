"""What becomes of security events and notices: none expires, and what is unread at a restore is still to be read."""

from typing import Final

from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore
from xpressbot.identity.tables import CHAIN_HEAD, NOTICE, SECURITY_EVENT

AT_RESTORE: Final[tuple[AtRestore, ...]] = (StaysAtRestore(SECURITY_EVENT), StaysAtRestore(CHAIN_HEAD), StaysAtRestore(NOTICE))
