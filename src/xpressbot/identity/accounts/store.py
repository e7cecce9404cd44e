"""Account records."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, select, update

from xpressbot.foundation.database.engine import insert_for
from xpressbot.foundation.database.known_values import known
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.address import email_key, email_keys
from xpressbot.identity.tables import ACCOUNT

_BY_EMAIL = select(ACCOUNT).where(ACCOUNT.c.email_key.in_([bindparam("key"), bindparam("former_key")]))
_LOCK = select(ACCOUNT).where(ACCOUNT.c.id == bindparam("key")).with_for_update()


class Accounts:
    """Fulfils AccountRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, account: Account, now: int) -> bool:
        key, former_key = email_keys(account.email)
        if former_key != key and self.by_email(account.email) is not None:
            return False  # its key is from before domains went by IDNA, and in nobody's way
        row = {
            "id": account.id,
            "email": account.email,
            "email_key": key,
            "name": account.name,
            "status": AccountStatus.ACTIVE.value,
            "security_version": account.security_version,
            "password_hash": account.password_hash,
            "created_at": now,
        }
        statement = (
            insert_for(self._connection)(ACCOUNT).on_conflict_do_nothing(index_elements=[ACCOUNT.c.email_key]).returning(ACCOUNT.c.id)
        )
        return self._connection.execute(statement, row).one_or_none() is not None

    def by_email(self, email: str) -> Account | None:
        key, former_key = email_keys(email)
        rows = self._connection.execute(_BY_EMAIL, {"key": key, "former_key": former_key}).all()
        # A former key may be another address's key (strasse for straße), and two accounts may be of one address from before.
        same = sorted((row for row in rows if email_key(row.email) == key), key=lambda row: row.email_key != key)
        return _one(same[0] if same else None)

    def lock(self, account_id: str) -> Account | None:
        return _one(self._connection.execute(_LOCK, {"key": account_id}).one_or_none())

    def all(self) -> Sequence[Account]:
        return [account_from(row) for row in self._connection.execute(select(ACCOUNT).order_by(ACCOUNT.c.email_key))]

    def raise_security_version(self, account_id: str) -> int:
        statement = (
            update(ACCOUNT)
            .where(ACCOUNT.c.id == account_id)
            .values(security_version=ACCOUNT.c.security_version + 1)
            .returning(ACCOUNT.c.security_version)
        )
        version: int = self._connection.execute(statement).scalar_one()
        return version

    def set_status(self, account_id: str, status: AccountStatus) -> None:
        self._connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(status=status.value))

    def set_must_enrol(self, account_id: str, *, must_enrol: bool) -> None:
        self._connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(must_enrol=must_enrol))

    def renew_password_hash(self, account_id: str, old: str, new: str) -> None:
        self._connection.execute(
            update(ACCOUNT).where(ACCOUNT.c.id == account_id, ACCOUNT.c.password_hash == old).values(password_hash=new)
        )


def account_from(row: Any) -> Account:
    """Read the account columns of a row."""
    return Account(
        id=row.id,
        email=row.email,
        name=row.name,
        status=known(AccountStatus, row.status),
        security_version=row.security_version,
        password_hash=row.password_hash,
        must_enrol=bool(row.must_enrol),
    )


def _one(row: Row[Any] | None) -> Account | None:
    return None if row is None else account_from(row)
