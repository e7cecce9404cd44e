"""The script editor: one topic as one form, which is saved by each of its buttons, and a dialogue beside it that tries the draft out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, assert_never
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import BotRefusal
from xpressbot.chat.bots.kept_checks import CheckRefusal
from xpressbot.chat.editing.editing import Edited, Opened
from xpressbot.chat.editing.merging import Typed, Unsaved
from xpressbot.chat.editing.parts import UnknownFieldsError
from xpressbot.chat.scripts.fields import fields_of
from xpressbot.chat.scripts.json_values import Refused
from xpressbot.chat.scripts.lookup import topic_by_id
from xpressbot.chat.scripts.script import MAX_LINE_LENGTH, MAX_TYPED_LENGTH, MOST_TURNS
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import BOT_PATH, PUBLISH_PATH, TOPIC_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.http.script_forms import EDITOR_FORM, Sent, Trial, read_sent, usable_turns
from xpressbot.entrypoints.http.topic_view import TopicView, lost_texts
from xpressbot.entrypoints.http.trial_view import trial_of
from xpressbot.entrypoints.messages.bot_words import check_refused
from xpressbot.entrypoints.messages.formatting import Text, number
from xpressbot.entrypoints.messages.script_problems import refused_script_text
from xpressbot.entrypoints.messages.script_words import PART_NAMES, STEP_MEANINGS, edit_refused, last_change_text
from xpressbot.identity.accounts.rules.actions import Action

_LONGEST_ADDRESS: Final = 2000
"""Of the dialogue in an address; a longer one starts over when something is done to the topic."""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the page says besides the draft. turns: of the dialogue; unsent: what does not fit into it."""

    status: int = 200
    message: Text | None = None
    errors: Mapping[str, Text] = field(default_factory=dict)
    typed: Sequence[Typed] = ()
    unsaved: Sequence[Unsaved] = ()
    choosing: str | None = None
    turns: Sequence[str] = ()
    unsent: str = ""
    kept: str | None = None


def show_topic(request: PageRequest, _actor: Actor) -> Response:
    """One topic of the draft."""
    opened = _opened(request)
    query = request.starlette.query_params
    answer = _Answer(choosing=request.query("moving") or None, turns=usable_turns(query.getlist("turn")))
    return _page(request, opened, answer)


def edit_topic(request: PageRequest, actor: Actor) -> Response:
    """Save what was typed, then do what the button says."""
    sent = read_sent(request.form.fields)
    try:
        outcome = request.site.services.chat.editing.edit(actor, request.id_in_path("bot"), sent.typed, sent.edit)
    except UnknownFieldsError:
        raise HTTPException(422) from None
    match outcome:
        case Edited():
            return _edited(request, actor, sent, outcome)
        case BotRefusal.ARCHIVED:
            said = request.texts.gettext("This bot was archived, so nothing was saved. What you wrote is below.")
            return _page(request, _opened(request), _Answer(409, said, typed=sent.typed, turns=sent.turns))
        case BotRefusal.NO_SUCH_BOT:
            raise HTTPException(404)
        case unknown:
            assert_never(unknown)


def _edited(request: PageRequest, actor: Actor, sent: Sent, edited: Edited) -> Response:
    texts = request.texts
    if edited.unsaved:
        return _page(request, edited.opened, _not_saved(request, sent, edited.unsaved))
    if edited.refused is not None:
        said = refused_script_text(texts, edited.refused) if isinstance(edited.refused, Refused) else edit_refused(texts, edited.refused)
        return _page(request, edited.opened, _Answer(409, said, turns=sent.turns))
    if sent.publishes:
        return redirect(path_with(PUBLISH_PATH, request.starlette.path_params))
    match sent.trial:
        case Trial.GO_ON:
            return _page(request, edited.opened, _tried(request, sent))
        case Trial.KEEP:
            return _page(request, edited.opened, _keep(request, actor, sent, edited.opened))
        case Trial.AS_BEFORE | Trial.START_OVER:
            return redirect(_address(request, sent, edited.at))
        case unknown:
            assert_never(unknown)


