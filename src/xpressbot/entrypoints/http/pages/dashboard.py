"""The dashboard: protection, notices, recent activity, and for the owner what is wrong with the installation."""

from collections.abc import Iterable
from itertools import groupby
from typing import Any, Final

from starlette.responses import Response

from xpressbot.entrypoints.check_up import CheckUpResult
from xpressbot.entrypoints.http.paths import HOME_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.entrypoints.http.wording import EVENT_TITLES, notice_detail, where
from xpressbot.entrypoints.wording.findings import SEVERITIES, advice
from xpressbot.foundation.diagnosis.findings import Check, Severity
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.domain.security_event import SecurityEvent

_MAX_SEQ_DIGITS: Final = 9


def show_dashboard(visit: Visit, caller: Caller) -> Response:
    """The first page after signing in."""
    dashboard = visit.identity.account_page.dashboard(caller)
    return visit.page(
        "dashboard.html",
        caller.account,
        protected=dashboard.protection.on,
        codes_left=dashboard.protection.codes_left,
        recovery_session=dashboard.protection.recovery_session,
        notices=_notices(dashboard.notices),
        notices_seq=max((event.seq for event in dashboard.notices), default=0),
        activity=[_entry(event) for event in dashboard.activity],
        installation=_installation(visit.site.house.check_up.last()) if dashboard.owner else None,
    )


def acknowledge_notices(visit: Visit, caller: Caller) -> Response:
    """The person has read the notices."""
    seq = visit.form["seq"]
    if seq.isascii() and seq.isdigit() and len(seq) <= _MAX_SEQ_DIGITS:
        visit.identity.account_page.acknowledge(caller, int(seq))
    return redirect(HOME_PATH)


def _entry(event: SecurityEvent) -> dict[str, Any]:
    browser, address = where(event)
    return {"title": EVENT_TITLES[event.kind], "at": event.at, "browser": browser, "address": address}


def _notices(events: Iterable[SecurityEvent]) -> list[dict[str, Any]]:
    """One line for a run of the same event from the same place, with the newest of them."""
    runs = (list(run) for _place, run in groupby(events, key=lambda event: (event.kind, *where(event))))
    return [_entry(run[0]) | {"detail": notice_detail(run[0]), "count": len(run)} for run in runs]


def _installation(examined: CheckUpResult | None) -> dict[str, Any]:
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
            {"advice": advice(finding), "error": finding.severity is Severity.ERROR, "severity": SEVERITIES[finding.severity]}
            for finding in calling
        ],
    }


PAGES: Final[list[Page]] = [
    SignedInPage("GET", HOME_PATH, show_dashboard),
    SignedInPage("POST", "/notices/seen", acknowledge_notices, returns_to=HOME_PATH),
]
