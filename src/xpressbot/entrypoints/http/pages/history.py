"""The account's history: its security events in words, by group and day, page by page."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response

from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import HISTORY_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.messages.event_facts import Reader, event_facts
from xpressbot.entrypoints.messages.event_words import GROUP_NAMES, event_title, where
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import OF_ACCOUNTS, SecurityEvent
from xpressbot.identity.audit.rules.history import HistoryFilter, beginning_of_day, event_number
from xpressbot.identity.sessions.caller import Caller

_GROUP, _FROM, _TO, _BEFORE = "group", "from", "to", "before"


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the address asks for, as far as it could be understood, and what is to be said of the rest."""

    filter: HistoryFilter
    before: int | None
    parameters: dict[str, str]
    """The filter as it was understood, for links to further pages."""
    form: dict[str, str]
    """What the fields show again. A field for a day shows days only."""
    errors: dict[str, Text]
    message: Text | None


def show_history(request: PageRequest, caller: Caller) -> Response:
    """One page of events. What of the address is malformed is left out, and said so with 422."""
    asked = _asked(request)
    history = request.identity.history.page(caller.account.id, asked.filter, asked.before)
    reader = Reader(caller.account.id, caller.session.id, {factor.kind: factor.label for factor in request.factors}, history.names)
    return request.page(
        "history.html",
        caller.account,
        status=422 if asked.errors or asked.message else 200,
        errors=asked.errors,
        message=asked.message,
        form=asked.form,
        groups=[{"value": group.value, "name": request.texts.gettext(GROUP_NAMES[group])} for group in OF_ACCOUNTS],
        days=[
            {"at": day * DAY, "events": [_entry(request.texts, event, reader) for event in events]}
            for day, events in groupby(history.events, lambda event: event.at // DAY)
        ],
        filtered=bool(asked.parameters),
        newest=None if asked.before is None else _address(asked.parameters),
        older=None if history.older is None else _address(asked.parameters | {_BEFORE: str(history.older)}),
        cut_short=history.is_cut_short,
    )


def _asked(request: PageRequest) -> _Asked:
    texts, typed = request.texts, {name: request.query(name) for name in (_GROUP, _FROM, _TO, _BEFORE)}
    errors: dict[str, Text] = {}
    group = next((group for group in OF_ACCOUNTS if group.value == typed[_GROUP]), None)
    if typed[_GROUP] and group is None:
        errors[_GROUP] = texts.gettext("There is no such group, so all kinds of events are shown. Choose one from the list.")
    days = {name: beginning_of_day(typed[name]) for name in (_FROM, _TO)}
    for name, day in days.items():
        if typed[name] and day is None:
            errors[name] = texts.gettext("There is no such day, so it was left out.")
    since, last = days[_FROM], days[_TO]
    if since is not None and last is not None and last < since:
        errors[_TO] = texts.gettext("This day is before the first one, so it was left out.")
        last = None
    before = event_number(typed[_BEFORE])
    left_out = bool(typed[_BEFORE]) and before is None
    message = texts.gettext("That address names no page of your history. This is the newest one.") if left_out else None
    understood = {_GROUP: group is not None, _FROM: since is not None, _TO: last is not None}
    parameters = {name: typed[name] for name, is_understood in understood.items() if is_understood}
    form = {_GROUP: typed[_GROUP], **{name: "" if day is None else typed[name] for name, day in days.items()}}
    return _Asked(HistoryFilter(group, since, None if last is None else last + DAY), before, parameters, form, errors, message)


def _address(parameters: dict[str, str]) -> str:
    return "?".join(filter(None, (HISTORY_PATH, urlencode(parameters))))


def _entry(texts: Texts, event: SecurityEvent, reader: Reader) -> dict[str, Any]:
    browser, address = where(texts, event)
    return {
        "title": event_title(texts, event.kind),
        "at": event.at,
        "browser": browser,
        "address": address,
        "here": event.details.get("session") == reader.session_id,
        "facts": event_facts(texts, event, reader),
    }


PAGES: Final[list[Page]] = [SignedInPage("GET", HISTORY_PATH, Action.VIEW_HISTORY, show_history)]
