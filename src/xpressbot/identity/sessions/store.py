"""Session records. A session counts only while its security version is its account's."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import and_, bindparam, case, delete, func, insert, or_, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.accounts.installation import IS_THE_ROW, POLICY, policy_from
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.two_factor_policy import TeamPolicy
from xpressbot.identity.accounts.store import account_from
from xpressbot.identity.sessions.rules.assurance import Amr
from xpressbot.identity.sessions.rules.session import INACTIVITY_TIMEOUT, MOST_PER_ACCOUNT, Session
from xpressbot.identity.tables import ACCOUNT, INSTALLATION, SESSION

_SESSION_COLUMNS = (
    SESSION.c.id.label("session_id"),
    SESSION.c.account_id,
    SESSION.c.amr,
    SESSION.c.authenticated_at,
    SESSION.c.proven_at,
    SESSION.c.last_used_at,
    SESSION.c.expires_at,
    SESSION.c.recovery_grant_until,
    SESSION.c.shown_set_id,
    SESSION.c.codes_visible_until,
)
_VALID = (ACCOUNT.c.id == SESSION.c.account_id) & (ACCOUNT.c.security_version == SESSION.c.security_version)
RESOLVE = (
    select(*_SESSION_COLUMNS, ACCOUNT, *POLICY)
    .join(ACCOUNT, _VALID)
    .join(INSTALLATION, IS_THE_ROW)
    .where(SESSION.c.token_hash == bindparam("token_hash"), ACCOUNT.c.status == AccountStatus.ACTIVE.value)
)
"""What a token opens, for whom, and what the team asks of them."""
_BY_TOKEN = (
    select(*_SESSION_COLUMNS, *POLICY)
    .join(ACCOUNT, _VALID)
    .join(INSTALLATION, IS_THE_ROW)
    .where(SESSION.c.token_hash == bindparam("token_hash"))
)
_IS_PREVIOUS = select(SESSION.c.id).where(SESSION.c.previous_token_hash == bindparam("token_hash"))
_OF_ACCOUNT = SESSION.c.account_id == bindparam("of_account")
_HELD_BY_BROWSER = select(SESSION.c.account_id).where(SESSION.c.token_hash == bindparam("token_hash")).scalar_subquery()
_EITHER = ACCOUNT.c.id.in_([bindparam("of_account"), _HELD_BY_BROWSER])
_LOCK_ACCOUNTS = select(ACCOUNT).where(_EITHER).order_by(ACCOUNT.c.id).with_for_update()
_OTHERS = ACCOUNT.c.id.in_(bindparam("others", expanding=True))
_LOCK_ACCOUNTS_AND_OTHERS = select(ACCOUNT).where(or_(_EITHER, _OTHERS)).order_by(ACCOUNT.c.id).with_for_update()
_ADD = insert(SESSION).returning(select(func.count()).select_from(SESSION).where(_OF_ACCOUNT).scalar_subquery())
_TOUCH = (
    update(SESSION)
    .where(
        SESSION.c.token_hash == bindparam("of_token"),
        SESSION.c.last_used_at < bindparam("now"),
        SESSION.c.last_used_at > bindparam("used_after"),
    )
    .values(last_used_at=bindparam("now"))
)
_IS_THIS = SESSION.c.id == bindparam("this_session")
_RENEW = update(SESSION).where(_IS_THIS).values(previous_token_hash=SESSION.c.token_hash)
_SHOW_CODES = update(SESSION).where(_IS_THIS)
_END = delete(SESSION).where(_IS_THIS)
_END_OTHERS = delete(SESSION).where(_OF_ACCOUNT, SESSION.c.id != bindparam("kept_session"))
_DATED = (SESSION.c.authenticated_at, SESSION.c.proven_at, SESSION.c.last_used_at)
_IS_OPEN = (SESSION.c.expires_at > bindparam("now"), *(moment <= bindparam("latest_credible") for moment in _DATED))
_COUNT_OPEN = select(func.count()).select_from(SESSION).join(ACCOUNT, _VALID).where(_OF_ACCOUNT, *_IS_OPEN)
_COUNT_OTHERS = _COUNT_OPEN.where(SESSION.c.id != bindparam("this_session"))
_LIST = (
    select(*_SESSION_COLUMNS, SESSION.c.address, SESSION.c.user_agent)
    .join(ACCOUNT, _VALID)
    .where(_OF_ACCOUNT, *_IS_OPEN)
    .order_by(SESSION.c.last_used_at.desc(), SESSION.c.id.desc())
    .limit(MOST_PER_ACCOUNT)
)
_BY_USE = case((and_(*_IS_OPEN), SESSION.c.last_used_at), else_=0).desc()
"""What is over, or is dated in the future, goes before anything that a person may still use."""
_USED_LAST = select(SESSION.c.id).where(_OF_ACCOUNT).order_by(_BY_USE, SESSION.c.id.desc()).limit(MOST_PER_ACCOUNT)
_END_LONGEST_UNUSED = delete(SESSION).where(_OF_ACCOUNT, SESSION.c.id.not_in(_USED_LAST))
_END_BY_TOKEN = delete(SESSION).where(SESSION.c.token_hash == bindparam("token_hash")).returning(*_SESSION_COLUMNS)


@dataclass(frozen=True, slots=True)
class FoundSession:
    """A session with its account, and what the team asks of its members."""

    session: Session
    account: Account
    policy: TeamPolicy


@dataclass(frozen=True, slots=True)
class ListedSession:
    """A session with what a person knows it by: where it began."""

    session: Session
    address: str
    user_agent: str


def add(tx: Writing, session: Session, token_hash: bytes, security_version: int, address: str, user_agent: str) -> None:
    """Add a session under the hash of its token. With more than MOST_PER_ACCOUNT, the one that was unused longest ends.

    The account must be locked.
    """
    row = {
        "id": session.id,
        "token_hash": token_hash,
        "account_id": session.account_id,
        "of_account": session.account_id,
        "security_version": security_version,
        "amr": stored_amr(session.amr),
        "authenticated_at": session.authenticated_at,
        "proven_at": session.proven_at,
        "last_used_at": session.last_used_at,
        "expires_at": session.expires_at,
        "recovery_grant_until": session.recovery_grant_until,
        "shown_set_id": session.shown_set_id,
        "codes_visible_until": session.codes_visible_until,
        "address": address,
        "user_agent": user_agent,
    }
    count = tx.execute(_ADD, row).scalar_one()
    if count >= MOST_PER_ACCOUNT:  # an engine may count the new row, or not yet
        tx.execute(_END_LONGEST_UNUSED, _open_at(session.account_id, session.authenticated_at))


def resolve(tx: Reading, token_hash: bytes) -> FoundSession | None:
    """One statement: the session with its account, if that is active and nothing changed since."""
    return resolved(tx.select(RESOLVE, {"token_hash": token_hash}).one_or_none())


def by_token(tx: Reading, token_hash: bytes) -> Session | None:
    """The session that has this token now, if nothing changed its account since."""
    found = with_policy(tx, token_hash)
    return None if found is None else found[0]


def with_policy(tx: Reading, token_hash: bytes) -> tuple[Session, TeamPolicy] | None:
    """The same, and what the team asks of its members. One statement."""
    row = tx.select(_BY_TOKEN, {"token_hash": token_hash}).one_or_none()
    return None if row is None else (_session(row), policy_from(row))


def is_previous(tx: Reading, token_hash: bytes) -> bool:
    """Whether a session had this token before it was last renewed."""
    return tx.select(_IS_PREVIOUS, {"token_hash": token_hash}).first() is not None


def touch(tx: Writing, token_hash: bytes, now: int) -> None:
    """Write down that the session was used, unless a later use is there, or it is locked by now."""
    tx.execute(_TOUCH, {"of_token": token_hash, "now": now, "used_after": now - INACTIVITY_TIMEOUT})


def renew(tx: Writing, session: Session, token_hash: bytes, security_version: int) -> None:
    """Write a session that is renewed, under its new token. It keeps the hash of the one before, which tells a late request."""
    renewed = {
        "this_session": session.id,
        "token_hash": token_hash,
        "security_version": security_version,
        "amr": stored_amr(session.amr),
        "proven_at": session.proven_at,
        "last_used_at": session.last_used_at,
        "recovery_grant_until": session.recovery_grant_until,
        "shown_set_id": session.shown_set_id,
        "codes_visible_until": session.codes_visible_until,
    }
    tx.execute(_RENEW, renewed)


def show_codes(tx: Writing, session_id: str, set_id: str | None, until: int) -> None:
    """Let this session see the codes of one set for a while; of none with set_id None."""
    tx.execute(_SHOW_CODES, {"this_session": session_id, "shown_set_id": set_id, "codes_visible_until": until})


def end(tx: Writing, session_id: str) -> bool:
    """End a session; False when it had ended before."""
    return tx.execute(_END, {"this_session": session_id}).rowcount == 1


def lock_accounts(tx: Writing, account_id: str, token_hash: bytes | None, others: Sequence[str] = ()) -> Account | None:
    """Lock an account, and the one whose session a browser holds, in the order of their ids; the first of the two, if there is one.

    others: further accounts, which are locked among them.

    A session stays its account's, and a token is sent out after its commit: whose session the token is needs no lock to find out.
    """
    parameters = {"of_account": account_id, "token_hash": token_hash}
    if others:
        rows = tx.execute(_LOCK_ACCOUNTS_AND_OTHERS, {**parameters, "others": list(others)}).all()
    else:
        rows = tx.execute(_LOCK_ACCOUNTS, parameters).all()
    return next((account_from(row) for row in rows if row.id == account_id), None)


def end_by_token(tx: Writing, token_hash: bytes) -> Session | None:
    """End the session that a browser had before it signed in again, whosever it was; None when it had none. Its account must be locked."""
    row = tx.execute(_END_BY_TOKEN, {"token_hash": token_hash}).one_or_none()
    return None if row is None else _session(row)


def end_others(tx: Writing, account_id: str, keep: str | None) -> None:
    """End the account's sessions, but for one to keep."""
    tx.execute(_END_OTHERS, {"of_account": account_id, "kept_session": keep or ""})


