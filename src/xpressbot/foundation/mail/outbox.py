"""The outbox: mails that wait, written in the transaction of what they tell (docs/adr/0016).

A row holds what is to be told and to whom, never a secret and never finished text: that is made when it is sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Integer,
    String,
    Table,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    text,
    union_all,
    update,
)

from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.mail.transport import FailureReason
from xpressbot.foundation.times import DAY

FURTHEST_AHEAD: Final = 2 * DAY
"""No mail is planned for later. What is due later than that was written by a clock that was ahead, and is due now."""


class MailState(StrEnum):
    """What has become of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """No try is made any more: a dead letter, until the operator revives it."""
    VOID = "void"
    """When it was to be sent there was nothing to tell any more."""


_IS_WAITING: Final = text("state = 'waiting'")
OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    # Whom it goes to: an account, or nobody whom it could name when it was written. No foreign key: its check would lock the account.
    Column("account_id", String(32)),
    Column("parameters", Text, nullable=False),
    # What it is about, where only one mail about it may wait at a time.
    Column("about", Text),
    Column("state", String(16), nullable=False),
    Column("wanted_at", BigInteger, nullable=False),
    Column("due_at", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("last_failure", String(32)),
    Column("ended_at", BigInteger),
    Index("ix_outbox_due", "due_at", "id", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
    Index("uq_outbox_waiting", "about", unique=True, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
    Index("ix_outbox_about", "about"),
    Index("ix_outbox_state", "state", "wanted_at"),
)
_TABLE = OUTBOX.c
_WAITS = _TABLE.state == literal_column("'waiting'")
"""Not by a parameter: no engine takes a partial index for one, whose value it cannot know, and few rows have this one."""
_IS_DEAD = _TABLE.state == literal_column("'dead'")
_FIRST = select(OUTBOX).where(_WAITS).order_by(_TABLE.due_at, _TABLE.id).limit(1)
_DUE = _FIRST.where(_TABLE.due_at <= bindparam("now")).subquery("due")
_OF_THE_FUTURE = _FIRST.where(_TABLE.due_at > bindparam("incredible")).subquery("of_the_future")
_NEXT = union_all(select(_DUE), select(_OF_THE_FUTURE)).limit(1)
_IS_CLAIMED = and_(_TABLE.id == bindparam("of_id"), _WAITS, _TABLE.tries == bindparam("of_tries"))
_LAST_ABOUT = select(func.max(func.coalesce(_TABLE.ended_at, _TABLE.wanted_at))).where(_TABLE.about == bindparam("of_about"))
_LATEST_ABOUT = select(OUTBOX).where(_TABLE.about == bindparam("of_about")).order_by(_TABLE.id.desc()).limit(1)
_ABOUT_LATELY = or_(_WAITS, func.coalesce(_TABLE.ended_at, _TABLE.wanted_at) > bindparam("since"))
_HASTEN = (
    update(OUTBOX).where(_TABLE.about == bindparam("of_about"), _WAITS, _TABLE.last_failure.is_not(None)).values(due_at=bindparam("now"))
)
_SENT_ABOUT = (
    select(_TABLE.ended_at)
    .where(_TABLE.about == bindparam("of_about"), _TABLE.state == MailState.SENT.value, _TABLE.ended_at <= bindparam("now"))
    .order_by(_TABLE.ended_at.desc())
)
_WITHDRAW = (
    update(OUTBOX).where(_TABLE.about == bindparam("of_about"), _WAITS).values(state=MailState.VOID.value, ended_at=bindparam("now"))
)
_OLDEST = (
    select(_TABLE.wanted_at, _TABLE.last_failure).where(_WAITS, _TABLE.wanted_at <= bindparam("now")).order_by(_TABLE.wanted_at).limit(1)
)
_COUNTS = select(
    *(select(func.count()).where(which).scalar_subquery().label(name) for name, which in (("waiting", _WAITS), ("dead", _IS_DEAD)))
)
_HAS_DEAD = select(_TABLE.id).where(_IS_DEAD).limit(1)


@dataclass(frozen=True, slots=True)
class NewMail:
    """What is to be told, and to whom.

    about: names it where at most one mail about it may wait. due_at: from when on it may be sent.
    """

    kind: str
    account_id: str | None
    parameters: Mapping[str, Any]
    due_at: int
    about: str | None = None


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that one process is about to send, and no other until its claim ends. tries: with this one."""

    id: str
    kind: str
    account_id: str | None
    parameters: Mapping[str, Any]
    about: str | None
    tries: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """What is in it. oldest: when the mail that has waited longest was to be sent; None where none is late. failure: of its last try."""

    waiting: int
    dead: int
    oldest: int | None = None
    failure: str | None = None


@dataclass(frozen=True, slots=True)
class MailStatus:
    """What has become of a mail. state: None for one that a newer version gave it. at: since when, or when the next try is due.

    failure: of its last try; None where none has failed, or in a way that only a newer version knows.
    """

    state: MailState | None
    at: int
    failure: FailureReason | None


def add(tx: Writing, mail_id: str, mail: NewMail) -> bool:
    """Let a mail wait; False, and nothing written, where one about the same waits already."""
    statement = tx.insert(OUTBOX).on_conflict_do_nothing(index_elements=[_TABLE.about], index_where=_IS_WAITING).returning(_TABLE.id)
    return tx.execute(statement, _new_row(mail_id, mail)).one_or_none() is not None


def add_all(tx: Writing, mails: Sequence[tuple[str, NewMail]]) -> None:
    """Let several mails wait, each with its id, in one statement; without those about which one waits already."""
    statement = tx.insert(OUTBOX).on_conflict_do_nothing(index_elements=[_TABLE.about], index_where=_IS_WAITING)
    tx.execute(statement, [_new_row(mail_id, mail) for mail_id, mail in mails])


def put(tx: Writing, mail_id: str, mail: NewMail) -> None:
    """Let a mail wait; where one about the same waits already, it takes the parameters of this one. One row is written either way."""
    statement = tx.insert(OUTBOX)
    changed = {"parameters": statement.excluded.parameters}
    tx.execute(
        statement.on_conflict_do_update(index_elements=[_TABLE.about], index_where=_IS_WAITING, set_=changed), _new_row(mail_id, mail)
    )


def withdraw(tx: Writing, about: str, now: int) -> None:
    """A mail about something is not to be sent any more, where one waits."""
    tx.execute(_WITHDRAW, {"of_about": about, "now": now})


def is_claimed(tx: Reading, mail: ClaimedMail) -> bool:
    """Whether a mail is still to be sent by the process that took it."""
    return tx.select(select(_TABLE.id).where(_IS_CLAIMED), {"of_id": mail.id, "of_tries": mail.tries}).first() is not None


def last_about(tx: Reading, about: str) -> int | None:
    """When the last mail about something was sent or given up, or was to be sent."""
    at: int | None = tx.select(_LAST_ABOUT, {"of_about": about}).scalar_one()
    return at


def written_about_since(about: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a mail about what this column names waits, or has ended since the parameter `since`, for statements over other tables."""
    return select(_TABLE.id).where(_TABLE.about == about, _ABOUT_LATELY).exists()


def latest_about(tx: Reading, about: str) -> MailStatus | None:
    """What has become of the mail about something that was wanted last."""
    row = tx.select(_LATEST_ABOUT, {"of_about": about}).one_or_none()
    if row is None:
        return None
    failure = None if row.last_failure is None else member_or_none(FailureReason, row.last_failure)
    return MailStatus(member_or_none(MailState, row.state), row.due_at if row.ended_at is None else row.ended_at, failure)


def hasten(tx: Writing, about: str, now: int) -> None:
    """Where tries of the mail about something have failed, the next one is due now."""
    tx.execute(_HASTEN, {"of_about": about, "now": now})


def sent_about(tx: Reading, about: str, now: int, most: int) -> Sequence[int]:
    """When the last mails about something were sent, the newest first. What is dated in the future was sent at no known time."""
    return tx.select(_SENT_ABOUT.limit(most), {"of_about": about, "now": now}).scalars().all()


def is_due(tx: Reading, now: int) -> bool:
    """Whether any mail is to be sent now: one look into an index."""
    return tx.select(_NEXT, _times(now)).first() is not None


def claim(tx: Writing, now: int, until: int) -> ClaimedMail | None:
    """Take the mail that is due next. It is due again at `until`, where it is neither marked nor postponed by then."""
    row = tx.execute(_NEXT, _times(now)).first()
    if row is None:
        return None
    taken = update(OUTBOX).where(_IS_CLAIMED).values(tries=row.tries + 1, due_at=until)
    if tx.execute(taken, {"of_id": row.id, "of_tries": row.tries}).rowcount != 1:
        return None
    return ClaimedMail(row.id, row.kind, row.account_id, json.loads(row.parameters), row.about, row.tries + 1)


def end(tx: Writing, mail: ClaimedMail, state: MailState, now: int, failure: str | None = None) -> bool:
    """Nothing more is to be done about a mail; False where its claim has ended."""
    statement = update(OUTBOX).where(_IS_CLAIMED).values(state=state.value, ended_at=now, last_failure=failure)
    return tx.execute(statement, {"of_id": mail.id, "of_tries": mail.tries}).rowcount == 1


def postpone(tx: Writing, mail: ClaimedMail, until: int, failure: str) -> bool:
    """Try a mail again then; False where its claim has ended."""
    statement = update(OUTBOX).where(_IS_CLAIMED).values(due_at=until, last_failure=failure)
    return tx.execute(statement, {"of_id": mail.id, "of_tries": mail.tries}).rowcount == 1


def delay(tx: Writing, mail: ClaimedMail, until: int) -> bool:
    """A mail is wanted no earlier than then, though nothing has failed; False where its claim has ended."""
    statement = update(OUTBOX).where(_IS_CLAIMED).values(due_at=until, wanted_at=until)
    return tx.execute(statement, {"of_id": mail.id, "of_tries": mail.tries}).rowcount == 1


def revive(tx: Writing, now: int) -> int:
    """Let all dead letters wait again, as if they had been written now; how many."""
    again = {"state": MailState.WAITING.value, "wanted_at": now, "due_at": now, "tries": 0, "about": None, "ended_at": None}
    return tx.execute(update(OUTBOX).where(_IS_DEAD).values(again)).rowcount


def look(tx: Reading, now: int) -> Outbox:
    """What is in the outbox."""
    counts, oldest = tx.select(_COUNTS).one(), tx.select(_OLDEST, {"now": now}).first()
    if oldest is None:
        return Outbox(counts.waiting, counts.dead)
    return Outbox(counts.waiting, counts.dead, oldest.wanted_at, oldest.last_failure)


def has_dead_letters(tx: Reading) -> bool:
    """Whether any mail is tried no more."""
    return tx.select(_HAS_DEAD).first() is not None


def _new_row(mail_id: str, mail: NewMail) -> Mapping[str, Any]:
    return {
        "id": mail_id,
        "kind": mail.kind,
        "account_id": mail.account_id,
        "parameters": json.dumps(mail.parameters, sort_keys=True),
        "about": mail.about,
        "state": MailState.WAITING.value,
        "wanted_at": mail.due_at,
        "due_at": mail.due_at,
        "tries": 0,
    }


def _times(now: int) -> Mapping[str, int]:
    return {"now": now, "incredible": now + FURTHEST_AHEAD}
