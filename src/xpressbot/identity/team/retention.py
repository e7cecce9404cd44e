"""What becomes of the team's rows: invitations expire, and nothing that waits to happen comes back with a restore."""

from typing import Final

from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore, EndsAtRestore
from xpressbot.foundation.times import HOUR
from xpressbot.identity.team.tables import INVITATION, RESET_REQUEST

INVITATION_KEPT: Final = 24 * HOUR

EXPIRING_ROWS: Final = (ExpiringRows("invitations", INVITATION.c.id, INVITATION.c.expires_at, INVITATION_KEPT),)
AT_RESTORE: Final[tuple[AtRestore, ...]] = (EndsAtRestore("invitations", INVITATION), EndsAtRestore("requested resets", RESET_REQUEST))
