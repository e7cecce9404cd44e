"""The dashboard: protection, notices, recent activity, and for the owner what is wrong with the installation."""

import re
from typing import Any, Final

from markupsafe import Markup, escape
from starlette.responses import Response

from xpressbot.diagnostics.background_check import CheckResult
from xpressbot.diagnostics.findings import Check, Finding, Severity
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import HOME_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.messages.addresses import listed_address
from xpressbot.entrypoints.messages.findings import SEVERITIES, advice
from xpressbot.entrypoints.messages.formatting import as_is
from xpressbot.entrypoints.messages.wording import event_title, notice_detail, where
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.audit.rules.notice import Notice, Shown
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.sessions.caller import Caller

_SHOWN: Final = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
_COUNTED_IN_WORDS: Final = frozenset({EventKind.PASSWORD_GUESSING, EventKind.STOPPED_AT_SECOND_FACTOR})


def show_dashboard(request: PageRequest, caller: Caller) -> Response:
    """The first page after signing in."""
    dashboard = request.identity.account_page.dashboard(caller)
    return request.page(
        "dashboard.html",
        caller.account,
        protected=dashboard.protection.on,
        codes_left=dashboard.protection.codes_left,
        recovery_session=dashboard.protection.recovery_session,
        notices=[_notice(notice) for notice in dashboard.notices],
        more_notices=dashboard.more_notices,
        notices_shown=" ".join(f"{shown.first_seq}-{shown.last_seq}" for shown in (notice.as_shown for notice in dashboard.notices)),
        read=[_notice(notice) for notice in dashboard.read],
        activity=[_entry(event) for event in dashboard.activity],
        installation=_installation(request.site.services.background_check.last()) if dashboard.owner else None,
    )


def acknowledge_notices(request: PageRequest, caller: Caller) -> Response | Denied:
    """The person has read the notices that the page named."""
    shown = [Shown(int(one[1]), int(one[2])) for word in request.form["shown"].split() if (one := _SHOWN.fullmatch(word))]
    outcome = request.identity.account_page.acknowledge(caller, shown) if shown else Done()
    return redirect(HOME_PATH) if isinstance(outcome, Done) else outcome


def _entry(event: SecurityEvent) -> dict[str, Any]:
    browser, address = where(event)
    return {"title": event_title(event.kind), "at": event.at, "browser": browser, "address": address}


def _notice(notice: Notice) -> dict[str, Any]:
    """One line, with place and time of the newest of its events."""
    return _entry(notice.last) | {
        "title": event_title(notice.kind),
        "detail": notice_detail(notice),
        "count": 1 if notice.kind in _COUNTED_IN_WORDS else notice.count,
        "several_places": notice.several_places,
    }


def _installation(examined: CheckResult | None) -> dict[str, Any]:
    """What calls for the owner, errors first, and how much was looked at; `at` is None before the first examination."""
    if examined is None:
        return {"at": None}
    secrets = next((finding.facts for finding in examined.findings if finding.check is Check.SEALED_SECRETS), {})
    calling = [finding for finding in examined.findings if finding.severity in {Severity.WARNING, Severity.ERROR}]
    calling.sort(key=lambda finding: finding.severity is not Severity.ERROR)
    return {
        "at": examined.at,
        "tried": secrets.get("tried"),
        "stored": secrets.get("stored"),
        "findings": [
            {
                "advice": advice(finding),
                "what": _what(finding),
                "error": finding.severity is Severity.ERROR,
                "severity": SEVERITIES[finding.severity],
            }
            for finding in calling
        ],
    }


def _what(finding: Finding) -> Markup:
    """What a finding says, with the addresses in it as they are."""
    what = advice(finding).what
    addresses = sorted((listed_address(account["email"]) for account in finding.facts.get("accounts", ())), key=len, reverse=True)
    if not addresses:
        return escape(what)
    parts = re.split(f"({'|'.join(map(re.escape, addresses))})", what)
    return Markup().join(as_is(part) if number % 2 else escape(part) for number, part in enumerate(parts))


PAGES: Final[list[Page]] = [
    SignedInPage("GET", HOME_PATH, show_dashboard),
    SignedInPage("POST", "/notices/seen", acknowledge_notices, returns_to=HOME_PATH),
]
