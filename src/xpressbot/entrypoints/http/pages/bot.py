"""One bot: its home with the topics of its draft, its name, and the archive."""

from collections import Counter
from typing import Any, Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.overview import BotHome
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.excerpts import excerpt
from xpressbot.chat.editing.parts import kind_of
from xpressbot.chat.scripts.script import steps_of
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.pages.bots import described
from xpressbot.entrypoints.http.paths import BOT_PATH, BOT_SETTINGS_PATH, BOTS_PATH, CONVERSATION_PATH, TOPIC_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.bot_words import bot_refused, starts_text
from xpressbot.entrypoints.messages.script_words import last_change_text, step_named
from xpressbot.identity.accounts.rules.actions import Action


def show_home(request: PageRequest, _actor: Actor) -> Response:
    """The bot with the topics of its draft."""
    return home_page(request)


def home_page(request: PageRequest, *, status: int = 200, message: str | None = None, errors: dict[str, str] | None = None) -> Response:
    """The bot's home, and why something was not done to its topics."""
    home = bot_home(request)
    error_count = sum(problem.is_error for problem in home.problems)
    wrong_in = Counter(problem.topic for problem in home.problems)
    return request.page(
        "bots_home.html",
        account_of(request),
        status=status,
        message=message,
        errors=errors or {},
        form={"name": request.form["name"]},
        bot=described(home.listed),
        topics=[
            {
                "topic": topic,
                "path": path_with(TOPIC_PATH, {"bot": home.bot.id, "topic": topic.id}),
                "starts": starts_text(request.texts, topic.starts.on),
                "steps": len(tuple(steps_of(topic))),
                "wrong": wrong_in[topic.id],
            }
            for topic in home.script.topics
        ],
        checks=len(home.script.checks),
        error_count=error_count,
        warning_count=len(home.problems) - error_count,
        stopped=_stopped(request, home),
        last=home.last,
        last_change=last_change_text(request.texts, home.last),
    )


def show_settings(request: PageRequest, _actor: Actor) -> Response:
    """The name of the bot, and archiving it or bringing it back."""
    return _settings_page(request, bot_home(request))


def rename(request: PageRequest, actor: Actor) -> Response:
    """Give the bot another name."""
    outcome = request.site.services.chat.bots.rename(actor, request.id_in_path("bot"), request.form["name"])
    return _changed(request, outcome, path_with(BOT_PATH, request.starlette.path_params))


def archive(request: PageRequest, actor: Actor) -> Response:
    """Take the bot out of use."""
    return _changed(request, request.site.services.chat.bots.archive(actor, request.id_in_path("bot")), BOTS_PATH)


def restore(request: PageRequest, actor: Actor) -> Response:
    """Bring the bot back."""
    outcome = request.site.services.chat.bots.restore(actor, request.id_in_path("bot"))
    return _changed(request, outcome, path_with(BOT_PATH, request.starlette.path_params))


def bot_home(request: PageRequest) -> BotHome:
    """The bot that a page is about. Raises HTTPException 404 where there is none."""
    home = request.site.services.chat.bot_overview.home(request.id_in_path("bot"))
    if home is None:
        raise HTTPException(404)
    return home


def _stopped(request: PageRequest, home: BotHome) -> dict[str, Any] | None:
    """The conversation in which the script was stopped, and the step, if the draft still has it."""
    if home.stopped is None:
        return None
    steps = ((topic, step) for topic in home.script.topics for step in steps_of(topic))
    topic, step = next(((topic, step) for topic, step in steps if step.id == home.stopped.step), (None, None))
    return {
        "conversation": path_with(CONVERSATION_PATH, {"conversation": home.stopped.conversation_id}),
        "step": None if step is None else step_named(request.texts, kind_of(step), excerpt(step, home.script)),
        "path": None if topic is None else f"{path_with(TOPIC_PATH, {'bot': home.bot.id, 'topic': topic.id})}#step-{home.stopped.step}",
    }


def _changed(request: PageRequest, outcome: Bot | BotRefusal, path: str) -> Response:
    match outcome:
        case Bot():
            return redirect(path)
        case BotRefusal.NO_SUCH_BOT:
            raise HTTPException(404)
        case BotRefusal.ARCHIVED:
            return _settings_page(request, bot_home(request), status=409, message=bot_refused(request.texts, outcome))
        case BotRefusal.NAME_UNUSABLE:
            return _settings_page(request, bot_home(request), status=422, errors={"name": bot_refused(request.texts, outcome)})
        case unknown:
            assert_never(unknown)


def _settings_page(
    request: PageRequest, home: BotHome, *, status: int = 200, message: str | None = None, errors: dict[str, str] | None = None
) -> Response:
    return request.page(
        "bots_settings.html",
        account_of(request),
        status=status,
        message=message,
        errors=errors or {},
        bot=described(home.listed),
        form={"name": request.form["name"] if errors else home.bot.name},
    )


PAGES: Final[list[Page]] = [
    chat_page("GET", BOT_PATH, Action.VIEW_BOTS, show_home),
    chat_page("GET", BOT_SETTINGS_PATH, Action.VIEW_BOTS, show_settings),
    chat_page("POST", f"{BOT_PATH}/rename", Action.CHANGE_BOTS, rename, returns_to=BOT_SETTINGS_PATH),
    chat_page("POST", f"{BOT_PATH}/archive", Action.CHANGE_BOTS, archive, returns_to=BOT_SETTINGS_PATH),
    chat_page("POST", f"{BOT_PATH}/restore", Action.CHANGE_BOTS, restore, returns_to=BOT_SETTINGS_PATH),
]
