"""Statements over bots, their drafts and their versions. Documents are texts here: reading.py and writing.py know what stands in them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

from sqlalchemy import Row, bindparam, delete, func, insert, select, update

from xpressbot.chat.actor import Actor
from xpressbot.chat.tables import BOT, BOT_DRAFT, BOT_VERSION
from xpressbot.foundation.database.transaction import Reading, Writing

MOST_DRAFTS: Final = 50
"""How many drafts of a bot are kept: so far "Undo" goes back."""
VERSIONS_ON_A_PAGE: Final = 50
HIGHEST_NUMBER: Final = 2**31 - 1
"""That a version can have."""
_B, _D, _N = BOT.c, BOT_DRAFT.c, BOT_VERSION.c
_BOT: Final = select(BOT).where(_B.id == bindparam("bot"))
# FOR UPDATE would make each message that a script missed wait at its foreign key.
_LOCK: Final = _BOT.with_for_update(key_share=True)
_DRAFT: Final = select(BOT_DRAFT).where(_D.bot_id == bindparam("bot"), _D.revision == bindparam("revision"))
_VERSION: Final = select(BOT_VERSION).where(_N.bot_id == bindparam("bot"), _N.number == bindparam("number"))
_SAVE: Final = update(BOT).where(_B.id == bindparam("row"))
_FORGET_DRAFTS: Final = delete(BOT_DRAFT).where(_D.bot_id == bindparam("bot"), _D.revision <= bindparam("revision"))
_SUMMARIES: Final = (
    select(_N.number, _N.by_id, _N.by_name, _N.at)
    .where(_N.bot_id == bindparam("bot"), _N.number < bindparam("before"))
    .order_by(_N.number.desc())
    .limit(VERSIONS_ON_A_PAGE)
)
_NEWEST_NUMBER: Final = select(func.max(_N.number)).where(_N.bot_id == bindparam("bot"))


@dataclass(frozen=True, slots=True)
class Bot:
    """A bot, as the columns of its row. live: the number of its published version; None before the first.

    restart_below: conversations of a version below it start over. archived_at: None while it is in use.
    """

    id: str
    name: str
    language: str
    live: int | None
    restart_below: int
    draft_revision: int
    archived_at: int | None


@dataclass(frozen=True, slots=True)
class Draft:
    """A script as it stood after one change. change: what was done to the draft before, as JSON of draft_changes.py."""

    bot_id: str
    revision: int
    document: str
    by: Actor
    at: int
    change: str


@dataclass(frozen=True, slots=True)
class Version:
    """A script as it was published. It never changes."""

    bot_id: str
    number: int
    document: str
    by: Actor
    at: int


@dataclass(frozen=True, slots=True)
class VersionSummary:
    """A published version without its document."""

    number: int
    by: Actor
    at: int


def find_bot(tx: Reading, bot_id: str) -> Bot | None:
    """The bot of this id, archived or not."""
    row = tx.select(_BOT, {"bot": bot_id}).one_or_none()
    return None if row is None else _bot_from(row)


def lock_bot(tx: Writing, bot_id: str) -> Bot | None:
    """The same with its row locked: of two people who change a bot, the second sees what the first has done."""
    row = tx.execute(_LOCK, {"bot": bot_id}).one_or_none()
    return None if row is None else _bot_from(row)


def all_bots(tx: Reading, *, archived: bool = False) -> Sequence[Bot]:
    """The bots in use, by name; or the archived ones."""
    is_archived = _B.archived_at.is_not(None) if archived else _B.archived_at.is_(None)
    return [_bot_from(row) for row in tx.select(select(BOT).where(is_archived).order_by(_B.name, _B.id)).all()]


def add_bot(tx: Writing, bot: Bot) -> bool:
    """Insert a bot; False where one of its id is there. Its draft of the revision that it names is added beside it, by add_draft."""
    statement = tx.insert(BOT).on_conflict_do_nothing(index_elements=[_B.id]).returning(_B.id)
    return tx.execute(statement, asdict(bot)).first() is not None


def save_bot(tx: Writing, bot: Bot) -> None:
    """Write what has become of a bot. Its row is locked."""
    tx.execute(_SAVE, asdict(bot) | {"row": bot.id})


def find_draft(tx: Reading, bot_id: str, revision: int) -> Draft | None:
    """The draft of this number, if it is still kept."""
    row = tx.select(_DRAFT, {"bot": bot_id, "revision": revision}).one_or_none()
    return None if row is None else Draft(row.bot_id, row.revision, row.document, Actor(row.by_id, row.by_name), row.at, row.change)


def add_draft(tx: Writing, draft: Draft) -> None:
    """Insert a draft, and remove what is older than the newest MOST_DRAFTS."""
    tx.execute(
        insert(BOT_DRAFT),
        {
            "bot_id": draft.bot_id,
            "revision": draft.revision,
            "document": draft.document,
            "by_id": draft.by.id,
            "by_name": draft.by.name,
            "at": draft.at,
            "change": draft.change,
        },
    )
    tx.execute(_FORGET_DRAFTS, {"bot": draft.bot_id, "revision": draft.revision - MOST_DRAFTS})


def find_bot_and_draft(tx: Reading, bot_id: str) -> tuple[Bot, Draft] | None:
    """The bot of this id, archived or not, and its newest draft."""
    bot = find_bot(tx, bot_id)
    draft = None if bot is None else find_draft(tx, bot_id, bot.draft_revision)
    return None if bot is None or draft is None else (bot, draft)


def find_version(tx: Reading, bot_id: str, number: int) -> Version | None:
    """The published version of this number."""
    row = tx.select(_VERSION, {"bot": bot_id, "number": number}).one_or_none()
    return None if row is None else _version_from(row)


def version_summaries(tx: Reading, bot_id: str, before: int | None = None) -> Sequence[VersionSummary]:
    """The newest versions, at most VERSIONS_ON_A_PAGE; older than the number `before` where it is given."""
    rows = tx.select(_SUMMARIES, {"bot": bot_id, "before": HIGHEST_NUMBER if before is None else before}).all()
    return [VersionSummary(row.number, Actor(row.by_id, row.by_name), row.at) for row in rows]


def newest_version_number(tx: Reading, bot_id: str) -> int:
    """The highest number of a published version; 0 before the first."""
    number: int | None = tx.select(_NEWEST_NUMBER, {"bot": bot_id}).scalar_one()
    return number or 0


def add_version(tx: Writing, version: Version) -> None:
    """Insert a published version. The bot's row is locked, so that no number is given twice."""
    tx.execute(
        insert(BOT_VERSION),
        {
            "bot_id": version.bot_id,
            "number": version.number,
            "document": version.document,
            "by_id": version.by.id,
            "by_name": version.by.name,
            "at": version.at,
        },
    )


def _bot_from(row: Row[Any]) -> Bot:
    """Read a bot from a row with its columns."""
    return Bot(row.id, row.name, row.language, row.live, row.restart_below, row.draft_revision, row.archived_at)


def _version_from(row: Row[Any]) -> Version:
    """Read a version from a row with its columns."""
    return Version(row.bot_id, row.number, row.document, Actor(row.by_id, row.by_name), row.at)
