"""The topics of a bot on its home: added, moved, removed, and what cannot be done to them."""

import re

import pytest

from tests.http.raw_requests import contents, words
from tests.support.browser import Browser
from tests.support.editor_page import script_of
from tests.support.installation import Installation
from xpressbot.chat.bots.store import Bot


def test_topics_are_added_moved_and_removed_on_the_bots_home(signed_in: Browser, installation: Installation, bot: Bot) -> None:
    """With undo; a new one is opened at once."""
    home, topics = f"/bots/{bot.id}", f"/bots/{bot.id}/topics"
    assert signed_in.post(topics, do="add", name="  Parking  space ").headers["location"] == f"{topics}/parking-space"
    assert signed_in.post(topics, do="up:parking-space").headers["location"] == f"{home}#topics"
    assert [topic.id for topic in script_of(installation, bot).topics] == ["hours", "bye", "parking-space", "rest"]
    signed_in.post(topics, do="remove:hours")
    page = signed_in.get(home).text
    assert "Removed: Topic “Opening hours”" in words(page)
    revision = re.search(r'value="undo:(\d+)"', page)
    assert revision is not None
    signed_in.post(topics, do=f"undo:{revision[1]}")
    assert [topic.id for topic in script_of(installation, bot).topics] == ["hours", "bye", "parking-space", "rest"]
    signed_in.post(topics, do=f"redo:{int(revision[1]) + 1}")
    assert len(script_of(installation, bot).topics) == 3


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"do": "add", "name": ""}, 422),
        ({"do": "add", "name": "x" * 81}, 422),
        ({"do": "add", "name": "a\x00b"}, 422),
        ({"do": ""}, 422),
        ({"do": "remove:"}, 422),
        ({"do": "explode:hours"}, 422),
        ({"do": "undo:x"}, 422),
        ({"do": "remove:nothing"}, 409),
        ({"do": "undo:9"}, 409),
        ({"do": "undo:1"}, 409),
    ],
)
def test_what_cannot_be_done_to_topics_is_said(
    fields: dict[str, str], status: int, signed_in: Browser, installation: Installation, bot: Bot
) -> None:
    """And nothing is written."""
    before = contents(installation)
    assert signed_in.post(f"/bots/{bot.id}/topics", fields).status_code == status
    assert contents(installation) == before
