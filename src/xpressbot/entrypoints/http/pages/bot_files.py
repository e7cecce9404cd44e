"""Bots as files: downloading one, and making a bot or a draft of a file."""

import re
from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.script import MOST_BYTES
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.forms import FormLimits
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import BOT_PATH, EXPORT_BOT_PATH, IMPORT_BOT_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.http.whole_numbers import whole_number
from xpressbot.entrypoints.messages.bot_words import bot_refused
from xpressbot.entrypoints.messages.script_problems import refused_script_text
from xpressbot.foundation.identifiers import is_identifier
from xpressbot.identity.accounts.rules.actions import Action

FILE_FORM: Final = FormLimits(fields=4, body_bytes=256 * 1024, with_file=True)
"""More than a script may have, so that one which is a little too large is told so in words."""
_NOT_IN_FILE_NAME: Final = re.compile(r"[^a-z0-9]+")


def export(request: PageRequest, _actor: Actor) -> Response:
    """The draft as a file, or a published version."""
    number = whole_number(request.query("version"))
    if request.query("version") and number is None:
        raise HTTPException(404)
    found = request.site.services.chat.exchange.export(request.id_in_path("bot"), number)
    if found is None:
        raise HTTPException(404)
    bot, document = found
    name = _NOT_IN_FILE_NAME.sub("-", bot.name.lower()).strip("-") or "bot"
    disposition = {"Content-Disposition": f'attachment; filename="{name}{"" if number is None else f"-{number}"}.json"'}
    return Response(document, media_type="application/json", headers=disposition)


def show_import(request: PageRequest, _actor: Actor) -> Response:
    """Ask for the file: for a new bot, or for the bot in the address."""
    return _page(request, request.query("bot"))


def import_file(request: PageRequest, actor: Actor) -> Response:
    """Make a bot of the file, or the draft of the bot that the form names."""
    bot_id, data = request.form["bot"], request.form.file
    if bot_id and not is_identifier(bot_id):
        raise HTTPException(404)
    if not data:
        return _page(request, bot_id, status=422, error=request.texts.gettext("Choose a file."))
    exchange = request.site.services.chat.exchange
    outcome = exchange.import_as_draft(actor, bot_id, data) if bot_id else exchange.import_as_new(actor, data)
    match outcome:
        case Bot():
            return redirect(path_with(BOT_PATH, {"bot": outcome.id}))
        case Refused():
            why = refused_script_text(request.texts, outcome)
            return _page(request, bot_id, status=422, error=why, place=str(outcome.place))
        case BotRefusal.NO_SUCH_BOT:
            raise HTTPException(404)
        case BotRefusal.ARCHIVED:
            return _page(request, bot_id, status=409, error=bot_refused(request.texts, outcome))
        case BotRefusal.NAME_UNUSABLE:
            return _page(request, bot_id, status=422, error=bot_refused(request.texts, outcome), place="name")
        case unknown:
            assert_never(unknown)


def _page(request: PageRequest, bot_id: str, *, status: int = 200, error: str | None = None, place: str = "") -> Response:
    home = request.site.services.chat.bot_overview.home(bot_id) if is_identifier(bot_id) else None
    if bot_id and home is None:
        raise HTTPException(404)
    return request.page(
        "bots_import.html",
        account_of(request),
        status=status,
        errors={} if error is None else {"file": error},
        place_in_file=place,
        bot=None if home is None else home.bot,
        most_kib=MOST_BYTES // 1024,
    )


PAGES: Final[list[Page]] = [
    chat_page("GET", EXPORT_BOT_PATH, Action.VIEW_BOTS, export),
    chat_page("GET", IMPORT_BOT_PATH, Action.VIEW_BOTS, show_import),
    chat_page("POST", IMPORT_BOT_PATH, Action.CHANGE_BOTS, import_file, form_limits=FILE_FORM),
]
