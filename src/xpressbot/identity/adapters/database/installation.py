"""The installation's own row, and single-use links."""

from sqlalchemy import Connection, insert, select, update

from xpressbot.identity.adapters.database.tables import INSTALLATION, LINK
from xpressbot.identity.domain.link import LinkKind


class Installation:
    """Fulfils InstallationRecord."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def owner(self) -> str | None:
        owner: str | None = self._connection.execute(select(INSTALLATION.c.owner)).scalar_one()
        return owner

    def claim(self, account_id: str) -> bool:
        claimed = self._connection.execute(update(INSTALLATION).where(INSTALLATION.c.owner.is_(None)).values(owner=account_id))
        return claimed.rowcount == 1


class Links:
    """Fulfils LinkRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, kind: LinkKind, token_hash: bytes, now: int, expires_at: int) -> None:
        self._connection.execute(insert(LINK).values(token_hash=token_hash, kind=kind.value, created_at=now, expires_at=expires_at))

    def is_open(self, kind: LinkKind, token_hash: bytes, now: int) -> bool:
        row = self._connection.execute(
            select(LINK.c.token_hash).where(
                LINK.c.token_hash == token_hash, LINK.c.kind == kind.value, LINK.c.consumed_at.is_(None), LINK.c.expires_at > now
            )
        ).one_or_none()
        return row is not None

    def consume(self, kind: LinkKind, token_hash: bytes, now: int) -> bool:
        consumed = self._connection.execute(
            update(LINK)
            .where(LINK.c.token_hash == token_hash, LINK.c.kind == kind.value, LINK.c.consumed_at.is_(None), LINK.c.expires_at > now)
            .values(consumed_at=now)
        )
        return consumed.rowcount == 1
