"""The inbox: the list of conversations, and one conversation with what can be done about it."""

from typing import Any, Final
from urllib.parse import urlencode

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState
from xpressbot.chat.conversations.events import MAX_MESSAGE_LENGTH
from xpressbot.chat.conversations.inbox import InboxList, InboxPage, ListedConversation, PageKey, Thread
from xpressbot.chat.conversations.store import HIGHEST_SEQ, Message
from xpressbot.chat.conversations.taking_over import ConversationRefusal, Shown
from xpressbot.chat.conversations.typed import TypedProblem, typed
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import CONVERSATION_PATH, INBOX_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.http.whole_numbers import whole_number
from xpressbot.entrypoints.messages.inbox_words import EMPTY_LISTS, LISTS, contact_title, conversation_refused, last_author_text, title_of
from xpressbot.entrypoints.messages.typed_problems import typed_problem_text
from xpressbot.foundation.identifiers import is_identifier
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import permits

_SHOW, _AT, _AFTER, _BEFORE = "show", "at", "after", "before"
_EXCERPT: Final = 140
_LATEST: Final = 2**62


def show_list(request: PageRequest, _actor: Actor) -> Response:
    """One page of a list. What of the address is malformed is left out."""
    chosen = next((one for one in InboxList if one.value == request.query(_SHOW)), InboxList.WAITING)
    at, after = whole_number(request.query(_AT), _LATEST), request.query(_AFTER)
    key = None if at is None or not is_identifier(after) else PageKey(at, after)
    found = request.site.services.chat.inbox.page(chosen, key)
    return request.page(
        "inbox.html",
        account_of(request),
        lists=[{"value": one.value, "name": request.texts.gettext(LISTS[one]), "is_chosen": one is chosen} for one in InboxList],
        chosen=chosen.value,
        empty=request.texts.gettext(EMPTY_LISTS[chosen]),
        waiting=found.waiting,
        conversations=[_listed(request, one) for one in found.listed],
        following=_following(chosen, found),
        is_first=key is None,
        wide=True,
    )


def show_thread(request: PageRequest, _actor: Actor) -> Response:
    """A conversation, with the newest messages or those below a number."""
    return _thread_page(request)


def reply(request: PageRequest, actor: Actor) -> Response:
    """Send an answer. Whatever is refused, the text is kept in its field."""
    text, form_id = request.form["text"], request.form["form"]
    if not is_identifier(form_id):
        raise HTTPException(422)
    kept = typed(text)
    if isinstance(kept, TypedProblem):
        return _thread_page(request, status=422, written=text, errors={"text": typed_problem_text(request.texts, kept)})
    outcome = request.site.services.chat.replying.reply(actor, _conversation_id(request), kept, form_id, _shown(request))
    return _answered(request, outcome, written=kept)


def take_over(request: PageRequest, actor: Actor) -> Response:
    """Take the conversation over from the bot, from nobody, or from the colleague that the page showed."""
    return _answered(request, request.site.services.chat.taking_over.take_over(actor, _conversation_id(request), _shown(request)))


def hand_back(request: PageRequest, actor: Actor) -> Response:
    """Let the bot answer from the next message on."""
    return _answered(request, request.site.services.chat.taking_over.hand_back(actor, _conversation_id(request), _shown(request)))


def close(request: PageRequest, actor: Actor) -> Response:
    """Close the conversation. One that was closed meanwhile is what was asked for."""
    outcome = request.site.services.chat.taking_over.close(actor, _conversation_id(request), _shown(request))
    return redirect(_path(request)) if outcome is ConversationRefusal.CONVERSATION_CLOSED else _answered(request, outcome)


def _answered(request: PageRequest, outcome: Conversation | ConversationRefusal, written: str = "") -> Response:
    match outcome:
        case Conversation():
            return redirect(f"{_path(request)}#latest")
        case ConversationRefusal():
            return _thread_page(request, status=409, written=written, refusal=outcome)


