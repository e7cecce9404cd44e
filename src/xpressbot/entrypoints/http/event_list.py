"""Pages of security events, of an account or of the team: what their address may ask for, and what they show."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Final
from urllib.parse import urlencode

from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.messages.event_facts import Reader, event_facts
from xpressbot.entrypoints.messages.event_words import event_title
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.foundation.times import DAY
from xpressbot.identity.audit.history import HistoryPage
from xpressbot.identity.audit.rules.event import SecurityEvent
from xpressbot.identity.audit.rules.history import beginning_of_day, event_number
from xpressbot.identity.sessions.caller import Caller

_FROM: Final = "from"
_TO: Final = "to"
_BEFORE: Final = "before"


@dataclass(frozen=True, slots=True)
class Choice:
    """What a list can be asked for besides days: the field, what it shows again, and its value in links where it was understood.

    error: what is said of one that was not.
    """

    name: str
    shown: str
    parameter: str = ""
    error: Text | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for, as far as it could be understood, and what is to be said of the rest.

    since and until: points in time, the second excluded. parameters: the filter, for links to further pages. form: what the fields show
    again. A field for a day shows days only.
    """

    since: int | None
    until: int | None
    before: int | None
    parameters: dict[str, str]
    form: dict[str, str]
    errors: dict[str, Text]
    message: Text | None

    @property
    def status(self) -> int:
        """Of the answer: what of the address is malformed is left out, and said so with 422."""
        return 422 if self.errors or self.message else 200


def nothing_asked(choice: Choice) -> Asked:
    """The newest page of all events."""
    return Asked(None, None, None, {}, {choice.name: choice.shown, _FROM: "", _TO: ""}, {}, None)


def read_address(request: PageRequest, choice: Choice, lost: str) -> Asked:
    """Read what the address of a page asks for. lost: what is said of a number that names no page."""
    texts, typed = request.texts, {name: request.query(name) for name in (_FROM, _TO, _BEFORE)}
    errors: dict[str, Text] = {} if choice.error is None else {choice.name: choice.error}
    days = {name: beginning_of_day(typed[name]) for name in (_FROM, _TO)}
    for name, day in days.items():
        if typed[name] and day is None:
            errors[name] = texts.gettext("There is no such day, so it was left out.")
    since, last = days[_FROM], days[_TO]
    if since is not None and last is not None and last < since:
        errors[_TO] = texts.gettext("This day is before the first one, so it was left out.")
        last = None
    before = event_number(typed[_BEFORE])
    message = texts.gettext(lost) if typed[_BEFORE] and before is None else None
    understood = {
        choice.name: choice.parameter,
        _FROM: typed[_FROM] if since is not None else "",
        _TO: typed[_TO] if last is not None else "",
    }
    parameters = {name: value for name, value in understood.items() if value}
    form = {choice.name: choice.shown, **{name: "" if day is None else typed[name] for name, day in days.items()}}
    return Asked(since, None if last is None else last + DAY, before, parameters, form, errors, message)


def events_context(
    request: PageRequest, caller: Caller, path: str, asked: Asked, found: HistoryPage, places: Callable[[SecurityEvent], Sequence[Text]]
) -> dict[str, Any]:
    """What a template shows of a page of events. path: of the list. places: what stands below the title of an event."""
    reader = Reader(caller.account.id, caller.session.id, {factor.kind: factor.label for factor in request.factors}, found.people)

    def entry(event: SecurityEvent) -> dict[str, Any]:
        return {
            "title": event_title(request.texts, event.kind),
            "at": event.at,
            "places": places(event),
            "here": event.details.get("session") == reader.session_id,
            "facts": event_facts(request.texts, event, reader),
            "people": found.named_by(event),
        }

    return {
        "form": asked.form,
        "days": [
            {"at": day * DAY, "events": [entry(event) for event in events]}
            for day, events in groupby(found.events, lambda event: event.at // DAY)
        ],
        "filtered": bool(asked.parameters),
        "newest": None if asked.before is None else _address(path, asked.parameters),
        "older": None if found.older is None else _address(path, asked.parameters | {_BEFORE: str(found.older)}),
        "cut_short": found.is_cut_short,
    }


def _address(path: str, parameters: dict[str, str]) -> str:
    return "?".join(filter(None, (path, urlencode(parameters))))
