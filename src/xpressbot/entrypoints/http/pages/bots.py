"""The bots: the list, the archive, and making one."""

import hashlib
from typing import Any, Final, assert_never
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal, NewBot
from xpressbot.chat.bots.overview import ListedBot
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.channels.web.kind import WEB
from xpressbot.chat.scripts.ready_scripts import ReadyScript, ready_script
from xpressbot.chat.scripts.script import Script
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import ARCHIVED_BOTS_PATH, BOT_PATH, BOTS_PATH, CHAT_PATH, NEW_BOT_PATH, TOPIC_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.bot_words import bot_refused
from xpressbot.entrypoints.messages.first_scripts import blank_script, ready_choices
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.identifiers import IDENTIFIER_LENGTH, is_identifier
from xpressbot.identity.accounts.rules.actions import Action

_BLANK: Final = "blank"


def show_bots(request: PageRequest, _actor: Actor) -> Response:
    """The bots in use."""
    bots = request.site.services.chat.bot_overview.bots()
    return request.page("bots_list.html", account_of(request), bots=[described(bot) for bot in bots])


def show_archive(request: PageRequest, _actor: Actor) -> Response:
    """The archived bots."""
    bots = request.site.services.chat.bot_overview.bots(archived=True)
    return request.page("bots_archived.html", account_of(request), bots=[described(bot) for bot in bots])


def show_new(request: PageRequest, _actor: Actor) -> Response:
    """Ask for name and language."""
    return _new_page(request)


def make(request: PageRequest, actor: Actor) -> Response:
    """Make a bot, and open its first topic with a dialogue that tries it out. The same form sent twice makes one."""
    new = NewBot(_id_of(request), request.form["name"], _first_script(request))
    outcome = request.site.services.chat.bots.make(actor, new)
    match outcome:
        case Bot():
            return redirect(_begun(outcome, new.script))
        case BotRefusal():
            return _new_page(request, status=422, errors={"name": bot_refused(request.texts, outcome)})
        case unknown:
            assert_never(unknown)


def described(listed: ListedBot) -> dict[str, Any]:
    """What the pages of bots show of one."""
    bot = listed.bot
    return {
        "id": bot.id,
        "path": path_with(BOT_PATH, {"bot": bot.id}),
        "name": bot.name,
        "live": bot.live,
        "revision": bot.draft_revision,
        "has_changes": listed.has_changes,
        "channels": listed.channels,
        "chat_page": _chat_page(listed),
        "missed": listed.missed,
        "archived_at": bot.archived_at,
    }


def _begun(bot: Bot, script: Script) -> str:
    """The address of a new bot's first topic. What is tried out there is what its first check begins with, where it has one."""
    turns = [("turn", check.turns[0].write) for check in script.checks[:1]]
    return path_with(TOPIC_PATH, {"bot": bot.id, "topic": script.topics[0].id}) + (f"?{urlencode(turns)}#try" if turns else "")


def _chat_page(listed: ListedBot) -> str | None:
    """The page on which customers write to a published bot; None where no web chat that is on has it."""
    if listed.bot.live is None:
        return None
    pages = (path_with(CHAT_PATH, {"channel": one.public_id}) for one in listed.channels if one.is_on and one.kind == WEB.name)
    return next(pages, None)


def _id_of(request: PageRequest) -> str:
    """The id of the bot that a form makes: of the same form with the same content, one; of another form, or after a change, another."""
    if not is_identifier(request.form["form"]):
        raise HTTPException(422)
    content = "\n".join(request.form[name] for name in ("form", "language", "script", "name"))
    return hashlib.sha256(content.encode()).hexdigest()[:IDENTIFIER_LENGTH]


def _first_script(request: PageRequest) -> Script:
    """What a new bot begins with, by the form. A language or a script that there is not is 422."""
    texts = next((texts for texts in request.site.renderer.switch.languages if texts.tag == request.form["language"]), None)
    if texts is None:
        raise HTTPException(422)
    if request.form["script"] == _BLANK:
        return blank_script(texts)
    which = member_or_none(ReadyScript, request.form["script"])
    if which is None:
        raise HTTPException(422)
    return ready_script(which, texts.tag)


def _new_page(request: PageRequest, *, status: int = 200, errors: dict[str, str] | None = None) -> Response:
    return request.page(
        "bots_new.html",
        account_of(request),
        status=status,
        errors=errors or {},
        form={
            "form": request.new_form_id(),
            "name": request.form["name"],
            "language": request.form["language"] or request.texts.tag,
            "script": request.form["script"] or next(iter(ReadyScript)).value,
        },
        ready=ready_choices(request.texts),
        blank=_BLANK,
    )


PAGES: Final[list[Page]] = [
    chat_page("GET", BOTS_PATH, Action.VIEW_BOTS, show_bots),
    chat_page("GET", ARCHIVED_BOTS_PATH, Action.VIEW_BOTS, show_archive),
    chat_page("GET", NEW_BOT_PATH, Action.VIEW_BOTS, show_new),
    chat_page("POST", NEW_BOT_PATH, Action.CHANGE_BOTS, make),
]
