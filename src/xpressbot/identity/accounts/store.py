"""Account records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, bindparam, select, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.tables import ACCOUNT

IS_ENABLED = ACCOUNT.c.status == AccountStatus.ACTIVE.value
_BY_EMAIL = select(ACCOUNT).where(ACCOUNT.c.email_key == bindparam("key"))
_BY_ID = select(ACCOUNT).where(ACCOUNT.c.id == bindparam("key"))
_LOCK = select(ACCOUNT).where(ACCOUNT.c.id == bindparam("key")).with_for_update()

_NEXT_VERSION = ACCOUNT.c.security_version + 1
_RAISE_VERSION = (
    update(ACCOUNT).where(ACCOUNT.c.id == bindparam("key")).values(security_version=_NEXT_VERSION).returning(ACCOUNT.c.security_version)
)


def add(tx: Writing, account: Account, now: int) -> bool:
    """False, and nothing written, when the address is taken."""
    row = {
        "id": account.id,
        "email": account.email,
        "email_key": email_key(account.email),
        "name": account.name,
        "status": AccountStatus.ACTIVE.value,
        "security_version": account.security_version,
        "password_hash": account.password_hash,
        "created_at": now,
    }
    statement = tx.insert(ACCOUNT).on_conflict_do_nothing(index_elements=[ACCOUNT.c.email_key]).returning(ACCOUNT.c.id)
    return tx.execute(statement, row).one_or_none() is not None


def by_email(tx: Reading, email: str) -> Account | None:
    """The account of an address, however its domain is spelt."""
    return _one(tx.select(_BY_EMAIL, {"key": email_key(email)}).one_or_none())


def by_id(tx: Reading, account_id: str) -> Account | None:
    """The account with this id."""
    return _one(tx.select(_BY_ID, {"key": account_id}).one_or_none())


def lock(tx: Writing, account_id: str) -> Account | None:
    """Read the account and keep every other transaction off it until this one ends."""
    return _one(tx.execute(_LOCK, {"key": account_id}).one_or_none())


def lock_unchanged(tx: Writing, account_id: str, security_version: int) -> Account | None:
    """Lock an account on which something was decided; None where it is not active, or its security version is another by this time."""
    account = lock(tx, account_id)
    is_unchanged = account is not None and account.status is AccountStatus.ACTIVE and account.security_version == security_version
    return account if is_unchanged else None


def list_all(tx: Reading) -> Sequence[Account]:
    """All accounts, by address."""
    return [account_from(row) for row in tx.select(select(ACCOUNT).order_by(ACCOUNT.c.email_key))]


def raise_security_version(tx: Writing, account_id: str) -> int:
    """Return the new version. Sessions and pending sign-ins of an older one are void from this moment."""
    version: int = tx.execute(_RAISE_VERSION, {"key": account_id}).scalar_one()
    return version


def raise_all_security_versions(tx: Writing) -> None:
    """Void what was decided on any account."""
    tx.execute(update(ACCOUNT).values(security_version=_NEXT_VERSION))


def set_status(tx: Writing, account_id: str, status: AccountStatus) -> None:
    """Give the account a status."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(status=status.value))


def set_must_enrol(tx: Writing, account_id: str, *, must_enrol: bool) -> None:
    """Note whether 2FA is to be set up again before there is a session."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(must_enrol=must_enrol))


def renew_password_hash(tx: Writing, account_id: str, old: str, new: str) -> None:
    """Store another hash of the same password, unless the password changed meanwhile."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id, ACCOUNT.c.password_hash == old).values(password_hash=new))


def account_from(row: Any) -> Account:
    """Read the account columns of a row."""
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        status=member_or_none(AccountStatus, row.status),
        security_version=row.security_version,
        password_hash=row.password_hash,
        must_enrol=bool(row.must_enrol),
    )


def _one(row: Row[Any] | None) -> Account | None:
    return None if row is None else account_from(row)
