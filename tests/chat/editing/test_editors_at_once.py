"""Several editors of one draft in the same moment, on threads and connections of their own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from tests.chat.editing.conftest import drafts
from tests.support.actors import ANNA
from tests.support.bots import make_bot
from tests.support.installation import Installation
from tests.support.restaurant import HOURS_ROW, SAY, a_script, topic, typed
from xpressbot.chat.editing.editing import Edited, Editing
from xpressbot.chat.editing.edits import (
    AddStep,
)
from xpressbot.chat.editing.parts import PartKind
from xpressbot.chat.scripts.script import Say
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.transaction import Transactions


def test_editors_at_once_lose_nothing(installation: Installation) -> None:
    """Each writes into a step of their own, and adds one: all of it is there in the end, in drafts one after the other."""
    editors = 4
    says = [Say(f"a{number}", "before") for number in range(editors)]
    bot = make_bot(installation.services, a_script(*says))
    barrier = threading.Barrier(editors, timeout=60)

    def edit(number: int) -> bool:
        database = open_database(installation.services.settings.url, pool_size=1, durable=False)
        editing = Editing(Transactions(database), System(installation.clock, installation.entropy))
        sent = [typed(say, text=f"from {number}") if place == number else typed(say) for place, say in enumerate(says)]
        barrier.wait()
        try:
            edited = editing.edit(ANNA, bot.id, sent, AddStep(PartKind.SAY, HOURS_ROW))
            return isinstance(edited, Edited) and edited.unsaved == ()
        finally:
            database.dispose()

    with ThreadPoolExecutor(editors) as threads:
        assert list(threads.map(edit, range(editors))) == [True] * editors
    opened = installation.services.chat.editing.open(bot.id)
    assert opened is not None
    steps = topic(opened.script).steps
    assert [step.text for step in steps if isinstance(step, Say)] == [*(f"from {number}" for number in range(editors)), *[""] * editors]
    assert len({step.id for step in steps}) == 2 * editors
    assert drafts(installation) == list(range(1, 2 + 2 * editors))


def test_two_editors_of_one_step_at_once_are_told_of_each_other(installation: Installation) -> None:
    """One text is saved, the other given back: exactly one of each."""
    bot = make_bot(installation.services, a_script())
    barrier = threading.Barrier(2, timeout=60)

    def edit(text: str) -> int:
        database = open_database(installation.services.settings.url, pool_size=1, durable=False)
        editing = Editing(Transactions(database), System(installation.clock, installation.entropy))
        barrier.wait()
        try:
            edited = editing.edit(ANNA, bot.id, [typed(SAY, text=text)], None)
            assert isinstance(edited, Edited)
            return len(edited.unsaved)
        finally:
            database.dispose()

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(edit, ["One", "Other"])) == [0, 1]
