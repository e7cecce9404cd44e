"""The outbox: mails that wait, written in the transaction of what they tell (docs/adr/0016). This is what use cases do with it.

A row holds what is to be told and to whom, never a secret and never finished text: that is made when it is sent.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
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
    update,
)

from xpressbot.foundation.database.engine import METADATA
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.mail.transport import FailureReason


class MailState(StrEnum):
    """What has become of a mail."""

    WAITING = "waiting"
    SENT = "sent"
    DEAD = "dead"
    """No try is made any more: a dead letter, until the operator revives it."""
    VOID = "void"
    """When it was to be sent there was nothing to tell any more; or it was given up, and whoever asked for it asks again (Priority.LOW)."""


class Priority(IntEnum):
    """Which mails leave before which others."""

    URGENT = 0
    """It tells a person what has happened to their account."""
    NORMAL = 1
    """A signed-in person has asked for it."""
    LOW = 2
    """Anybody can ask for it without signing in. At most LOW_MAILS leave in LOW_WINDOW, and none becomes a dead letter."""


_IS_WAITING: Final = text("state = 'waiting'")
_IS_SENT: Final = text("state = 'sent'")
OUTBOX: Final = Table(
    "outbox",
    METADATA,
    Column("id", String(32), primary_key=True),
    Column("kind", String(32), nullable=False),
    Column("priority", Integer, nullable=False),
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
    Index("ix_outbox_due", "priority", "due_at", "id", sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
    Index("ix_outbox_sent", "priority", "ended_at", sqlite_where=_IS_SENT, postgresql_where=_IS_SENT),
    Index("uq_outbox_waiting", "about", unique=True, sqlite_where=_IS_WAITING, postgresql_where=_IS_WAITING),
    Index("ix_outbox_about", "about"),
    Index("ix_outbox_state", "state", "wanted_at"),
)
_TABLE = OUTBOX.c
WAITS: Final = _TABLE.state == literal_column("'waiting'")
"""Not by a parameter: no engine takes a partial index for one, whose value it cannot know, and few rows have this one."""
_ENDED_OR_WANTED = func.coalesce(_TABLE.ended_at, _TABLE.wanted_at)
_LAST_ABOUT = select(func.max(_ENDED_OR_WANTED)).where(_TABLE.about == bindparam("of_about"))
_LATEST_ABOUT = select(OUTBOX).where(_TABLE.about == bindparam("of_about")).order_by(_TABLE.id.desc()).limit(1)
_HASTEN = (
    update(OUTBOX).where(_TABLE.about == bindparam("of_about"), WAITS, _TABLE.last_failure.is_not(None)).values(due_at=bindparam("now"))
)
_SENT_ABOUT = (
    select(_TABLE.ended_at)
    .where(_TABLE.about == bindparam("of_about"), _TABLE.state == MailState.SENT.value, _TABLE.ended_at <= bindparam("now"))
    .order_by(_TABLE.ended_at.desc())
)
_WITHDRAW = update(OUTBOX).where(_TABLE.about == bindparam("of_about"), WAITS).values(state=MailState.VOID.value, ended_at=bindparam("now"))


@dataclass(frozen=True, slots=True)
class NewMail:
    """What is to be told, and to whom.

    due_at: from when on it may be sent. about: names it where at most one mail about it may wait.
    """

    kind: str
    priority: Priority
    account_id: str | None
    parameters: Mapping[str, Any]
    due_at: int
    about: str | None = None


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


def last_about(tx: Reading, about: str) -> int | None:
    """When the last mail about something was sent or given up, or was to be sent."""
    at: int | None = tx.select(_LAST_ABOUT, {"of_about": about}).scalar_one()
    return at


def written_about_since(about: ColumnElement[str]) -> ColumnElement[bool]:
    """Whether a mail about what this column names waits or has ended lately, for statements over other tables.

    Their parameters: since when, `since`, and `latest_credible`. One that ended later than that was dated by a clock that was ahead.
    """
    at = _ENDED_OR_WANTED
    is_lately = and_(at > bindparam("since"), at <= bindparam("latest_credible"))
    return select(_TABLE.id).where(_TABLE.about == about, or_(WAITS, is_lately)).exists()


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


def _new_row(mail_id: str, mail: NewMail) -> Mapping[str, Any]:
    return {
        "id": mail_id,
        "kind": mail.kind,
        "priority": mail.priority.value,
        "account_id": mail.account_id,
        "parameters": json.dumps(mail.parameters, sort_keys=True),
        "about": mail.about,
        "state": MailState.WAITING.value,
        "wanted_at": mail.due_at,
        "due_at": mail.due_at,
        "tries": 0,
    }
