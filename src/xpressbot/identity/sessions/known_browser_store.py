"""Known browsers. The token is new after each sign-in: one that an attacker has planted is worth nothing afterwards.

The one before it still counts for the same browser, whose answer with the new one may have been lost on the way.
"""

from collections.abc import Sequence

from sqlalchemy import bindparam, case, delete, false, func, insert, not_, or_, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.sessions.rules.known_browser import LIFETIME, MOST_PER_ACCOUNT
from xpressbot.identity.tables import KNOWN_BROWSER

_CARRIED = or_(KNOWN_BROWSER.c.token_hash == bindparam("carried"), KNOWN_BROWSER.c.previous_token_hash == bindparam("carried"))
_OF_ACCOUNT = KNOWN_BROWSER.c.account_id == bindparam("of_account")
_FIND = select(KNOWN_BROWSER.c.id).where(
    _CARRIED,
    _OF_ACCOUNT,
    KNOWN_BROWSER.c.last_sign_in_at > bindparam("not_before"),
    KNOWN_BROWSER.c.last_sign_in_at <= bindparam("not_after"),
)
_OTHERS = select(func.count()).select_from(KNOWN_BROWSER).where(_OF_ACCOUNT, KNOWN_BROWSER.c.id != bindparam("new_id")).scalar_subquery()
"""How many others the account has. Of the new row itself, one engine's count has it by then and the other's has not."""
_ADD = (
    insert(KNOWN_BROWSER)
    .values(id=bindparam("new_id"), token_hash=bindparam("new_hash"), account_id=bindparam("of_account"), last_sign_in_at=bindparam("now"))
    .returning(_OTHERS)
)
_RENEW = (
    update(KNOWN_BROWSER)
    .where(_CARRIED)
    .values(
        token_hash=bindparam("new_hash"),
        previous_token_hash=bindparam("carried"),
        last_sign_in_at=case((_OF_ACCOUNT, bindparam("now")), else_=KNOWN_BROWSER.c.last_sign_in_at),
    )
    .returning(KNOWN_BROWSER.c.account_id)
)
_IN_THE_FUTURE = KNOWN_BROWSER.c.last_sign_in_at > bindparam("not_after")
"""What is dated so counts for nothing, and must not keep out a browser that does."""
_BY_SIGN_IN = case((_IN_THE_FUTURE, 0), else_=KNOWN_BROWSER.c.last_sign_in_at).desc()
_NEWEST = select(KNOWN_BROWSER.c.id).where(_OF_ACCOUNT).order_by(_BY_SIGN_IN, KNOWN_BROWSER.c.id.desc()).limit(MOST_PER_ACCOUNT)
_FORGET_OTHERS = delete(KNOWN_BROWSER).where(_OF_ACCOUNT, not_(func.coalesce(_CARRIED, false())))
_FORGET_OLDEST = delete(KNOWN_BROWSER).where(_OF_ACCOUNT, KNOWN_BROWSER.c.id.not_in(_NEWEST))


def find(tx: Reading, token_hash: bytes, account_id: str, now: int) -> str | None:
    """The id under which this browser is known for the account, if its last sign-in is not long ago."""
    bounds = {"not_before": now - LIFETIME, "not_after": latest_credible(now)}
    parameters = {"carried": token_hash, "of_account": account_id, **bounds}
    found: str | None = tx.select(_FIND, parameters).scalars().first()
    return found


def remember(tx: Writing, old_hash: bytes | None, new_hash: bytes, account_id: str, new_id: str, now: int) -> bool:
    """Know this browser for the account, under a new token, with all it was known for under the old one.

    Whether it is new to the account, which knows others.
    """
    if old_hash is not None and account_id in _renew(tx, old_hash, new_hash, account_id, now):
        return False
    row = {"new_id": new_id, "new_hash": new_hash, "of_account": account_id, "now": now}
    others: int = tx.execute(_ADD, row).scalar_one()
    if others >= MOST_PER_ACCOUNT:
        _forget_oldest(tx, account_id, now)
    return others > 0


def last_sign_ins(tx: Reading, account_id: str) -> Sequence[int]:
    """When the account last signed in in each of its browsers, the latest first."""
    times = select(KNOWN_BROWSER.c.last_sign_in_at).where(KNOWN_BROWSER.c.account_id == account_id)
    return tx.select(times.order_by(KNOWN_BROWSER.c.last_sign_in_at.desc())).scalars().all()


def forget_all(tx: Writing, account_id: str) -> None:
    """Forget all browsers of the account."""
    tx.execute(delete(KNOWN_BROWSER).where(KNOWN_BROWSER.c.account_id == account_id))


def forget_others(tx: Writing, account_id: str, *, keep: bytes | None) -> None:
    """Forget all browsers of the account but the one with this token, or with the one before it; all, without a token."""
    if keep is None:
        forget_all(tx, account_id)
    else:
        tx.execute(_FORGET_OTHERS, {"of_account": account_id, "carried": keep})


def _renew(tx: Writing, old_hash: bytes, new_hash: bytes, account_id: str, now: int) -> set[str]:
    parameters = {"carried": old_hash, "new_hash": new_hash, "of_account": account_id, "now": now}
    return set(tx.execute(_RENEW, parameters).scalars())


def _forget_oldest(tx: Writing, account_id: str, now: int) -> None:
    tx.execute(_FORGET_OLDEST, {"of_account": account_id, "not_after": latest_credible(now)})
