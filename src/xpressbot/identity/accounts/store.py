"""Account records."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, and_, bindparam, func, literal, literal_column, select, union_all, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.text import as_seen
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus, PasswordStatus
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.tables import ACCOUNT

IS_ENABLED = ACCOUNT.c.status == AccountStatus.ACTIVE.value
_BY_EMAIL = select(ACCOUNT).where(ACCOUNT.c.email_key == bindparam("key"))
_BY_ID = select(ACCOUNT).where(ACCOUNT.c.id == bindparam("key"))
_LOCK = _BY_ID.with_for_update()
_MAIL_LANGUAGE = func.coalesce(ACCOUNT.c.mail_language, bindparam("first_language"))
_NOTE_SIGN_IN = (
    update(ACCOUNT).where(ACCOUNT.c.id == bindparam("key")).values(last_signed_in_at=bindparam("now"), mail_language=_MAIL_LANGUAGE)
)


def is_enabled_as(role: Role) -> ColumnElement[bool]:
    """Whether an account is active and has this role. Statements on several roles are a union over them.

    The role is a literal: both engines would read the whole table for either of two roles, and PostgreSQL for one that is a parameter.
    """
    return and_(ACCOUNT.c.role == literal_column(f"'{role.value}'", ACCOUNT.c.role.type), IS_ENABLED)


def _leaders_of(role: Role, rank: int) -> Select[tuple[str, str, str, int]]:
    return select(ACCOUNT.c.id, ACCOUNT.c.name, ACCOUNT.c.role, literal(rank).label("rank")).where(is_enabled_as(role))


_LEADERS = (
    union_all(*(_leaders_of(role, rank) for rank, role in enumerate((Role.OWNER, Role.ADMIN))))
    .order_by("rank", "name", "id")
    .limit(bindparam("most"))
)
_UNCONFIRMED = (ACCOUNT.c.email_confirmed_at.is_(None), ACCOUNT.c.email_key.is_not(None))
_COUNT_UNCONFIRMED = select(func.count()).select_from(ACCOUNT).where(*_UNCONFIRMED)
_OTHER = ACCOUNT.alias("other")

_NEXT_VERSION = ACCOUNT.c.security_version + 1
_RAISE_VERSION = (
    update(ACCOUNT)
    .where(ACCOUNT.c.id == bindparam("key"))
    .values(security_version=_NEXT_VERSION, reset_request_id=None)
    .returning(ACCOUNT.c.security_version)
)


def add(tx: Writing, account: Account, now: int, *, invited_by: str | None = None) -> bool:
    """False, and nothing written, when the address is taken or reserved. The installation must be locked.

    invited_by: the account that gave it its role; None where the operator did, or it is the first.
    """
    if reserved_address_store.is_reserved(tx, account.email, now):
        return False
    row = {
        "id": account.id,
        "email": account.email,
        "email_key": email_key(account.email),
        "name": account.name,
        "status": AccountStatus.ACTIVE.value,
        "security_version": account.security_version,
        "password_hash": account.password_hash,
        "mail_language": account.mail_language,
        "created_at": now,
        "role": None if account.role is None else account.role.value,
        "role_since": now,
        "role_given_by": invited_by,
        "invited_by": invited_by,
        "name_key": as_seen(account.name),
    }
    statement = tx.insert(ACCOUNT).on_conflict_do_nothing(index_elements=[ACCOUNT.c.email_key]).returning(ACCOUNT.c.id)
    return tx.execute(statement, row).one_or_none() is not None


def by_email(tx: Reading, email: str) -> Account | None:
    """The account of an address, however its domain is spelt."""
    return _one(tx.select(_BY_EMAIL, {"key": email_key(email)}).one_or_none())


def by_id(tx: Reading, account_id: str) -> Account | None:
    """The account with this id."""
    return _one(tx.select(_BY_ID, {"key": account_id}).one_or_none())


def by_ids(tx: Reading, account_ids: Collection[str]) -> Mapping[str, Account]:
    """The accounts with these ids, by id, closed ones with them. Where none is asked for, no statement is sent."""
    if not account_ids:
        return {}
    found = tx.select(select(ACCOUNT).where(ACCOUNT.c.id.in_(sorted(account_ids))))
    return {row.id: account_from(row) for row in found}


def lock(tx: Writing, account_id: str) -> Account | None:
    """Read the account and keep every other transaction off it until this one ends."""
    return _one(tx.execute(_LOCK, {"key": account_id}).one_or_none())


def lock_unchanged(tx: Writing, account_id: str, security_version: int) -> Account | None:
    """Lock an account on which something was decided; None where it is not active, or its security version is another by this time."""
    return unchanged(lock(tx, account_id), security_version)


def unchanged(account: Account | None, security_version: int) -> Account | None:
    """A locked account, if it is active and has this security version."""
    is_unchanged = account is not None and account.status is AccountStatus.ACTIVE and account.security_version == security_version
    return account if is_unchanged else None


def list_all(tx: Reading) -> Sequence[Account]:
    """All accounts that are not closed, by address."""
    return [account_from(row) for row in tx.select(select(ACCOUNT).where(ACCOUNT.c.email_key.is_not(None)).order_by(ACCOUNT.c.email_key))]


def raise_security_version(tx: Writing, account_id: str) -> int:
    """Return the new version. Sessions, pending sign-ins and a request to reset 2FA of an older one are void from this moment."""
    version: int = tx.execute(_RAISE_VERSION, {"key": account_id}).scalar_one()
    return version


def raise_all_security_versions(tx: Writing) -> None:
    """Void what was decided on any account."""
    tx.execute(update(ACCOUNT).values(security_version=_NEXT_VERSION, reset_request_id=None))


def lock_all(tx: Writing, account_ids: Iterable[str]) -> Mapping[str, Account]:
    """Lock several accounts in the order of their ids, so that no two transactions wait for each other. Those that there are, by id."""
    locked = (lock(tx, account_id) for account_id in sorted(set(account_ids)))
    return {account.id: account for account in locked if account is not None}


def count_unconfirmed(tx: Reading) -> int:
    """How many accounts have an address that no mailed link has confirmed, closed ones aside."""
    count: int = tx.select(_COUNT_UNCONFIRMED).scalar_one()
    return count


def has_other_owner(tx: Reading, account_id: str) -> bool:
    """Whether another active account than this is an owner's. The installation must be locked where something is decided by it."""
    others = select(ACCOUNT.c.id).where(is_enabled_as(Role.OWNER), ACCOUNT.c.id != account_id)
    return bool(tx.select(select(others.exists())).scalar_one())


