"""Statements on requests to reset a member's 2FA. All that writes one holds the lock of the member's account."""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter
from typing import Any, Final

from sqlalchemy import delete, insert, select, union_all, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Permission
from xpressbot.identity.accounts.rules.roles import PERMITTED
from xpressbot.identity.accounts.store import account_from
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.tables import ACCOUNT, MUST_ENROL
from xpressbot.identity.team.rules.reset import ResetRequest, Tenure
from xpressbot.identity.team.tables import RESET_REQUEST

_TABLE = RESET_REQUEST.c
_TENURE = (ACCOUNT.c.role_since, ACCOUNT.c.role_given_by, ACCOUNT.c.created_at, ACCOUNT.c.invited_by)
_SEE_TEAM: Final = union_all(*(select(ACCOUNT).where(account_store.is_enabled_as(role)) for role in sorted(PERMITTED[Permission.TEAM])))


def add(tx: Writing, request: ResetRequest) -> None:
    """Let a request wait for a member who has none."""
    row = {
        "id": request.id,
        "account_id": request.account_id,
        "security_version": request.security_version,
        "asked_by": request.asked_by,
        "asker_version": request.asker_version,
        "asked_at": request.asked_at,
        "reason": request.reason,
        "time_left": request.time_left,
    }
    tx.execute(insert(RESET_REQUEST), row)
    account_store.set_reset_request(tx, request.account_id, request.id)


def end(tx: Writing, request: ResetRequest, now: int) -> bool:
    """Let a request wait no more; False where it had ended before. The link that stops it is used up."""
    if tx.execute(delete(RESET_REQUEST).where(_TABLE.id == request.id)).rowcount != 1:
        return False
    account_store.set_reset_request(tx, request.account_id, None)
    link_store.void(tx, Link(LinkKind.RESET_STOP, account_id=request.account_id), now)
    return True


def by_id(tx: Reading, request_id: str) -> ResetRequest | None:
    """The request with this id, if it has not ended."""
    return _one(tx.select(select(RESET_REQUEST).where(_TABLE.id == request_id)).one_or_none())


def of_member(tx: Reading, account_id: str) -> ResetRequest | None:
    """The request that waits for a member, which may be void."""
    return _one(tx.select(select(RESET_REQUEST).where(_TABLE.account_id == account_id)).one_or_none())


def asked_by(tx: Reading, request_id: str) -> Collection[str]:
    """The id of the account that has asked for it; empty where the request has ended. It stays the same."""
    return tx.select(select(_TABLE.asked_by).where(_TABLE.id == request_id)).scalars().all()


def after(tx: Reading, request_id: str, limit: int) -> Sequence[ResetRequest]:
    """The requests that follow the one with this id, the oldest first, whether or not they are void."""
    rows = tx.select(select(RESET_REQUEST).where(_TABLE.id > request_id).order_by(_TABLE.id).limit(limit))
    return [_request(row) for row in rows]


def note_mail_accepted(tx: Writing, request_id: str, now: int) -> None:
    """The mail server has taken the mail that tells the member. Of several copies the first counts."""
    waits = (_TABLE.id == request_id, _TABLE.counted_at.is_(None))
    tx.execute(update(RESET_REQUEST).where(*waits).values(counted_at=now))


def note_counted(tx: Writing, request: ResetRequest) -> None:
    """Keep what is left of the member's time."""
    tx.execute(update(RESET_REQUEST).where(_TABLE.id == request.id).values(counted_at=request.counted_at, time_left=request.time_left))


def tenures(tx: Reading, account_ids: Collection[str]) -> Mapping[str, Tenure]:
    """Since when accounts have their roles, and from whom, by their ids. One statement."""
    rows = tx.select(select(ACCOUNT.c.id, *_TENURE).where(ACCOUNT.c.id.in_(sorted(account_ids))))
    return {row.id: _tenure(row) for row in rows}


def owners_and_admins(tx: Reading) -> Sequence[tuple[Account, Tenure]]:
    """All who may act on other members, in the order of their ids."""
    # Sorted here: for their order SQLite would read the whole table by its ids.
    rows = sorted(tx.select(_SEE_TEAM), key=attrgetter("id"))
    return [(account_from(row), _tenure(row)) for row in rows]


def must_enrol(tx: Reading, limit: int) -> Sequence[Account]:
    """Active members whose 2FA was reset, and is not set up again."""
    waits = (MUST_ENROL, account_store.IS_ENABLED)
    return [account_from(row) for row in tx.select(select(ACCOUNT).where(*waits).order_by(ACCOUNT.c.id).limit(limit))]


def _tenure(row: Any) -> Tenure:
    return Tenure(row.role_since, row.role_given_by, row.created_at, row.invited_by)


def _one(row: Any) -> ResetRequest | None:
    return None if row is None else _request(row)


def _request(row: Any) -> ResetRequest:
    return ResetRequest(
        row.id,
        row.account_id,
        row.security_version,
        row.asked_by,
        row.asker_version,
        row.asked_at,
        row.reason,
        row.counted_at,
        row.time_left,
    )
