"""Statements on what TOTP has of its own for an authenticator. One conditional write makes a code good for one use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import FromClause, bindparam, delete, exists, insert, or_, select, update

from xpressbot.foundation.crypto.encrypted_columns import EncryptedColumn
from xpressbot.foundation.database.rows_at_restore import AtRestore, StaysAtRestore
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.store import IS_ENABLED
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.factors.store import IS_ACTIVE, IS_PENDING
from xpressbot.identity.factors.totp.rules.clock_sightings import ClockSighting
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, REFUSED_STEP, TOTP_AUTHENTICATOR

KIND: Final = "totp"
_TABLE = TOTP_AUTHENTICATOR.c
SECRET: Final = EncryptedColumn("totp secret", _TABLE.secret, _TABLE.account_id)
"""NIST SP 800-63B-4 section 3.1.4.2."""
AT_RESTORE: Final[tuple[AtRestore, ...]] = (StaysAtRestore(TOTP_AUTHENTICATOR), StaysAtRestore(REFUSED_STEP))
"""Those of pending authenticators go with them."""

_COLUMNS: Sequence[Any] = (
    _TABLE.id,
    _TABLE.account_id,
    _TABLE.secret,
    _TABLE.last_step,
    _TABLE.sighted_step,
    _TABLE.sighted_offset,
    _TABLE.sighted_at,
)
_ACTIVE_OF = (
    select(*_COLUMNS)
    .join(AUTHENTICATOR, AUTHENTICATOR.c.id == _TABLE.id)
    .where(_TABLE.account_id == bindparam("of_account"), AUTHENTICATOR.c.kind == KIND, IS_ACTIVE)
    .order_by(AUTHENTICATOR.c.confirmed_at)
)
_ONE = select(*_COLUMNS).where(_TABLE.id == bindparam("this_id"))
_NOTHING_SIGHTED = {"sighted_step": None, "sighted_offset": None, "sighted_at": None}
_REMEMBER_SIGHTING = update(TOTP_AUTHENTICATOR).where(_TABLE.id == bindparam("this_id"))


def _consume(is_in_state: Any) -> Any:
    return (
        update(TOTP_AUTHENTICATOR)
        .where(
            _TABLE.id == bindparam("authenticator_id"),
            exists().where(AUTHENTICATOR.c.id == _TABLE.id, is_in_state),
            or_(_TABLE.last_step.is_(None), _TABLE.last_step < bindparam("step")),
            ~exists().where(REFUSED_STEP.c.authenticator_id == _TABLE.id, REFUSED_STEP.c.step == bindparam("step")),
        )
        .values(last_step=bindparam("step"), **_NOTHING_SIGHTED)
    )


_CONSUME_STEP, _CONSUME_FIRST_STEP = _consume(IS_ACTIVE), _consume(IS_PENDING)


@dataclass(frozen=True, slots=True)
class TotpAuthenticator:
    """An authenticator app. last_step: the greatest time step consumed, for whatever purpose; None before the first."""

    id: str
    account_id: str
    secret: bytes = field(repr=False)
    last_step: int | None
    sighting: ClockSighting | None


def active(tx: Reading, account_id: str) -> Sequence[TotpAuthenticator]:
    """The account's apps whose codes count, the oldest first."""
    return [_from(row) for row in tx.select(_ACTIVE_OF, {"of_account": account_id})]


def find(tx: Reading, authenticator_id: str) -> TotpAuthenticator:
    """The app of an authenticator that is pending or in force."""
    return _from(tx.select(_ONE, {"this_id": authenticator_id}).one())


def add(tx: Writing, authenticator: Authenticator, ciphertext: bytes) -> None:
    """Add what belongs to a pending authenticator."""
    tx.execute(insert(TOTP_AUTHENTICATOR), {"id": authenticator.id, "account_id": authenticator.account_id, "secret": ciphertext})


def remove(tx: Writing, authenticator_id: str) -> None:
    """Forget the secret of an authenticator that was revoked."""
    tx.execute(delete(TOTP_AUTHENTICATOR).where(_TABLE.id == authenticator_id))


