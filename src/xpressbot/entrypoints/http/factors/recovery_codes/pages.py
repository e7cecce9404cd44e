"""Recovery codes: the masked ledger, showing, saving and replacing them."""

from typing import Any, Final, assert_never

from starlette.responses import PlainTextResponse, Response

from xpressbot.entrypoints.http.factors.recovery_codes.presentation import USED_MARK, RecoveryCodePresentation
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import CODES_PATH, SETTINGS_PATH
from xpressbot.entrypoints.http.rendering import language_headers
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage, not_protected
from xpressbot.entrypoints.messages.formatting import browser_name
from xpressbot.entrypoints.messages.redirect_reasons import reason_text_of
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.installation_name import InstallationName
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.factors.recovery_codes.rules import CODES_IN_A_SET, FEW_CODES, SavedCode
from xpressbot.identity.factors.recovery_codes.use_cases import KeepRefusal, Ledger, RevealRefusal, Showing
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

_MASK: Final = "••••-••••-••••-••••"
_TEMPLATE: Final = "recovery_codes/recovery_codes.html"
_FIELD: Final = RecoveryCodePresentation()
_CHECKED: Final = {
    SavedCode.GOOD: N_("This code works. Checking did not use it up."),
    SavedCode.USED: N_("This code was used. Cross it out on your list."),
    SavedCode.UNKNOWN: N_("Not one of your recovery codes. If it is on your list, the list is old: make new codes and save those."),
}
_NOTICE: Final = reason_text_of(
    **{
        RevealRefusal.NOT_VIEWABLE: N_("This XpressBot shows recovery codes only once. Make a new set instead."),
        KeepRefusal.CODES_NOT_KEPT: N_(
            "The new codes do not work: they were shown too long ago, or you made newer ones in another tab. The codes for which you last"
            ' pressed "Continue" work. If you do not have those, make new codes and save them.'
        ),
    }
)
_FRESH: Final = {Showing.FIRST: "first", Showing.REPLACEMENT: "replacement", Showing.AGAIN: None}


def show_codes(request: PageRequest, caller: Caller) -> Response:
    """The ledger; the codes themselves while this session may see them."""
    ledger = request.identity.recovery_codes.ledger(caller)
    if ledger is None:
        return redirect(SETTINGS_PATH)
    message = _NOTICE(request.texts, request.query("reason"))
    return request.page(_TEMPLATE, caller.account, message=message, **_context(request, ledger))


