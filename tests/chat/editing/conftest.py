"""A bot whose draft is edited, and what sends a form to it."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.support.actors import ANNA
from tests.support.bots import make_bot
from tests.support.installation import Installation
from tests.support.restaurant import a_script
from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.editing import Edited, Editing, Redo, Undo
from xpressbot.chat.editing.edits import (
    Edit,
)
from xpressbot.chat.editing.merging import Typed
from xpressbot.chat.tables import BOT_DRAFT


@pytest.fixture
def bot(installation: Installation) -> Bot:
    return make_bot(installation.services, a_script())


@pytest.fixture
def editing(installation: Installation) -> Editing:
    return installation.services.chat.editing


@pytest.fixture
def edit(editing: Editing, bot: Bot) -> Callable[..., Edited]:
    """Sends a form: what was typed, and what is to be done."""

    def send(*typed: Typed, action: Edit | Undo | Redo | None = None, by: Actor = ANNA) -> Edited:
        edited = editing.edit(by, bot.id, typed, action)
        assert isinstance(edited, Edited), edited
        return edited

    return send


def drafts(installation: Installation) -> list[int]:
    """The revisions of all drafts that are kept."""
    with installation.services.database.read() as connection:
        return list(connection.execute(select(BOT_DRAFT.c.revision).order_by(BOT_DRAFT.c.revision)).scalars())
