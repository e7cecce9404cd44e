"""Publishing a bot: what it would do, the versions, and going back to one."""

from dataclasses import replace
from typing import Any, Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.publishing import OldVersion, Preview, Published, PublishRefusal, Shown
from xpressbot.chat.bots.store import VERSIONS_ON_A_PAGE
from xpressbot.chat.scripts.problems import Problem
from xpressbot.chat.scripts.script import Script
from xpressbot.entrypoints.http.chat_pages import bot_page, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import BOT_PATH, PUBLISH_PATH, ROLL_BACK_PATH, VERSIONS_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.http.whole_numbers import whole_number
from xpressbot.entrypoints.messages.bot_words import publish_refused
from xpressbot.entrypoints.messages.script_problems import problem_text
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.accounts.rules.actions import Action

_FINISH, _RESTART = "finish", "restart"


def show_publish(request: PageRequest, _actor: Actor) -> Response:
    """What publishing the draft would do."""
    return _publish_page(request)


def publish(request: PageRequest, actor: Actor) -> Response:
    """Publish the draft that the page showed."""
    shown = Shown(_number(request.form["revision"]), _number(request.form["newest"]))
    outcome = request.site.services.chat.publishing.publish(
        actor,
        request.id_in_path("bot"),
        shown,
        is_accepted=request.form["accepted"] == "yes",
        restart=_restarts(request),
    )
    match outcome:
        case Published():
            return redirect(path_with(BOT_PATH, request.starlette.path_params))
        case PublishRefusal.NO_SUCH_BOT:
            raise HTTPException(404)
        case PublishRefusal.NOT_ACCEPTED:
            return _publish_page(request, status=422, message=publish_refused(request.texts, outcome))
        case PublishRefusal():
            return _publish_page(request, status=409, message=publish_refused(request.texts, outcome))
        case unknown:
            assert_never(unknown)


def show_versions(request: PageRequest, _actor: Actor) -> Response:
    """The newest versions, or those older than a number. What of the address is malformed is left out."""
    before = request.query("before")
    found = request.site.services.chat.bot_overview.versions(request.id_in_path("bot"), whole_number(before))
    if found is None:
        raise HTTPException(404)
    bot, versions = found
    path = path_with(VERSIONS_PATH, {"bot": bot.id})
    return bot_page(
        request,
        "bots_versions.html",
        bot,
        versions=versions,
        older=f"{path}?before={versions[-1].number}" if len(versions) == VERSIONS_ON_A_PAGE else None,
        newest=path if before else None,
    )


def show_roll_back(request: PageRequest, _actor: Actor) -> Response:
    """A version as it would come back."""
    return _roll_back_page(request, _number(request.query("number")))


def roll_back(request: PageRequest, actor: Actor) -> Response:
    """Publish an old version again."""
    number = _number(request.form["number"])
    outcome = request.site.services.chat.publishing.roll_back(
        actor, request.id_in_path("bot"), number, _number(request.form["newest"]), restart=_restarts(request)
    )
    match outcome:
        case Published():
            return redirect(path_with(VERSIONS_PATH, request.starlette.path_params))
        case PublishRefusal.NO_SUCH_BOT | PublishRefusal.NO_SUCH_VERSION:
            raise HTTPException(404)
        case PublishRefusal():
            return _roll_back_page(request, number, status=409, message=publish_refused(request.texts, outcome))
        case unknown:
            assert_never(unknown)


def _publish_page(request: PageRequest, *, status: int = 200, message: str | None = None) -> Response:
    preview = request.site.services.chat.publishing.preview(request.id_in_path("bot"))
    if preview is None:
        raise HTTPException(404)
    problems = [_described(request.texts, preview.script, problem) for problem in preview.problems]
    return bot_page(
        request,
        "bots_publish.html",
        preview.bot,
        status=status,
        message=message,
        preview=preview,
        can_publish=_can_publish(preview),
        number=preview.shown.newest + 1,
        script_errors=[problem for problem in problems if problem["is_error"]],
        warnings=[problem for problem in problems if not problem["is_error"]],
        running=_RESTART if _restarts(request) else _FINISH,
    )


def _can_publish(preview: Preview) -> bool:
    return preview.bot.archived_at is None and preview.is_new and not preview.has_errors


def _roll_back_page(request: PageRequest, number: int, *, status: int = 200, message: str | None = None) -> Response:
    old: OldVersion | None = request.site.services.chat.publishing.old_version(request.id_in_path("bot"), number)
    if old is None:
        raise HTTPException(404)
    return bot_page(
        request,
        "bots_roll_back.html",
        old.bot,
        status=status,
        message=message,
        old=old,
        can_publish=old.bot.archived_at is None and old.bot.live != number,
        running=_RESTART if _restarts(request) else _FINISH,
    )


def _described(texts: Texts, script: Script, problem: Problem) -> dict[str, Any]:
    topic = next((topic.name for topic in script.topics if topic.id == problem.topic), None)
    return {"is_error": problem.is_error, "text": problem_text(texts, problem), "topic": topic, "topic_id": problem.topic}


def _restarts(request: PageRequest) -> bool:
    """Whether running conversations are to start over. A choice that there is not is 422."""
    chosen = request.form["running"]
    if chosen not in {"", _FINISH, _RESTART}:
        raise HTTPException(422)
    return chosen == _RESTART


def _number(text: str) -> int:
    number = whole_number(text)
    if number is None:
        raise HTTPException(422)
    return number


PAGES: Final[list[Page]] = [
    chat_page("GET", PUBLISH_PATH, Action.VIEW_BOTS, show_publish),
    replace(chat_page("POST", PUBLISH_PATH, Action.CHANGE_BOTS, publish), may_be_slow=True),  # replays all checks
    chat_page("GET", VERSIONS_PATH, Action.VIEW_BOTS, show_versions),
    chat_page("GET", ROLL_BACK_PATH, Action.VIEW_BOTS, show_roll_back),
    chat_page("POST", ROLL_BACK_PATH, Action.CHANGE_BOTS, roll_back, returns_to=VERSIONS_PATH),
]