def active_owners(tx: Reading) -> Sequence[str]:
    """The ids of the active accounts that are owners', in their order."""
    return tx.select(select(ACCOUNT.c.id).where(is_enabled_as(Role.OWNER)).order_by(ACCOUNT.c.id)).scalars().all()


def set_role(tx: Writing, account_id: str, role: Role, given_by: str | None, now: int) -> None:
    """Give the account a role. given_by: the account that does so; None where the operator does.

    Who steps down keeps the giver of before: nobody has a role from themselves.
    """
    giver = {} if given_by == account_id else {"role_given_by": given_by}
    values = {"role": role.value, "role_since": now, **giver}
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(values))


def leaders(tx: Reading, most: int) -> Sequence[tuple[str, Role | None]]:
    """Names and roles of active owners and admins, at most so many of them: the owners first, each by name."""
    return [(row.name, member_or_none(Role, row.role)) for row in tx.select(_LEADERS, {"most": most})]


def note_sign_in(tx: Writing, account_id: str, now: int, language: str | None) -> None:
    """Write down that the person has signed in, and the language of their mails where none is known yet."""
    tx.execute(_NOTE_SIGN_IN, {"key": account_id, "now": now, "first_language": language})


def set_status(tx: Writing, account_id: str, status: AccountStatus) -> None:
    """Give the account a status."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(status=status.value))


def set_name(tx: Writing, account_id: str, name: str) -> None:
    """Give the account's person a name."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(name=name, name_key=as_seen(name)))


