"""What the doctor checks of chat: messages that nobody handles, messages that could not be handled, scripts that cannot be read."""

from collections.abc import Sequence
from typing import Final

from sqlalchemy import bindparam, func, select

from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import Script
from xpressbot.chat.tables import BOT, BOT_VERSION, CHAT_EVENT, IS_FAILED, IS_PENDING
from xpressbot.diagnostics.check import Check, CheckRun, Finding, Problem, Severity
from xpressbot.diagnostics.database_checks import SCHEMA
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.foundation.times import HOUR, MINUTE

UNHANDLED_AFTER: Final = 1 * MINUTE
"""So long an event has waited that neither its request nor a sweep of any worker has handled it."""
FAILED_WITHIN: Final = 24 * HOUR
MOST_REFERENCES: Final = 50
"""References of log lines that are told, the newest first; all that have failed are counted."""
MOST_SCRIPTS: Final = 20
"""Scripts that are read where the check is bounded: those that were published last."""
EVENTS_PENDING: Final = Problem("events_pending", Severity.ERROR)
EVENTS_FAILED: Final = Problem("events_failed", Severity.WARNING)
SCRIPTS_UNREADABLE: Final = Problem("scripts_unreadable", Severity.ERROR)

_CONVERSATIONS: Final = "conversations"
_SCRIPTS: Final = "scripts"
_E, _N = CHAT_EVENT.c, BOT_VERSION.c
_PENDING: Final = select(func.count().label("waiting"), func.min(_E.received_at).label("oldest")).where(
    IS_PENDING, _E.received_at < bindparam("before")
)
_FAILED_COUNT: Final = select(func.count()).select_from(CHAT_EVENT).where(IS_FAILED, _E.received_at >= bindparam("since"))
_FAILED: Final = (
    select(_E.reference)
    .where(IS_FAILED, _E.received_at >= bindparam("since"))
    .order_by(_E.received_at.desc(), _E.id)
    .limit(MOST_REFERENCES)
)
_PUBLISHED: Final = (
    select(BOT.c.name, _N.number, _N.document)
    .select_from(BOT)
    .outerjoin(BOT_VERSION, (_N.bot_id == BOT.c.id) & (_N.number == BOT.c.live))
    .where(BOT.c.archived_at.is_(None), BOT.c.live.is_not(None))
    .order_by(_N.at.desc(), BOT.c.id)
)
_NEWEST: Final = _PUBLISHED.limit(MOST_SCRIPTS)


def _check_conversations(run: CheckRun) -> Sequence[Finding]:
    now = run.now()
    failed_since = {"since": now - FAILED_WITHIN}
    with ReadTransactions(run.database).reading() as tx:
        pending = tx.select(_PENDING, {"before": now - UNHANDLED_AFTER}).one()
        failed: int = tx.select(_FAILED_COUNT, failed_since).scalar_one()
        references = list(tx.select(_FAILED, failed_since).scalars()) if failed else []
    findings = []
    if pending.waiting:
        findings.append(Finding(_CONVERSATIONS, EVENTS_PENDING, {"count": pending.waiting, "since": pending.oldest}))
    if failed:
        findings.append(Finding(_CONVERSATIONS, EVENTS_FAILED, {"count": failed, "references": references}))
    return findings


def _check_scripts(run: CheckRun) -> Sequence[Finding]:
    """Whether what answers people can be read. One that a newer version of this program has published may have steps unknown here."""
    with ReadTransactions(run.database).reading() as tx:
        published = tx.select(_PUBLISHED if run.thorough else _NEWEST).all()
    unreadable = sorted(row.name for row in published if row.document is None or not isinstance(read_script(row.document), Script))
    facts = {"read": len(published), "bots": unreadable}
    return [Finding(_SCRIPTS, SCRIPTS_UNREADABLE if unreadable else None, facts)]


CHECKS: Final = (
    Check(_CONVERSATIONS, _check_conversations, problems=(EVENTS_PENDING, EVENTS_FAILED), needs=(SCHEMA,)),
    Check(_SCRIPTS, _check_scripts, problems=(SCRIPTS_UNREADABLE,), needs=(SCHEMA,)),
)
