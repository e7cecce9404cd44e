"""The chat page: the thread and its form, writing, forgetting, the colours."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse, Response

from xpressbot.chat.channels.limits import Wait
from xpressbot.chat.channels.web.theme import Theme
from xpressbot.chat.channels.web.visiting import Send, Visit, WriteRefusal
from xpressbot.chat.channels.web.visitor import is_send_id
from xpressbot.chat.conversations.answering_at_once import Answered
from xpressbot.chat.conversations.store import Message
from xpressbot.chat.conversations.typed import TypedProblem
from xpressbot.entrypoints.http.customers.audience import wants_json
from xpressbot.entrypoints.http.customers.routes import CustomerPage, VisitorRequest
from xpressbot.entrypoints.http.customers.thread import bubbles, buttons
from xpressbot.entrypoints.http.page_request import redirect
from xpressbot.entrypoints.http.paths import CHAT_PATH
from xpressbot.entrypoints.http.problems import problem
from xpressbot.entrypoints.http.whole_numbers import whole_number
from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.typed_problems import typed_problem_text
from xpressbot.foundation.times import whole_seconds_until
from xpressbot.foundation.tokens import Token

_TEMPLATE: Final = "chat_page.html"
_CLOSED_TEMPLATE: Final = "chat_closed.html"
_THEME_CACHING: Final = "public, max-age=86400"
"""Its address has the colour in it."""


@dataclass(frozen=True, slots=True)
class _Refused:
    """Why a message was not sent, and what of its form is kept."""

    status: int
    code: str
    sentence: str
    retry_after: int | None = None


def show(request: VisitorRequest) -> Response:
    """The thread and the form."""
    visit = request.visiting.look(request.public_id, request.token, _before(request))
    if visit is None:
        raise HTTPException(404)
    return _page(request, visit, token=request.token)


def write(request: VisitorRequest) -> Response:
    """Store a message, have the bot answer, and go back to the thread, in which the answer stands.

    Without a cookie the visitor is who the form says: its token was put there with the page.
    """
    token = request.token or Token.parse(request.form["visitor"])
    if not is_send_id(request.form["send"]):
        raise HTTPException(422)
    if token is None:
        return _again(request, _forgotten(request))
    send = Send(request.form["send"], request.form["text"], request.form["option"])
    outcome = request.visiting.write(request.public_id, token, send, request.address)
    match outcome:
        case Answered():
            response = _news(request, outcome) if wants_json(request.starlette) else _back(request, is_first=request.token is None)
            request.cookie.set(response, request.path, token)
            return response
        case WriteRefusal.NO_CHANNEL:
            raise HTTPException(404)
        case WriteRefusal.NO_OPTION:
            raise HTTPException(422)
        case WriteRefusal.CLOSED:
            return _closed(request)
        case TypedProblem() | Wait():
            return _again(request, _refused(request, outcome))
        case unknown:
            assert_never(unknown)


def forget(request: VisitorRequest) -> Response:
    """Take the token from this browser. What was written stays with the team."""
    if request.visiting.settings_of(request.public_id) is None:
        raise HTTPException(404)
    response = redirect(request.path)
    request.cookie.clear(response, request.path)
    return response


def theme(request: VisitorRequest) -> Response:
    """The colours of the channel, as a style sheet."""
    settings = request.visiting.settings_of(request.public_id)
    if settings is None:
        raise HTTPException(404)
    return Response(Theme.of(settings.accent).css(), media_type="text/css", headers={"Cache-Control": _THEME_CACHING})


def _page(request: VisitorRequest, visit: Visit, *, token: Token | None, refused: _Refused | None = None) -> Response:
    if visit.visitor is not None and visit.visitor.is_blocked:
        return _closed(request)
    asked_after, is_older, kept = request.query("after"), _before(request) is not None, request.form
    shown = bubbles(visit, request.texts, request.now)
    response = request.page(
        _TEMPLATE,
        status=200 if refused is None else refused.status,
        visit=visit,
        path=request.path,
        bubbles=shown,
        buttons=() if is_older else buttons(visit),
        is_older=is_older,
        focuses_newest=bool(asked_after),
        has_news=bool(visit.messages) and visit.messages[-1].seq > _seq(asked_after),
        last_seq=visit.messages[-1].seq if visit.messages else 0,
        lost_cookie=bool(request.query("begun")) and visit.visitor is None,
        # A cookie is never repeated in the page; a visitor without one is given a token with the form.
        new_visitor=None if request.token is not None else (token or request.new_token()).text,
        send_id=kept["send"] if refused is not None and is_send_id(kept["send"]) else request.new_send_id(),
        text=kept["text"] if refused is not None else "",
        message=None if refused is None else refused.sentence,
        retry_after=None if refused is None else refused.retry_after,
    )
    if refused is not None and refused.retry_after is not None:
        response.headers["Retry-After"] = str(refused.retry_after)
    return response


def _again(request: VisitorRequest, refused: _Refused) -> Response:
    """The page once more, with what was typed and why it was not sent."""
    if wants_json(request.starlette):
        wait = None if refused.retry_after is None else {"Retry-After": str(refused.retry_after)}
        return problem(refused.status, refused.code, headers=wait)
    token = request.token or Token.parse(request.form["visitor"])
    visit = request.visiting.look(request.public_id, token)
    if visit is None:
        raise HTTPException(404)
    return _page(request, visit, token=token, refused=refused)


def _refused(request: VisitorRequest, why: TypedProblem | Wait) -> _Refused:
    texts = request.texts
    match why:
        case TypedProblem():
            return _Refused(422, why.value, typed_problem_text(texts, why))
        case Wait():
            seconds = whole_seconds_until(why.until, request.now)
            sentence = texts.ngettext(
                "Too many messages at once. Wait %(count)s second, then send it again: your text is still here.",
                "Too many messages at once. Wait %(count)s seconds, then send it again: your text is still here.",
                seconds,
            )
            return _Refused(429, "too_many_messages", sentence % {"count": number(texts, seconds)}, seconds)
        case unknown:
            assert_never(unknown)


def _forgotten(request: VisitorRequest) -> _Refused:
    """409: the page was opened before the chat was forgotten."""
    sentence = request.texts.gettext("This chat was forgotten on this device. Send it again to begin a new one: your text is still here.")
    return _Refused(409, "forgotten", sentence)


def _closed(request: VisitorRequest) -> Response:
    return problem(403, "chat_closed") if wants_json(request.starlette) else request.page(_CLOSED_TEMPLATE, status=403)


def _back(request: VisitorRequest, *, is_first: bool) -> Response:
    """begun: the page then tells a browser that has kept no cookie what it has lost."""
    return redirect(f"{request.path}{'?begun=1' if is_first else ''}#new")


def _news(request: VisitorRequest, answered: Answered) -> Response:
    messages = request.visiting.news(answered.contact_id, _seq(request.form["after"]))
    return JSONResponse({"is_handled": answered.is_handled, "messages": [_in_json(message) for message in messages]})


def _in_json(message: Message) -> Mapping[str, Any]:
    """at: microseconds since 1970 UTC."""
    return {
        "seq": message.seq,
        "author": message.author,
        "name": next(iter((message.author_name or "").split()), None),
        "text": message.text,
        "options": [{"id": option.id, "label": option.label} for option in message.options],
        "at": message.at,
    }


def _before(request: VisitorRequest) -> int | None:
    """The number below which the thread is asked for; None for its end."""
    return _seq(request.query("before")) or None


def _seq(text: str) -> int:
    """The number of a message; 0 for any other text."""
    return whole_number(text) or 0


PAGES: Final = (
    CustomerPage("GET", CHAT_PATH, show),
    CustomerPage("POST", CHAT_PATH, write),
    CustomerPage("POST", f"{CHAT_PATH}/forget", forget),
    CustomerPage("GET", f"{CHAT_PATH}/theme.css", theme),
)
