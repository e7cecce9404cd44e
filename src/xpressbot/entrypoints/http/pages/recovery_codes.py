"""Recovery codes: the masked ledger, showing, saving and replacing them."""

from typing import Final

from starlette.responses import PlainTextResponse, Response

from xpressbot.entrypoints.http.rendering import browser_name
from xpressbot.entrypoints.http.routing import SETTINGS_PATH, Page, SignedInPage
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.recovery_codes import Ledger, Showing
from xpressbot.identity.domain.outcomes import Denied, Done, Raised, StepUpRequired
from xpressbot.identity.domain.recovery_code import CODES_IN_A_SET

CODES_PATH: Final = "/account/2fa/recovery-codes"
_MASK: Final = "••••-••••-••••-••••"
_FRESH: Final = {Showing.FIRST: "first", Showing.REPLACEMENT: "replacement", Showing.AGAIN: None}


def show_codes(visit: Visit, caller: Caller) -> Response:
    """The ledger; the codes themselves while this session may see them."""
    ledger = visit.identity.recovery_codes.ledger(caller)
    if ledger is None:
        return redirect(SETTINGS_PATH)
    return visit.page(
        "recovery_codes.html",
        caller.account,
        codes=ledger.shown,
        fresh=None if ledger.showing is None else _FRESH[ledger.showing],
        ledger=_rows(ledger),
        viewable=ledger.viewable,
        codes_left=ledger.code_set.unused,
        codes_total=CODES_IN_A_SET,
    )


def reveal(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Show the codes in this session."""
    outcome = visit.identity.recovery_codes.reveal(caller)
    return redirect(CODES_PATH) if isinstance(outcome, Done) else outcome


def regenerate(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Prepare a new set and show it."""
    outcome = visit.identity.recovery_codes.regenerate(caller)
    return redirect(CODES_PATH) if isinstance(outcome, Done) else outcome


def keep(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """The codes are saved."""
    outcome = visit.identity.recovery_codes.keep(caller)
    match outcome:
        case Raised():
            return visit.raised(outcome, SETTINGS_PATH)
        case Done():
            return redirect(SETTINGS_PATH)
        case _:
            return outcome


def download(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """The codes as a text file."""
    ledger = visit.identity.recovery_codes.ledger(caller)
    if ledger is None or ledger.shown is None:
        outcome = visit.identity.recovery_codes.reveal(caller)
        if not isinstance(outcome, Done):
            return outcome
        return redirect(CODES_PATH)
    used = {code.position for code in ledger.code_set.codes if code.used_at is not None}
    lines = [
        _("XpressBot recovery codes for %(email)s") % {"email": caller.account.email},
        _("Each code signs you in once if you lose your phone. Keep them in a safe place, away from the phone."),
        "",
        *(f"{position:2}. {code}{'  ' + _('(used)') if position in used else ''}" for position, code in enumerate(ledger.shown, start=1)),
        "",
    ]
    return PlainTextResponse("\r\n".join(lines), headers={"Content-Disposition": 'attachment; filename="xpressbot-recovery-codes.txt"'})


def _rows(ledger: Ledger) -> list[dict[str, object]]:
    return [
        {
            "position": code.position,
            "hint": _MASK,
            "used_at": code.used_at,
            "used_browser": browser_name(code.used_agent) if code.used_agent else None,
        }
        for code in ledger.code_set.codes
    ]


PAGES: Final[list[Page]] = [
    SignedInPage("GET", CODES_PATH, show_codes),
    SignedInPage("POST", f"{CODES_PATH}/reveal", reveal, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/regenerate", regenerate, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/continue", keep, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/download", download, returns_to=CODES_PATH),
]
