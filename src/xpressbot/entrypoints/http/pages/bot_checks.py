"""The checks of a bot, and the texts that it missed."""

from dataclasses import replace
from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.kept_checks import CheckRefusal
from xpressbot.chat.bots.missed_texts import PhraseRefusal
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH, On
from xpressbot.entrypoints.http.chat_pages import bot_page, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import CHECKS_PATH, CONVERSATION_PATH, MISSED_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.bot_words import check_refused, phrase_refused
from xpressbot.identity.accounts.rules.actions import Action


def show_checks(request: PageRequest, _actor: Actor) -> Response:
    """The checks, and what the draft says otherwise."""
    return _checks_page(request)


def remove_check(request: PageRequest, actor: Actor) -> Response:
    """Remove the check of a name."""
    outcome = request.site.services.chat.kept_checks.remove(actor, request.id_in_path("bot"), request.form["name"])
    match outcome:
        case Bot():
            return redirect(path_with(CHECKS_PATH, request.starlette.path_params))
        case CheckRefusal():
            return _checks_page(request, status=409, message=check_refused(request.texts, outcome))
        case unknown:
            assert_never(unknown)


def show_missed(request: PageRequest, _actor: Actor) -> Response:
    """The newest texts that the published script missed."""
    return _missed_page(request)


def add_phrase(request: PageRequest, actor: Actor) -> Response:
    """Have a topic start on a text that was missed."""
    outcome = request.site.services.chat.missed_texts.add_phrase(
        actor, request.id_in_path("bot"), request.form["topic"], request.form["phrase"]
    )
    match outcome:
        case Bot():
            return redirect(path_with(MISSED_PATH, request.starlette.path_params))
        case PhraseRefusal.NO_SUCH_BOT:
            return _missed_page(request, status=409, message=phrase_refused(request.texts, outcome))
        case PhraseRefusal():
            return _missed_page(request, status=422, message=phrase_refused(request.texts, outcome))
        case unknown:
            assert_never(unknown)


def _checks_page(request: PageRequest, *, status: int = 200, message: str | None = None) -> Response:
    found = request.site.services.chat.kept_checks.of_bot(request.id_in_path("bot"))
    if found is None:
        raise HTTPException(404)
    return bot_page(request, "bots_checks.html", found.bot, status=status, message=message, checks=found.checks)


def _missed_page(request: PageRequest, *, status: int = 200, message: str | None = None) -> Response:
    found = request.site.services.chat.missed_texts.of_bot(request.id_in_path("bot"))
    if found is None:
        raise HTTPException(404)
    return bot_page(
        request,
        "bots_missed.html",
        found.bot,
        status=status,
        message=message,
        missed=[
            {
                "text": one.text.text,
                "at": one.text.at,
                "conversation": path_with(CONVERSATION_PATH, {"conversation": one.text.conversation_id}),
                "matched_by": one.matched_by,
                "phrase": " ".join(one.text.text.split())[:MAX_LINE_LENGTH].strip(),
            }
            for one in found.missed
        ],
        topics=[topic for topic in found.script.topics if topic.starts.on is On.PHRASES],
        most_characters=MAX_LINE_LENGTH,
    )


PAGES: Final[list[Page]] = [
    chat_page("GET", CHECKS_PATH, Action.VIEW_BOTS, show_checks),
    # What cannot be removed is answered with the page, which replays all checks.
    replace(chat_page("POST", f"{CHECKS_PATH}/remove", Action.CHANGE_BOTS, remove_check, returns_to=CHECKS_PATH), may_be_slow=True),
    chat_page("GET", MISSED_PATH, Action.VIEW_BOTS, show_missed),
    chat_page("POST", f"{MISSED_PATH}/phrase", Action.CHANGE_BOTS, add_phrase, returns_to=MISSED_PATH),
]
