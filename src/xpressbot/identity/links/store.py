"""Statements on single-use links."""

from sqlalchemy import ColumnElement, and_, delete, insert, or_, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.times import is_from_the_future, latest_credible
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.links.rules import Link, LinkKind, LinkState
from xpressbot.identity.tables import ACCOUNT, LINK

_VERSION_NOW = select(ACCOUNT.c.security_version).where(ACCOUNT.c.id == LINK.c.account_id).scalar_subquery()
_IS_CURRENT = or_(LINK.c.security_version.is_(None), LINK.c.security_version == _VERSION_NOW)


def add(tx: Writing, link: Link, token_hash: bytes, now: int, expires_at: int) -> None:
    """Add a link under the hash of its token."""
    tx.execute(
        insert(LINK).values(
            token_hash=token_hash,
            kind=link.kind.value,
            account_id=link.account_id,
            email=link.email,
            email_key=_key(link.email),
            security_version=link.security_version,
            about=link.about,
            mailed=link.mailed,
            created_at=now,
            expires_at=expires_at,
        )
    )


def find_open(tx: Reading, kind: LinkKind, token_hash: bytes, now: int) -> Link | None:
    """The link that this token opens, if it is open."""
    row = tx.select(select(LINK).where(LINK.c.token_hash == token_hash, _usable(kind, now))).one_or_none()
    return None if row is None else Link(kind, row.account_id, row.email, row.security_version, row.about, row.mailed)


def state(tx: Reading, kind: LinkKind, token_hash: bytes, now: int) -> LinkState:
    """What has become of the link of this token."""
    row = tx.select(select(LINK).where(LINK.c.token_hash == token_hash, LINK.c.kind == kind.value)).one_or_none()
    if row is None:
        return LinkState.UNKNOWN
    if row.consumed_at is not None:
        return LinkState.USED
    if is_from_the_future(row.created_at, now):
        return LinkState.OF_THE_FUTURE
    if row.expires_at <= now:
        return LinkState.EXPIRED
    return LinkState.OPEN if find_open(tx, kind, token_hash, now) is not None else LinkState.OUTDATED


def consume(tx: Writing, kind: LinkKind, token_hash: bytes, now: int) -> bool:
    """Use up a link; False when it is not open any more."""
    consumed = tx.execute(update(LINK).where(LINK.c.token_hash == token_hash, _usable(kind, now)).values(consumed_at=now))
    return consumed.rowcount == 1


def remove(tx: Writing, token_hash: bytes) -> None:
    """Forget a link that nobody was given."""
    tx.execute(delete(LINK).where(LINK.c.token_hash == token_hash))


def keep_newest(tx: Writing, link: Link, most: int, now: int) -> None:
    """Use up the open links of the same kind to the same account, but for the newest ones."""
    of_account = (LINK.c.account_id == link.account_id, _open(link.kind, now))
    newest = select(LINK.c.token_hash).where(*of_account).order_by(LINK.c.created_at.desc(), LINK.c.token_hash).limit(most)
    tx.execute(update(LINK).where(*of_account, LINK.c.token_hash.not_in(newest)).values(consumed_at=now))


def void(tx: Writing, link: Link, now: int) -> None:
    """Use up the open links of the same kind to the same account or address, those dated in the future as well."""
    same = (LINK.c.account_id == link.account_id) if link.account_id else (LINK.c.email_key == _key(link.email))
    tx.execute(update(LINK).where(same, _open(link.kind, now)).values(consumed_at=now))


def remove_all(tx: Writing, account_id: str) -> None:
    """Remove every link of an account."""
    tx.execute(delete(LINK).where(LINK.c.account_id == account_id))


def _usable(kind: LinkKind, now: int) -> ColumnElement[bool]:
    return and_(_open(kind, now), LINK.c.created_at <= latest_credible(now), _IS_CURRENT)


def _open(kind: LinkKind, now: int) -> ColumnElement[bool]:
    # Also where it is dated in the future: what voids a link must not leave one for the day that it is dated to.
    return and_(LINK.c.kind == kind.value, LINK.c.consumed_at.is_(None), LINK.c.expires_at > now)


def _key(email: str | None) -> str | None:
    return None if email is None else email_key(email)
