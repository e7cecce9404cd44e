"""Recovery codes: the masked ledger, showing, saving and replacing them."""

from typing import Any, Final

from starlette.responses import PlainTextResponse, Response

from xpressbot.entrypoints.http.forms import USED_MARK, parse_recovery_code, recovery_code_problem
from xpressbot.entrypoints.http.installation_name import InstallationName
from xpressbot.entrypoints.http.paths import CODES_PATH, SETTINGS_PATH
from xpressbot.entrypoints.http.rendering import browser_name
from xpressbot.entrypoints.http.routing import Page, SignedInPage
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.entrypoints.http.wording import codes_notice
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.recovery_codes import Ledger, Showing
from xpressbot.identity.domain.outcomes import Denied, Done, Raised, Reason, StepUpRequired
from xpressbot.identity.domain.recovery_code import CODES_IN_A_SET, SavedCode

_MASK: Final = "••••-••••-••••-••••"
_TEMPLATE: Final = "recovery_codes.html"
_CHECKED: Final = {
    SavedCode.GOOD: _("This code is good. It was not used by checking it."),
    SavedCode.USED: _("This code was yours and is used up. Cross it out."),
    SavedCode.UNKNOWN: _(
        "This is none of your codes. If it stands on your paper, that paper holds an old set: make new codes and save those."
    ),
}
_FRESH: Final = {Showing.FIRST: "first", Showing.REPLACEMENT: "replacement", Showing.AGAIN: None}


def show_codes(visit: Visit, caller: Caller) -> Response:
    """The ledger; the codes themselves while this session may see them."""
    ledger = visit.identity.recovery_codes.ledger(caller)
    if ledger is None:
        return redirect(SETTINGS_PATH)
    message = codes_notice(visit.request.query_params.get("reason", ""))
    return visit.page(_TEMPLATE, caller.account, message=message, **_context(visit, ledger))


def check(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Tell what a saved code is worth."""
    ledger = visit.identity.recovery_codes.ledger(caller)
    if ledger is None:
        return redirect(SETTINGS_PATH)
    code = parse_recovery_code(visit.form["code"])
    if code is None:
        return visit.invalid(_TEMPLATE, caller.account, {"code": recovery_code_problem(visit.form["code"])}, **_context(visit, ledger))
    outcome = visit.identity.recovery_codes.check(caller, code)
    visit.counts.throttled(outcome)
    match outcome:
        case SavedCode():
            return visit.page(
                _TEMPLATE, caller.account, **_context(visit, ledger) | {"checked": _CHECKED[outcome], "is_good": outcome is SavedCode.GOOD}
            )
        case Denied(Reason.THROTTLED):
            return visit.refused(_TEMPLATE, caller.account, outcome, **_context(visit, ledger))
        case _:
            return outcome


def reveal(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Show the codes in this session."""
    outcome = visit.identity.recovery_codes.reveal(caller)
    return redirect(CODES_PATH) if isinstance(outcome, Done) else outcome


def regenerate(visit: Visit, caller: Caller) -> Response | Denied | StepUpRequired:
    """Prepare a new set and show it."""
    outcome = visit.identity.recovery_codes.regenerate(caller)
    return redirect(CODES_PATH) if isinstance(outcome, Done) else outcome


def keep(visit: Visit, caller: Caller) -> Response | Denied:
    """The codes are saved."""
    outcome = visit.identity.recovery_codes.keep(caller, visit.form["set"])
    match outcome:
        case Denied(Reason.CODES_NOT_KEPT):
            return redirect(f"{CODES_PATH}?reason={outcome.reason}")
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
    name = InstallationName.of(visit.site.house.settings)
    lines = [
        _("XpressBot recovery codes for %(email)s at %(place)s") % {"email": caller.account.email, "place": name.address},
        _("Each code signs you in once if you lose your phone. Keep them in a safe place, away from the phone."),
        "",
        *(f"{position:2}. {code}{'  ' + _('(used)') if position in used else ''}" for position, code in enumerate(ledger.shown, start=1)),
        "",
    ]
    return PlainTextResponse(
        "\r\n".join(lines), headers={"Content-Disposition": f'attachment; filename="xpressbot-recovery-codes{name.in_files}.txt"'}
    )


def _context(visit: Visit, ledger: Ledger) -> dict[str, Any]:
    return {
        "codes": ledger.shown,
        "place": InstallationName.of(visit.site.house.settings).address,
        "set_id": ledger.code_set.id,
        "fresh": None if ledger.showing is None else _FRESH[ledger.showing],
        "ledger": _rows(ledger),
        "used_mark": USED_MARK,
        "viewable": ledger.viewable,
        "codes_left": ledger.code_set.unused,
        "codes_total": CODES_IN_A_SET,
        "checked": None,
        "is_good": False,
    }


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
    SignedInPage("POST", f"{CODES_PATH}/check", check, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/download", download, returns_to=CODES_PATH),
]
