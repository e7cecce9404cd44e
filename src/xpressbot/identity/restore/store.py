"""All rows of a database that was put in the place of a newer one: which of them end, and which stay."""

from collections.abc import Mapping
from typing import Final

from sqlalchemy import ColumnElement, Table, delete, func, select, true, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.factors.recovery_codes.store import IS_PREPARED
from xpressbot.identity.factors.store import IS_PENDING
from xpressbot.identity.restore.rules import Open
from xpressbot.identity.tables import (
    ACCOUNT,
    AUTHENTICATOR,
    CHAIN_HEAD,
    INSTALLATION,
    KNOWN_BROWSER,
    LINK,
    NOTICE,
    PENDING_SIGN_IN,
    RECOVERY_CODE,
    RECOVERY_CODE_SET,
    REFUSED_STEP,
    SECURITY_EVENT,
    SESSION,
    THROTTLE_BUCKET,
    TOTP_AUTHENTICATOR,
)

ENDED: Final[Mapping[Open, tuple[Table, ColumnElement[bool]]]] = {
    Open.SESSION: (SESSION, true()),
    Open.PENDING_SIGN_IN: (PENDING_SIGN_IN, true()),
    Open.LINK: (LINK, true()),
    Open.ENROLMENT: (AUTHENTICATOR, IS_PENDING),
    Open.PREPARED_CODES: (RECOVERY_CODE_SET, IS_PREPARED),
}
KEPT: Final = frozenset(
    {
        ACCOUNT,
        INSTALLATION,
        KNOWN_BROWSER,  # a known browser opens nothing, and keeps its person out of the waits that strangers cause
        REFUSED_STEP,
        TOTP_AUTHENTICATOR,  # those of pending authenticators go with them
        NOTICE,  # what is unread by then is still to be read
        RECOVERY_CODE,  # those of prepared sets go with their set
        THROTTLE_BUCKET,
        CHAIN_HEAD,
        SECURITY_EVENT,
    }
)
"""Tables of which nothing ends. A test sees that each table stands here or in ENDED."""


def count_accounts(tx: Reading) -> int:
    """How many accounts there are."""
    count: int = tx.select(select(func.count()).select_from(ACCOUNT)).scalar_one()
    return count


def count_without_link(tx: Reading) -> int:
    """Of how many accounts 2FA was reset and is not set up again."""
    count: int = tx.select(select(func.count()).select_from(ACCOUNT).where(ACCOUNT.c.must_enrol)).scalar_one()
    return count


def raise_all_security_versions(tx: Writing) -> None:
    """Void what was decided on any account."""
    tx.execute(update(ACCOUNT).values(security_version=ACCOUNT.c.security_version + 1))


def end_all(tx: Writing) -> Mapping[Open, int]:
    """Remove whatever is open; how many rows of each kind."""
    return {kind: tx.execute(delete(table).where(rows)).rowcount for kind, (table, rows) in ENDED.items()}
