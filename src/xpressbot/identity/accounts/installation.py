"""The installation's own row, and single-use links."""

from sqlalchemy import ColumnElement, Connection, and_, insert, select, update

from xpressbot.foundation.times import is_from_the_future, latest_credible
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.links.rules import Link, LinkKind, LinkState
from xpressbot.identity.tables import INSTALLATION, LINK


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

    def add(self, link: Link, token_hash: bytes, now: int, expires_at: int) -> None:
        self._connection.execute(
            insert(LINK).values(
                token_hash=token_hash,
                kind=link.kind.value,
                account_id=link.account_id,
                email=link.email,
                email_key=_key(link.email),
                created_at=now,
                expires_at=expires_at,
            )
        )

    def find_open(self, kind: LinkKind, token_hash: bytes, now: int) -> Link | None:
        row = self._connection.execute(select(LINK).where(LINK.c.token_hash == token_hash, _usable(kind, now))).one_or_none()
        return None if row is None else Link(kind, row.account_id, row.email)

    def state(self, kind: LinkKind, token_hash: bytes, now: int) -> LinkState:
        row = self._connection.execute(select(LINK).where(LINK.c.token_hash == token_hash, LINK.c.kind == kind.value)).one_or_none()
        if row is None:
            return LinkState.UNKNOWN
        if row.consumed_at is not None:
            return LinkState.USED
        if is_from_the_future(row.created_at, now):
            return LinkState.OF_THE_FUTURE
        return LinkState.OPEN if self.find_open(kind, token_hash, now) is not None else LinkState.EXPIRED

    def consume(self, kind: LinkKind, token_hash: bytes, now: int) -> bool:
        consumed = self._connection.execute(update(LINK).where(LINK.c.token_hash == token_hash, _usable(kind, now)).values(consumed_at=now))
        return consumed.rowcount == 1

    def void(self, link: Link, now: int) -> None:
        same = (LINK.c.account_id == link.account_id) if link.account_id else (LINK.c.email_key == _key(link.email))
        self._connection.execute(update(LINK).where(same, _open(link.kind, now)).values(consumed_at=now))


def _usable(kind: LinkKind, now: int) -> ColumnElement[bool]:
    return and_(_open(kind, now), LINK.c.created_at <= latest_credible(now))


def _open(kind: LinkKind, now: int) -> ColumnElement[bool]:
    # Also where it is dated in the future: what voids a link must not leave one for the day that it is dated to.
    return and_(LINK.c.kind == kind.value, LINK.c.consumed_at.is_(None), LINK.c.expires_at > now)


def _key(email: str | None) -> str | None:
    return None if email is None else email_key(email)
