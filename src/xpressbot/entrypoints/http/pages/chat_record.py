"""Chat's own record: who changed bots and channels, and who blocked or erased whom."""

from typing import Any, Final

from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.record import PAGE_SIZE, RecordEntry
from xpressbot.entrypoints.http.chat_pages import account_of, chat_page
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import CHAT_RECORD_PATH
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.chat_record_words import record_details, record_subject, record_title
from xpressbot.foundation.identifiers import is_identifier
from xpressbot.identity.accounts.rules.actions import Action


def show_record(request: PageRequest, _actor: Actor) -> Response:
    """One page of the record, the newest first. An address that names none shows the newest."""
    before = request.query("before")
    found = request.site.services.chat.record.page(before if is_identifier(before) else None)
    return request.page(
        "bots_record.html",
        account_of(request),
        entries=[_entry(request, one) for one in found],
        older=f"{CHAT_RECORD_PATH}?before={found[-1].id}" if len(found) == PAGE_SIZE else None,
        is_newest=not is_identifier(before),
    )


def _entry(request: PageRequest, one: RecordEntry) -> dict[str, Any]:
    texts = request.texts
    return {
        "title": record_title(texts, one.kind),
        "at": one.at,
        "by": one.by,
        "about": record_subject(texts, one),
        "details": record_details(texts, one.details),
    }


PAGES: Final[list[Page]] = [chat_page("GET", CHAT_RECORD_PATH, Action.VIEW_CHAT_RECORD, show_record)]
