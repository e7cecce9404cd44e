"""The account's history: its security events in words, by group and day, page by page."""

from typing import Final

from starlette.responses import Response

from xpressbot.entrypoints.http.event_list import Choice, events_context, read_address
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import HISTORY_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.messages.event_words import GROUP_NAMES, where
from xpressbot.entrypoints.messages.formatting import Text, as_is
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import OF_ACCOUNTS, SecurityEvent
from xpressbot.identity.audit.rules.history import HistoryFilter
from xpressbot.identity.sessions.caller import Caller

_GROUP: Final = "group"
_LOST: Final = N_("There is no such page of your history. These are the newest events.")


def show_history(request: PageRequest, caller: Caller) -> Response:
    """One page of events. What of the address is malformed is left out, and said so with 422."""
    typed = request.query(_GROUP)
    group = next((group for group in OF_ACCOUNTS if group.value == typed), None)
    error = request.texts.gettext("There is no such group, so all kinds of events are shown. Choose one from the list.")
    choice = Choice(_GROUP, typed, "", error) if typed and group is None else Choice(_GROUP, typed, typed)
    asked = read_address(request, choice, _LOST)
    found = request.identity.history.page(caller.account.id, HistoryFilter(group, asked.since, asked.until), asked.before)

    def places(event: SecurityEvent) -> list[Text]:
        browser, address = where(request.texts, event)
        return [place for place in (browser, None if address is None else as_is(address)) if place]

    groups = [{"value": one.value, "name": request.texts.gettext(GROUP_NAMES[one])} for one in OF_ACCOUNTS]
    context = events_context(request, caller, HISTORY_PATH, asked, found, places)
    return request.page(
        "history.html", caller.account, status=asked.status, errors=asked.errors, message=asked.message, groups=groups, **context
    )


PAGES: Final[list[Page]] = [SignedInPage("GET", HISTORY_PATH, Action.VIEW_HISTORY, show_history)]
