"""Statements over the members of the team."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, func, literal, or_, select, true

from xpressbot.foundation.database.transaction import Reading
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.text import as_seen
from xpressbot.foundation.times import DAY, latest_credible
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.store import IS_ENABLED, account_from
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.policy_store import IS_EXEMPT, exemption_at
from xpressbot.identity.team.rules.roster import MemberState, RosterFilter

REMINDED_AGAIN_AFTER: Final = 1 * DAY
REMINDER_PREFIX: Final = "reminder:"
"""What a reminder is about, in the outbox: this, and the id of the member's account."""
_TABLE = ACCOUNT.c
_IN_TEAM = _TABLE.status.in_([AccountStatus.ACTIVE.value, AccountStatus.DISABLED.value])
_IS_UNPROTECTED = and_(IS_ENABLED, _TABLE.protected_since.is_(None))
_CAN_ENROL = and_(_IS_UNPROTECTED, _TABLE.must_enrol.is_(False), ~IS_EXEMPT)
_WAS_REMINDED = outbox.written_about_since(literal(REMINDER_PREFIX) + _TABLE.id)
_IS_TO_REMIND = and_(_CAN_ENROL, ~_WAS_REMINDED)
_IN_STATE: Final[Mapping[MemberState, ColumnElement[bool]]] = {
    MemberState.PROTECTED: _TABLE.protected_since.is_not(None),
    MemberState.UNPROTECTED: _TABLE.protected_since.is_(None),
    MemberState.MUST_ENROL: _TABLE.must_enrol.is_(True),
    MemberState.EXEMPT: IS_EXEMPT,
    MemberState.UNCONFIRMED: _TABLE.email_confirmed_at.is_(None),
    MemberState.SUSPENDED: _TABLE.status == AccountStatus.DISABLED.value,
    MemberState.INVITED: ~true(),
}
_COUNTS = select(
    func.count(case((IS_ENABLED, 1))).label("active"),
    func.count(case((and_(IS_ENABLED, _TABLE.protected_since.is_not(None)), 1))).label("protected"),
    func.count(case((and_(_IS_UNPROTECTED, IS_EXEMPT), 1))).label("exempt"),
    func.count(case((_IS_TO_REMIND, 1))).label("to_remind"),
    func.count(case((and_(_CAN_ENROL, _WAS_REMINDED), 1))).label("reminded"),
).where(_IN_TEAM)
_TO_REMIND = select(_TABLE.id).where(_IS_TO_REMIND).order_by(_TABLE.email_key).limit(bindparam("limit"))


@dataclass(frozen=True, slots=True)
class MemberRow:
    """A member's account, and what the roster shows beside it.

    last_signed_in_at: None before the first time. exempt_reason: of the last exemption, which may be over.
    """

    account: Account
    last_signed_in_at: int | None
    exempt_reason: str | None


@dataclass(frozen=True, slots=True)
class TeamCounts:
    """How many members there are, without those who are suspended.

    exempt: of those without 2FA. to_remind: who can turn 2FA on and was not reminded of it within a day. reminded: who was.
    """

    active: int
    protected: int
    exempt: int
    to_remind: int
    reminded: int


def page(tx: Reading, asked: RosterFilter, after: str, limit: int, now: int) -> Sequence[MemberRow]:
    """The members whose addresses follow the one that has this key, by address."""
    rows = tx.select(_page(asked), {"after": after, "limit": limit, **exemption_at(now)})
    return [MemberRow(account_from(row), row.last_signed_in_at, row.exempt_reason) for row in rows]


def counts(tx: Reading, now: int) -> TeamCounts:
    """How many members there are of each sort: the one statement of the roster that reads all accounts."""
    row = tx.select(_COUNTS, _at(now)).one()
    return TeamCounts(row.active, row.protected, row.exempt, row.to_remind, row.reminded)


def to_remind(tx: Reading, limit: int, now: int) -> Sequence[str]:
    """The ids of members without 2FA who were not reminded of it within a day."""
    return tx.select(_TO_REMIND, {"limit": limit, **_at(now)}).scalars().all()


def _at(now: int) -> Mapping[str, int]:
    """The parameters of who is exempt, and who was reminded within a day."""
    return {**exemption_at(now), "since": now - REMINDED_AGAIN_AFTER, "latest_credible": latest_credible(now)}


def _page(asked: RosterFilter) -> Select[*tuple[object, ...]]:
    conditions = [_IN_TEAM, _TABLE.email_key > bindparam("after")]
    if asked.text:
        text = as_seen(asked.text)
        # In the address as it is kept, too: there a domain may stand in other letters than ASCII, and in small ones.
        conditions.append(or_(*(column.contains(text, autoescape=True) for column in (_TABLE.name_key, _TABLE.email_key, _TABLE.email))))
    if asked.state is not None:
        conditions.append(_IN_STATE[asked.state])
    return select(ACCOUNT).where(*conditions).order_by(_TABLE.email_key).limit(bindparam("limit"))