def is_email_taken(tx: Reading, email: str, now: int, *, but_by: str | None = None) -> bool:
    """Whether an account has this address, or had it until lately. but_by: an account that does not count."""
    found = by_email(tx, email)
    return (found is not None and found.id != but_by) or reserved_address_store.is_reserved(tx, email, now)


def created_at(tx: Reading, account_id: str) -> int:
    """When the account was made."""
    at: int = tx.select(select(ACCOUNT.c.created_at).where(ACCOUNT.c.id == account_id)).scalar_one()
    return at


def set_email(tx: Writing, account_id: str, email: str, confirmed_at: int | None) -> bool:
    """Give the account another address; False, and nothing written, where another account has it. The installation must be locked."""
    key = email_key(email)
    has_it = select(_OTHER.c.id).where(_OTHER.c.email_key == key, _OTHER.c.id != account_id)
    values = {"email": email, "email_key": key, "email_confirmed_at": confirmed_at}
    return tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id, ~has_it.exists()).values(values)).rowcount == 1


def confirm_email(tx: Writing, account_id: str, now: int) -> None:
    """Note that the account's person gets the mail of its address."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(email_confirmed_at=now))


def close(tx: Writing, account_id: str, status: AccountStatus = AccountStatus.CLOSED) -> None:
    """End the account for good, free its address, forget its password, and what was to come of it. status: CLOSED or REMOVED."""
    ended = {"status": status.value, "email_key": None, "password_hash": ""}
    nothing_to_come = {"must_enrol": False, "exempt_until": None, "exempt_reason": None}
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(ended | nothing_to_come))


def set_exemption(tx: Writing, account_id: str, until: int | None, reason: str | None) -> None:
    """Note until when the account need not have 2FA, and why; None and None to end it."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(exempt_until=until, exempt_reason=reason))


def put_off_reminder(tx: Writing, account_id: str, until: int) -> None:
    """Note until when the person is not reminded of 2FA."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(reminder_put_off_until=until))


def set_must_enrol(tx: Writing, account_id: str, *, must_enrol: bool) -> None:
    """Note whether 2FA is to be set up again before there is a session."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(must_enrol=must_enrol))


def set_reset_request(tx: Writing, account_id: str, request_id: str | None) -> None:
    """Note which request to reset 2FA waits for the account; None where none does, or it is void."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(reset_request_id=request_id))


def set_password(tx: Writing, account_id: str, password_hash: str) -> None:
    """Store the hash of a new password, which is in use from here on."""
    values = {"password_hash": password_hash, "password_status": PasswordStatus.IN_USE.value}
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(values))


def set_password_status(tx: Writing, account_id: str, status: PasswordStatus) -> None:
    """Note what the password is good for."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(password_status=status.value))


def set_language(tx: Writing, account_id: str, tag: str | None) -> None:
    """Note the language that the person has chosen; None for the browser's."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(language=tag))


def set_mail_language(tx: Writing, account_id: str, tag: str) -> None:
    """Note the language of mails for as long as the person has chosen none."""
    tx.execute(update(ACCOUNT).where(ACCOUNT.c.id == account_id).values(mail_language=tag))


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
        password_status=member_or_none(PasswordStatus, row.password_status),
        language=row.language,
        mail_language=row.mail_language,
        email_confirmed_at=row.email_confirmed_at,
        role=member_or_none(Role, row.role),
        protected_since=row.protected_since,
        reset_request_id=row.reset_request_id,
        exempt_until=row.exempt_until,
        reminder_put_off_until=row.reminder_put_off_until,
    )


def _one(row: Row[Any] | None) -> Account | None:
    return None if row is None else account_from(row)