def _not_saved(request: PageRequest, sent: Sent, unsaved: Sequence[Unsaved]) -> _Answer:
    texts = request.texts
    whole = next((one.why for one in unsaved if isinstance(one.why, Refused) and not one.why.place.path), None)
    is_malformed = whole is not None or any(isinstance(one.why, Refused) for one in unsaved)
    if whole is not None:
        said = refused_script_text(texts, whole)
    elif is_malformed:
        said = texts.gettext("Not everything could be saved, and nothing else was done. Correct what is marked below.")
    else:
        said = texts.gettext("Somebody else changed the same text, so yours is not saved yet. Everything else is. Both are below.")
    return _Answer(422 if is_malformed else 409, said, typed=[one.typed for one in unsaved], unsaved=unsaved, turns=sent.turns)


def _tried(request: PageRequest, sent: Sent) -> _Answer:
    if not sent.unsent:
        return _Answer(turns=sent.turns)
    texts = request.texts
    said = texts.gettext("At most %(turns)s messages of at most %(length)s characters can be tried. Shorten this one, or start over.")
    numbers = {"turns": number(texts, MOST_TURNS), "length": number(texts, MAX_TYPED_LENGTH)}
    return _Answer(422, errors={"write": said % numbers}, turns=sent.turns, unsent=sent.unsent)


def _keep(request: PageRequest, actor: Actor, sent: Sent, opened: Opened) -> _Answer:
    name = request.form["check"]
    kept = request.site.services.chat.kept_checks.keep(actor, opened.bot.id, opened.bot.draft_revision, name, sent.turns)
    if isinstance(kept, CheckRefusal):
        return _Answer(422, errors={"check": check_refused(request.texts, kept)}, turns=sent.turns)
    return _Answer(turns=sent.turns, kept=kept.name)


def _opened(request: PageRequest) -> Opened:
    opened = request.site.services.chat.editing.open(request.id_in_path("bot"))
    if opened is None:
        raise HTTPException(404)
    return opened


def _page(request: PageRequest, opened: Opened, answer: _Answer) -> Response:
    texts, topic = request.texts, topic_by_id(opened.script, request.id_in_path("topic"))
    context: dict[str, Any] = {
        "message": answer.message,
        "errors": answer.errors,
        "bot": opened.bot,
        "bot_path": path_with(BOT_PATH, request.starlette.path_params),
        "path": path_with(TOPIC_PATH, request.starlette.path_params),
        "last": opened.last,
        "last_change": last_change_text(texts, opened.last),
    }
    if topic is None and not answer.unsaved and not answer.typed:
        raise HTTPException(404)
    if topic is None:
        lost = lost_texts(texts, answer.typed)
        return request.page("bots_topic_gone.html", account_of(request), status=answer.status, lost=lost, **context)
    typed = {one.key: one for one in answer.typed}
    view = TopicView(texts, opened.script, topic, typed, answer.unsaved, answer.choosing)
    return request.page(
        "bots_topic.html",
        account_of(request),
        status=answer.status,
        head=view.head,
        row=view.row,
        topic=topic,
        shortcomings=view.shortcomings,
        lost=view.lost,
        answers=view.answers,
        comparisons=view.comparisons,
        starts=view.starts,
        topics=view.topics,
        known_fields=sorted(fields_of(opened.script)),
        kinds=[(kind.value, texts.gettext(PART_NAMES[kind]), texts.gettext(meaning)) for kind, meaning in STEP_MEANINGS.items()],
        trial=trial_of(texts, opened.script, answer.turns),
        turns=answer.turns,
        unsent=answer.unsent,
        kept=answer.kept,
        check_name=request.form["check"] or (answer.turns[0][:MAX_LINE_LENGTH] if answer.turns else ""),
        longest_typed=MAX_TYPED_LENGTH,
        **context,
    )


def _address(request: PageRequest, sent: Sent, at: str | None) -> str:
    """Of the page as it is afterwards, at what something was done to, with the dialogue as far as an address can be long."""
    asked = [("moving", sent.choosing)] if sent.choosing else []
    turns = urlencode([("turn", turn) for turn in sent.turns])
    query = "&".join(filter(None, (urlencode(asked), turns if len(turns) <= _LONGEST_ADDRESS else "")))
    step = sent.choosing or at
    fragment = "#" if step is None else f"#step-{step}"
    return path_with(TOPIC_PATH, request.starlette.path_params) + (f"?{query}" if query else "") + (fragment if step else "")


PAGES: Final[list[Page]] = [
    chat_page("GET", TOPIC_PATH, Action.VIEW_BOTS, show_topic),
    chat_page("POST", TOPIC_PATH, Action.CHANGE_BOTS, edit_topic, form_limits=EDITOR_FORM),
]