def void_proofs(tx: Writing, account_id: str, security_version: int) -> None:
    """Let the account's sessions go on with its new version, and with no proof that is fresh or a repair that needs none."""
    valid = (SESSION.c.account_id == account_id, SESSION.c.security_version == security_version - 1)
    values = {"security_version": security_version, "proven_at": 0, "recovery_grant_until": 0}
    tx.execute(update(SESSION).where(*valid).values(values))


def end_from_the_future(tx: Writing, account_id: str, now: int) -> int:
    """End the account's sessions that are dated in the future; how many."""
    is_from_the_future = or_(*(moment > latest_credible(now) for moment in _DATED))
    return tx.execute(delete(SESSION).where(SESSION.c.account_id == account_id, is_from_the_future)).rowcount


def count_open(tx: Reading, account_id: str, now: int) -> int:
    """How many sessions the account has that are live or locked."""
    count: int = tx.select(_COUNT_OPEN, _open_at(account_id, now)).scalar_one()
    return count


def count_others(tx: Reading, account_id: str, session_id: str, now: int) -> int:
    """How many sessions the account has besides this one that are live or locked."""
    count: int = tx.select(_COUNT_OTHERS, {"this_session": session_id, **_open_at(account_id, now)}).scalar_one()
    return count


def list_open(tx: Reading, account_id: str, now: int) -> Sequence[ListedSession]:
    """The account's sessions that are live or locked, the last used first. At most MOST_PER_ACCOUNT."""
    rows = tx.select(_LIST, _open_at(account_id, now))
    return [ListedSession(_session(row), row.address, row.user_agent) for row in rows]


def resolved(row: Any) -> FoundSession | None:
    """Read a row of RESOLVE, if there is one."""
    return None if row is None else FoundSession(_session(row), account_from(row), policy_from(row))


def stored_amr(amr: Amr) -> str:
    """The methods as they are stored."""
    return " ".join(sorted(amr))


def amr_from(text: str) -> Amr:
    """The methods of a stored row. Those of a newer version are among them: a row that has one must count for nothing."""
    return frozenset(text.split())


def _open_at(account_id: str, now: int) -> dict[str, Any]:
    return {"of_account": account_id, "now": now, "latest_credible": latest_credible(now)}


def _session(row: Any) -> Session:
    return Session(
        id=row.session_id,
        account_id=row.account_id,
        amr=amr_from(row.amr),
        authenticated_at=row.authenticated_at,
        proven_at=row.proven_at,
        last_used_at=row.last_used_at,
        expires_at=row.expires_at,
        recovery_grant_until=row.recovery_grant_until,
        shown_set_id=row.shown_set_id,
        codes_visible_until=row.codes_visible_until,
    )