def check(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Tell what a saved code is worth."""
    ledger = request.identity.recovery_codes.ledger(caller)
    if ledger is None:
        return redirect(SETTINGS_PATH)
    code = _FIELD.parse(request.proof_form)
    if code is None:
        return request.invalid(_TEMPLATE, caller.account, _FIELD.problem(request.proof_form), **_context(request, ledger))
    outcome = request.identity.recovery_codes.check(caller, code)
    request.metrics.throttled(outcome)
    match outcome:
        case SavedCode():
            return request.page(
                _TEMPLATE,
                caller.account,
                **_context(request, ledger) | {"checked": request.texts.gettext(_CHECKED[outcome]), "is_good": outcome is SavedCode.GOOD},
            )
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_checked(request, caller, ledger, outcome)
        case unknown:
            assert_never(unknown)


def _not_checked(request: PageRequest, caller: Caller, ledger: Ledger, denied: Denied[SessionRefusal | ThrottleRefusal]) -> SignedInOutcome:
    match denied.reason:
        case ThrottleRefusal() as reason:
            return request.refused(_TEMPLATE, caller.account, denied.narrowed(reason), **_context(request, ledger))
        case SessionRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def reveal(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Show the codes in this session."""
    outcome = request.identity.recovery_codes.reveal(caller)
    match outcome:
        case Done():
            return redirect(CODES_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_revealed(outcome)
        case unknown:
            assert_never(unknown)


def _not_revealed(denied: Denied[SessionRefusal | ProtectionRefusal | RevealRefusal]) -> SignedInOutcome:
    match denied.reason:
        case RevealRefusal.NOT_VIEWABLE as reason:
            return redirect(f"{CODES_PATH}?reason={reason}")
        case SessionRefusal() | ProtectionRefusal() as reason:
            return not_protected(denied.narrowed(reason))
        case unknown:
            assert_never(unknown)


def regenerate(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Prepare a new set and show it."""
    outcome = request.identity.recovery_codes.regenerate(caller)
    match outcome:
        case Done():
            return redirect(CODES_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return not_protected(outcome)
        case unknown:
            assert_never(unknown)


def keep(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The codes are saved."""
    outcome = request.identity.recovery_codes.keep(caller, request.form["set"])
    match outcome:
        case SessionRenewed():
            return request.renewed(outcome, SETTINGS_PATH)
        case Done():
            return redirect(SETTINGS_PATH)
        case StepUpRequired():
            return outcome
        case Denied():
            return _not_kept(outcome)
        case unknown:
            assert_never(unknown)


def _not_kept(denied: Denied[SessionRefusal | ProtectionRefusal | KeepRefusal]) -> SignedInOutcome:
    match denied.reason:
        case KeepRefusal.CODES_NOT_KEPT as reason:
            return redirect(f"{CODES_PATH}?reason={reason}")
        case SessionRefusal() | ProtectionRefusal() as reason:
            return not_protected(denied.narrowed(reason))
        case unknown:
            assert_never(unknown)


def download(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """The codes as a text file."""
    ledger = request.identity.recovery_codes.ledger(caller)
    if ledger is None or ledger.shown is None:
        return reveal(request, caller)
    used = {code.position for code in ledger.code_set.codes if code.used_at is not None}
    name = InstallationName.of(request.site.services.settings)
    texts, mark = request.texts, f"  ({request.texts.gettext(USED_MARK)})"
    lines = [
        texts.gettext("XpressBot recovery codes for %(email)s at %(place)s") % {"email": caller.account.email, "place": name.address},
        texts.gettext("Each code signs you in once if you lose your phone. Keep them in a safe place, away from the phone."),
        "",
        *(f"{position:2}. {code}{mark if position in used else ''}" for position, code in enumerate(ledger.shown, start=1)),
        "",
    ]
    as_file = {"Content-Disposition": f'attachment; filename="xpressbot-recovery-codes{name.in_files}.txt"'}
    return PlainTextResponse("\r\n".join(lines), headers=as_file | language_headers(texts))


def _context(request: PageRequest, ledger: Ledger) -> dict[str, Any]:
    return {
        "codes": ledger.shown,
        "place": InstallationName.of(request.site.services.settings).address,
        "set_id": ledger.code_set.id,
        "fresh": None if ledger.showing is None else _FRESH[ledger.showing],
        "ledger": _rows(request.texts, ledger),
        "used_mark": request.texts.gettext(USED_MARK),
        "viewable": ledger.viewable,
        "codes_left": ledger.code_set.unused,
        "codes_total": CODES_IN_A_SET,
        "codes_are_few": ledger.code_set.unused <= FEW_CODES,
        "checked": None,
        "is_good": False,
    }


def _rows(texts: Texts, ledger: Ledger) -> list[dict[str, object]]:
    return [
        {
            "position": code.position,
            "hint": _MASK,
            "used_at": code.used_at,
            "used_browser": browser_name(texts, code.used_agent) if code.used_agent else None,
        }
        for code in ledger.code_set.codes
    ]


PAGES: Final[list[Page]] = [
    SignedInPage("GET", CODES_PATH, Action.VIEW_ACCOUNT, show_codes),
    SignedInPage("POST", f"{CODES_PATH}/reveal", Action.REVEAL_BACKUPS, reveal, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/regenerate", Action.REGENERATE_BACKUPS, regenerate, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/continue", Action.KEEP_BACKUPS, keep, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/check", Action.CHECK_BACKUP, check, returns_to=CODES_PATH),
    SignedInPage("POST", f"{CODES_PATH}/download", Action.REVEAL_BACKUPS, download, returns_to=CODES_PATH),
]
