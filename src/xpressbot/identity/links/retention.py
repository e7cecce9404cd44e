"""What becomes of links."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.times import HOUR
from xpressbot.identity.links.rules import TAKES_POWER_AWAY
from xpressbot.identity.tables import LINK

LINK_KEPT: Final = 24 * HOUR

EXPIRING_ROWS: Final = (ExpiringRows("links", LINK.c.token_hash, LINK.c.expires_at, LINK_KEPT),)
_GIVES_POWER: Final = LINK.c.kind.not_in(sorted(kind.value for kind in TAKES_POWER_AWAY))
"""What only takes power away stays: the change of an address that came back with the copy can still be stopped."""
AT_RESTORE: Final[tuple[AtRestore, ...]] = (EndsAtRestore("links", LINK, _GIVES_POWER),)
