"""Addresses that accounts had until lately: nobody else may have them, and they may be brought back."""

from dataclasses import dataclass

from sqlalchemy import delete, insert, or_, select

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.address import RESERVED_FOR, email_key
from xpressbot.identity.tables import RESERVED_ADDRESS

_TABLE = RESERVED_ADDRESS.c


@dataclass(frozen=True, slots=True)
class ReservedAddress:
    """The address that an account had before its last change."""

    account_id: str
    email: str
    email_confirmed_at: int | None
    reserved_until: int


def reserve(tx: Writing, account: Account, now: int) -> None:
    """Keep the address that the account has. Account and installation must be locked."""
    key = email_key(account.email)
    tx.execute(delete(RESERVED_ADDRESS).where(or_(_TABLE.account_id == account.id, _TABLE.email_key == key), _TABLE.reserved_until <= now))
    row = {
        "email_key": key,
        "account_id": account.id,
        "email": account.email,
        "email_confirmed_at": account.email_confirmed_at,
        "reserved_until": now + RESERVED_FOR,
    }
    tx.execute(insert(RESERVED_ADDRESS), row)


def is_reserved(tx: Reading, email: str, now: int) -> bool:
    """Whether an account had this address until lately."""
    reserved = select(_TABLE.email_key).where(_TABLE.email_key == email_key(email), _TABLE.reserved_until > now)
    return tx.select(reserved).first() is not None


def of_account(tx: Reading, account_id: str, now: int) -> ReservedAddress | None:
    """The address that an account had until lately, if it had another one."""
    row = tx.select(select(RESERVED_ADDRESS).where(_TABLE.account_id == account_id, _TABLE.reserved_until > now)).one_or_none()
    return None if row is None else ReservedAddress(row.account_id, row.email, row.email_confirmed_at, row.reserved_until)


def remove(tx: Writing, account_id: str) -> None:
    """Keep no address for this account any more."""
    tx.execute(delete(RESERVED_ADDRESS).where(_TABLE.account_id == account_id))
