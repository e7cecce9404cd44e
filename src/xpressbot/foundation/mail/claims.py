"""Claims: which mail leaves next, who sends it, and what became of it. This is what the sender does with the outbox.

A claim is a conditional write on the row's count of tries. What has taken another claim since then marks nothing.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Subquery, and_, bindparam, exists, literal_column, select, union_all, update

from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.mail.outbox import OUTBOX, WAITS, MailState, NewMail, Priority
from xpressbot.foundation.times import DAY, HOUR

FURTHEST_AHEAD: Final = 2 * DAY
"""No mail is planned for later. What is due later than that was written by a clock that was ahead, and is due now."""
LOW_MAILS: Final = 300
"""How many mails of low priority leave in LOW_WINDOW, whoever they go to. Those beyond it wait, and no other does.

It keeps strangers from using up what the mail server sends in an hour, or its good name, by asking for links for every address they know.
"""
LOW_WINDOW: Final = 1 * HOUR

_TABLE = OUTBOX.c
_IS_SENT = _TABLE.state == literal_column("'sent'")
_IS_CLAIMED = and_(_TABLE.id == bindparam("of_id"), WAITS, _TABLE.tries == bindparam("of_tries"))
_IS_DUE = _TABLE.due_at <= bindparam("now")
_IS_OF_THE_FUTURE = _TABLE.due_at > bindparam("incredible")
_IS_IN_THE_WINDOW = and_(_TABLE.ended_at > bindparam("window_began"), _TABLE.ended_at <= bindparam("now"))
_LOW_SENT = select(_TABLE.id).where(_TABLE.priority == Priority.LOW.value, _IS_SENT, _IS_IN_THE_WINDOW).order_by(_TABLE.ended_at)
_MAY_LOW_LEAVE = ~exists(_LOW_SENT.offset(LOW_MAILS - 1).limit(1).subquery("last_of_the_window"))


def _first(priority: Priority, is_due: Any, name: str) -> Subquery:
    first = select(OUTBOX).where(_TABLE.priority == priority.value, WAITS, is_due).order_by(_TABLE.due_at, _TABLE.id).limit(1)
    return (first.where(_MAY_LOW_LEAVE) if priority is Priority.LOW else first).subquery(f"{name}_{priority.name.lower()}")


_NEXT = (
    union_all(
        *(
            select(_first(priority, is_due, name))
            for priority in Priority
            for name, is_due in (("due", _IS_DUE), ("of_the_future", _IS_OF_THE_FUTURE))
        )
    )
    .order_by("priority")
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class ClaimedMail:
    """A mail that one process is about to send, and no other until its claim ends. tries: with this one."""

    id: str
    kind: str
    priority: Priority
    account_id: str | None
    parameters: Mapping[str, Any]
    about: str | None
    tries: int

    def again(self, due_at: int) -> NewMail:
        """Another mail that tells the same to the same person."""
        return NewMail(self.kind, self.priority, self.account_id, self.parameters, due_at, self.about)


def is_due(tx: Reading, now: int) -> bool:
    """Whether any mail is to be sent now: a look into an index for each priority."""
    return tx.select(_NEXT, _times(now)).first() is not None


def claim(tx: Writing, now: int, until: int) -> ClaimedMail | None:
    """Take the mail that is to be sent next: of the highest priority, the one that is due for longest.

    It is due again at `until`, where it is neither marked nor postponed by then.
    """
    row = tx.execute(_NEXT, _times(now)).first()
    if row is None:
        return None
    taken = update(OUTBOX).where(_IS_CLAIMED).values(tries=row.tries + 1, due_at=until)
    if tx.execute(taken, {"of_id": row.id, "of_tries": row.tries}).rowcount != 1:
        return None
    return ClaimedMail(row.id, row.kind, Priority(row.priority), row.account_id, json.loads(row.parameters), row.about, row.tries + 1)


def is_claimed(tx: Reading, mail: ClaimedMail) -> bool:
    """Whether a mail is still to be sent by the process that took it."""
    return tx.select(select(_TABLE.id).where(_IS_CLAIMED), {"of_id": mail.id, "of_tries": mail.tries}).first() is not None


def end(tx: Writing, mail: ClaimedMail, state: MailState, now: int, failure: str | None = None) -> bool:
    """Nothing more is to be done about a mail; False where its claim has ended."""
    return _mark(tx, mail, state=state.value, ended_at=now, last_failure=failure)


def postpone(tx: Writing, mail: ClaimedMail, until: int, failure: str) -> bool:
    """Try a mail again then; False where its claim has ended."""
    return _mark(tx, mail, due_at=until, last_failure=failure)


def delay(tx: Writing, mail: ClaimedMail, until: int) -> bool:
    """A mail is wanted no earlier than then, though nothing has failed; False where its claim has ended."""
    return _mark(tx, mail, due_at=until, wanted_at=until)


def _mark(tx: Writing, mail: ClaimedMail, **values: Any) -> bool:
    return tx.execute(update(OUTBOX).where(_IS_CLAIMED).values(values), {"of_id": mail.id, "of_tries": mail.tries}).rowcount == 1


def _times(now: int) -> Mapping[str, int]:
    return {"now": now, "incredible": now + FURTHEST_AHEAD, "window_began": now - LOW_WINDOW}
