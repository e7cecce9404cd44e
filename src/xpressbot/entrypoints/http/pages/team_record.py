"""The team's record: its security events in words, by member and day, and as a file."""

from collections.abc import Sequence
from typing import Any, Final, assert_never

from markupsafe import escape
from starlette.responses import StreamingResponse

from xpressbot.entrypoints.http.event_list import Asked, Choice, events_context, nothing_asked, read_address
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import RECORD_PATH
from xpressbot.entrypoints.http.record_file import record_file
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.formatting import Text, as_is
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.history import HistoryPage
from xpressbot.identity.audit.rules.event import OPERATOR, SecurityEvent
from xpressbot.identity.audit.rules.history import HistoryFilter
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.team.record import RecordExport
from xpressbot.identity.throttling.charges import ThrottleRefusal

_TEMPLATE: Final = "team_record.html"
_EXPORT_PATH: Final = f"{RECORD_PATH}/export"
_MEMBER: Final = "member"
_LOST: Final = N_("There is no such page of the record. These are the newest events.")


def show_record(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """One page of events. What of the address is malformed is left out, and said so with 422."""
    typed = request.query(_MEMBER)
    member = request.identity.team_record.find(caller, typed) if typed else None
    if isinstance(member, Denied):
        return member
    error = request.texts.gettext("Nobody in the team has this address, so the events of all are shown.")
    choice = Choice(_MEMBER, typed, "", error) if typed and member is None else Choice(_MEMBER, "", "" if member is None else member.id)
    asked = read_address(request, choice, _LOST)
    context = _context(request, caller, asked, member)
    if isinstance(context, Denied):
        return context
    return request.page(_TEMPLATE, caller.account, status=asked.status, errors=asked.errors, message=asked.message, **context)


def export(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The whole record, as a file that is sent while it is read."""
    record, services = request.identity.team_record, request.site.services
    outcome = record.export(caller)
    match outcome:
        case RecordExport():
            place = InstallationName.of(services.settings)
            as_file = {"Content-Disposition": f'attachment; filename="xpressbot-team-record{place.in_files}.jsonl"'}
            document = record_file(outcome, place.address, record, services.pools.page)
            return StreamingResponse(document, media_type="application/jsonl", headers=as_file)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_exported(request, caller, outcome)
        case unknown:
            assert_never(unknown)


def _not_exported(request: PageRequest, caller: Caller, denied: Denied[SessionRefusal | ThrottleRefusal]) -> SignedInOutcome:
    match denied.reason:
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case ThrottleRefusal() as reason:
            context = _context(request, caller, nothing_asked(Choice(_MEMBER, "")), None)
            if isinstance(context, Denied):
                return context
            return request.throttled(_TEMPLATE, caller.account, denied.narrowed(reason), **context)
        case unknown:
            assert_never(unknown)


def _context(request: PageRequest, caller: Caller, asked: Asked, member: Account | None) -> dict[str, Any] | Denied[SessionRefusal]:
    account_id = None if member is None else member.id
    found = request.identity.team_record.page(caller, HistoryFilter(None, asked.since, asked.until, account_id), asked.before)
    if isinstance(found, Denied):
        return found

    def places(event: SecurityEvent) -> Sequence[Text]:
        return _people(request.texts, event, found)

    return events_context(request, caller, RECORD_PATH, asked, found, places) | {"member": member}


def _people(texts: Texts, event: SecurityEvent, found: HistoryPage) -> Sequence[Text]:
    """Whom an event is about, and who did it, where that is somebody else."""
    about, actor = (found.people.get(one or "") for one in (event.target, event.actor))
    words: list[Text] = [] if about is None else [as_is(about.name)]
    if event.actor == OPERATOR:
        words.append(texts.gettext("by the operator"))
    elif actor is not None and actor != about:
        words.append(escape(texts.gettext("by %(name)s")) % {"name": as_is(actor.name)})
    return words


PAGES: Final[list[Page]] = [
    SignedInPage("GET", RECORD_PATH, Action.VIEW_TEAM_RECORD, show_record),
    SignedInPage("POST", _EXPORT_PATH, Action.EXPORT_TEAM_RECORD, export, returns_to=RECORD_PATH),
]
