"""People who write to bots: blocking, unblocking and erasing them."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.contacts import ContactRefusal
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import CONTACT_PATH, CONVERSATION_PATH, INBOX_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.inbox_words import contact_refused, title_of
from xpressbot.identity.accounts.rules.actions import Action


def ask_block(request: PageRequest, _actor: Actor) -> Response:
    """What blocking this person does."""
    return _page(request, "inbox_block.html")


def block(request: PageRequest, actor: Actor) -> Response:
    """Refuse what the person writes from now on."""
    return _done(request, "inbox_block.html", request.site.services.chat.contacts.block(actor, _contact_id(request)))


def unblock(request: PageRequest, actor: Actor) -> Response:
    """Let the person write again."""
    return _done(request, "inbox_block.html", request.site.services.chat.contacts.unblock(actor, _contact_id(request)))


def ask_erase(request: PageRequest, _actor: Actor) -> Response:
    """What erasing this person does."""
    return _page(request, "inbox_erase.html")


def erase(request: PageRequest, actor: Actor) -> Response:
    """Remove what is kept of the person."""
    return _done(request, "inbox_erase.html", request.site.services.chat.contacts.erase(actor, _contact_id(request)))


def _done(request: PageRequest, template: str, refusal: ContactRefusal | None) -> Response:
    if refusal is not None:
        return _page(request, template, status=409, message=contact_refused(request.texts, refusal))
    return redirect(_back(request))


def _page(request: PageRequest, template: str, *, status: int = 200, message: str | None = None) -> Response:
    contact = request.site.services.chat.inbox.contact(_contact_id(request))
    if contact is None:
        raise HTTPException(404)
    return request.page(
        template,
        account_of(request),
        status=status,
        message=message,
        title=title_of(request.texts, contact),
        contact=contact,
        path=path_with(CONTACT_PATH, {"contact": contact.id}),
        back=_back(request),
    )


def _back(request: PageRequest) -> str:
    """The person's newest conversation; the inbox where nothing is left of it."""
    latest = request.site.services.chat.inbox.latest_conversation(_contact_id(request))
    return INBOX_PATH if latest is None else path_with(CONVERSATION_PATH, {"conversation": latest})


def _contact_id(request: PageRequest) -> str:
    return request.id_in_path("contact")


PAGES: Final[list[Page]] = [
    chat_page("GET", f"{CONTACT_PATH}/block", Action.VIEW_INBOX, ask_block),
    chat_page("POST", f"{CONTACT_PATH}/block", Action.ANSWER, block),
    chat_page("POST", f"{CONTACT_PATH}/unblock", Action.ANSWER, unblock, returns_to=f"{CONTACT_PATH}/block"),
    chat_page("GET", f"{CONTACT_PATH}/erase", Action.VIEW_BOTS, ask_erase, leads_to=Action.ERASE_CONTACT),
    chat_page("POST", f"{CONTACT_PATH}/erase", Action.ERASE_CONTACT, erase),
]