def consume_step(tx: Writing, authenticator_id: str, step: int) -> bool:
    """Use up a time step of an active app; False when it, or a later one, was used before, or its code was hinted at."""
    return tx.execute(_CONSUME_STEP, {"authenticator_id": authenticator_id, "step": step}).rowcount == 1


def consume_first_step(tx: Writing, authenticator_id: str, step: int) -> bool:
    """Use up a time step of a pending app; False when it is pending no more, or has used it."""
    return tx.execute(_CONSUME_FIRST_STEP, {"authenticator_id": authenticator_id, "step": step}).rowcount == 1


def bring_back(tx: Writing, account_id: str, latest_step: int, step: int) -> int:
    """Set those of the account's apps that have used a step after `latest_step` to `step`, and say how many.

    Never to none: whatever was used up to `step` stays used.
    """
    statement = update(TOTP_AUTHENTICATOR).where(_TABLE.account_id == account_id, _TABLE.last_step > latest_step).values(last_step=step)
    return tx.execute(statement).rowcount


def use_up_steps(tx: Writing, last_step: int) -> None:
    """Use up every time step until this one, of all apps of all accounts."""
    is_active = exists().where(AUTHENTICATOR.c.id == _TABLE.id, IS_ACTIVE)
    earlier = or_(_TABLE.last_step.is_(None), _TABLE.last_step < last_step)
    tx.execute(update(TOTP_AUTHENTICATOR).where(is_active, earlier).values(last_step=last_step))


def remember_sighting(tx: Writing, authenticator_id: str, sighting: ClockSighting) -> None:
    """Keep the last refused code that would have been right on a wrong clock."""
    seen = {"sighted_step": sighting.step, "sighted_offset": sighting.offset, "sighted_at": sighting.seen_at}
    tx.execute(_REMEMBER_SIGHTING, {"this_id": authenticator_id, **seen})


def refuse_steps(tx: Writing, authenticator_id: str, steps: Sequence[int]) -> None:
    """Refuse the codes of these time steps from here on."""
    for step in steps:
        row = {"authenticator_id": authenticator_id, "step": step}
        tx.execute(tx.insert(REFUSED_STEP).values(row).on_conflict_do_nothing())


def ahead_of(tx: Reading, latest_step: int, among: int | None) -> Sequence[str]:
    """Address of the active accounts of which an app has used a step after this one.

    among: how many apps are looked at, the newest ones; None for all.
    """
    apps = _newest_apps(among)
    ahead = select(apps.c.account_id).where(apps.c.last_step > latest_step)
    accounts = select(ACCOUNT.c.email).where(IS_ENABLED, ACCOUNT.c.id.in_(ahead)).order_by(ACCOUNT.c.email_key)
    return tx.select(accounts).scalars().all()


def sightings(tx: Reading, since: int, until: int, among: int | None) -> Mapping[str, ClockSighting]:
    """The last refused code of each account that would have been right on a wrong clock, by the account's id.

    Those of set-ups that are still open count, too. among: as for `ahead_of`.
    """
    apps = _newest_apps(among)
    of_late = (
        select(apps.c.account_id, apps.c.sighted_step, apps.c.sighted_offset, apps.c.sighted_at)
        .where(apps.c.sighted_at > since, apps.c.sighted_at <= until)
        .order_by(apps.c.sighted_at)
    )
    return {row.account_id: ClockSighting(row.sighted_step, row.sighted_offset, row.sighted_at) for row in tx.select(of_late)}


def _newest_apps(among: int | None) -> FromClause:
    if among is None:
        return TOTP_AUTHENTICATOR
    return select(TOTP_AUTHENTICATOR).order_by(TOTP_AUTHENTICATOR.c.id.desc()).limit(among).subquery()


def _from(row: Any) -> TotpAuthenticator:
    sighting = None if row.sighted_step is None else ClockSighting(row.sighted_step, row.sighted_offset, row.sighted_at)
    return TotpAuthenticator(row.id, row.account_id, row.secret, row.last_step, sighting)
