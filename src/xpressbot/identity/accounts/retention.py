"""What becomes of accounts: none expires, and a restore brings all of them back."""

from typing import Final

from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore
from xpressbot.identity.tables import ACCOUNT, INSTALLATION

AT_RESTORE: Final[tuple[AtRestore, ...]] = (StaysAtRestore(ACCOUNT), StaysAtRestore(INSTALLATION))