def _thread_page(
    request: PageRequest,
    *,
    status: int = 200,
    written: str = "",
    refusal: ConversationRefusal | None = None,
    errors: dict[str, str] | None = None,
) -> Response:
    before = whole_number(request.query(_BEFORE), HIGHEST_SEQ)
    thread = request.site.services.chat.inbox.thread(_conversation_id(request), before)
    if thread is None:
        raise HTTPException(404)
    conversation, texts, account = thread.conversation, request.texts, account_of(request)
    owner = None if conversation.owner is None else conversation.owner.name
    return request.page(
        "inbox_thread.html",
        account,
        status=status,
        errors=errors or {},
        message=None if refusal is None else conversation_refused(texts, refusal, owner),
        path=_path(request),
        title=title_of(request.texts, thread.contact),
        state=conversation.state.value,
        owner=owner,
        is_own=conversation.owner is not None and conversation.owner.id == account.id,
        owner_id="" if conversation.owner is None else conversation.owner.id or "",
        note=conversation.note,
        waiting_since=conversation.waiting_since,
        channel=thread.channel_name,
        bot=thread.bot_name,
        contact=thread.contact,
        fields=sorted(thread.contact.fields.items()),
        messages=[_message(thread, one) for one in thread.messages],
        last_seq=thread.contact.last_seq,
        older=None if thread.older is None else f"{_path(request)}?{urlencode({_BEFORE: thread.older})}",
        is_newest=before is None,
        can_hand_back=thread.can_hand_back,
        can_erase=permits(account.role, Action.ERASE_CONTACT),
        form_id=request.new_form_id(),
        written=written,
        most=MAX_MESSAGE_LENGTH,
        wide=True,
    )


def _listed(request: PageRequest, one: ListedConversation) -> dict[str, Any]:
    conversation, text = one.conversation, " ".join((one.last_text or "").split())
    return {
        "href": path_with(CONVERSATION_PATH, {"conversation": conversation.id}),
        "title": contact_title(request.texts, one.contact_name, one.fields, conversation.contact_id, is_erased=one.is_erased),
        "state": conversation.state.value,
        "is_blocked": one.is_blocked,
        "owner": None if conversation.owner is None else conversation.owner.name,
        "waiting_since": None if conversation.state is ConversationState.BOT else conversation.waiting_since,
        "last_at": conversation.last_message_at,
        "channel": one.channel_name,
        "by": last_author_text(request.texts, one, account_of(request).id),
        "excerpt": text if len(text) <= _EXCERPT else f"{text[:_EXCERPT]}…",
    }


def _message(thread: Thread, one: Message) -> dict[str, Any]:
    return {
        "seq": one.seq,
        "author": Author.BOT.value if one.author is None else one.author.value,
        "name": one.author_name,
        "text": one.text,
        "options": [option.label for option in one.options],
        "at": one.at,
        "is_of_this": one.conversation_id == thread.conversation.id,
    }


def _following(chosen: InboxList, found: InboxPage) -> str | None:
    if found.following is None:
        return None
    return f"{INBOX_PATH}?{urlencode({_SHOW: chosen.value, _AT: found.following.at, _AFTER: found.following.id})}"


def _shown(request: PageRequest) -> Shown:
    """What the page showed whose form was sent. A form that does not say so has seen nothing."""
    owner = request.form["owner"]
    return Shown(owner if is_identifier(owner) else None, whole_number(request.form["seen"], HIGHEST_SEQ) or 0)


def _conversation_id(request: PageRequest) -> str:
    return request.id_in_path("conversation")


def _path(request: PageRequest) -> str:
    return path_with(CONVERSATION_PATH, {"conversation": _conversation_id(request)})


PAGES: Final[list[Page]] = [
    chat_page("GET", INBOX_PATH, Action.VIEW_INBOX, show_list),
    chat_page("GET", CONVERSATION_PATH, Action.VIEW_INBOX, show_thread),
    chat_page("POST", f"{CONVERSATION_PATH}/reply", Action.ANSWER, reply, returns_to=CONVERSATION_PATH),
    chat_page("POST", f"{CONVERSATION_PATH}/take-over", Action.ANSWER, take_over, returns_to=CONVERSATION_PATH),
    chat_page("POST", f"{CONVERSATION_PATH}/hand-back", Action.ANSWER, hand_back, returns_to=CONVERSATION_PATH),
    chat_page("POST", f"{CONVERSATION_PATH}/close", Action.ANSWER, close, returns_to=CONVERSATION_PATH),
]
