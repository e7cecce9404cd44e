"""The topics of a bot's draft, listed on its home: adding, moving and removing them, and taking changes back."""

from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.editing.editing import Edited
from xpressbot.chat.editing.edits import AddTopic, EditRefusal
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH
from xpressbot.entrypoints.http.chat_pages import chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.bot import home_page
from xpressbot.entrypoints.http.paths import BOT_PATH, TOPIC_PATH, TOPICS_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.http.script_forms import read_edit_of_topics
from xpressbot.entrypoints.messages.bot_words import bot_refused
from xpressbot.entrypoints.messages.script_problems import refused_script_text
from xpressbot.entrypoints.messages.script_words import edit_refused
from xpressbot.foundation.text import normalise_line
from xpressbot.identity.accounts.rules.actions import Action


def change_topics(request: PageRequest, actor: Actor) -> Response:
    """Do what the button says."""
    texts = request.texts
    name = normalise_line(request.form["name"], max_length=MAX_LINE_LENGTH)
    if request.form["do"] == "add" and name is None:
        return home_page(request, status=422, errors={"name": bot_refused(texts, BotRefusal.NAME_UNUSABLE)})
    edit = read_edit_of_topics(request.form.fields, name or "")
    outcome = request.site.services.chat.editing.edit(actor, request.id_in_path("bot"), (), edit)
    match outcome:
        case Edited():
            return redirect(_where(request, edit, outcome.at)) if outcome.refused is None else _refused(request, outcome.refused)
        case BotRefusal.NO_SUCH_BOT:
            raise HTTPException(404)
        case BotRefusal.ARCHIVED:
            return home_page(request, status=409, message=bot_refused(texts, outcome))
        case unknown:
            assert_never(unknown)


def _refused(request: PageRequest, refused: EditRefusal | Refused) -> Response:
    texts = request.texts
    said = refused_script_text(texts, refused) if isinstance(refused, Refused) else edit_refused(texts, refused)
    return home_page(request, status=409, message=said)


def _where(request: PageRequest, edit: object, at: str | None) -> str:
    """A new topic is opened; after anything else the list is shown."""
    ids = request.starlette.path_params
    if isinstance(edit, AddTopic) and at is not None:
        return path_with(TOPIC_PATH, {**ids, "topic": at})
    return f"{path_with(BOT_PATH, ids)}#topics"


PAGES: Final[list[Page]] = [
    chat_page("POST", TOPICS_PATH, Action.CHANGE_BOTS, change_topics, returns_to=BOT_PATH),
]
