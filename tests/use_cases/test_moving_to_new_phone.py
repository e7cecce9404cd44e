"""Moving to a new phone: what it replaces, what becomes of the recovery codes, and moves that come to nothing."""

from collections.abc import Callable

import pytest
from sqlalchemy import func, select

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import events
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal
from xpressbot.identity.factors.recovery_codes.use_cases import KeepRefusal
from xpressbot.identity.factors.rules import Replacement
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import RECOVERY_CODE_SET

GONE = Denied(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR)
NO_ENROLMENT = Denied(EnrolmentRefusal.NO_ENROLMENT)
WRONG = Denied(ProofRefusal.WRONG_CODE)


@pytest.fixture
def tablet(codes: tuple[str, ...], app: AuthenticatorApp, visitor: UseCaseBrowser) -> AuthenticatorApp:
    """Anna's second app; her recovery codes are saved."""
    visitor.rename(visitor.apps()[""], "Phone")
    return visitor.add_app("Tablet")


def sees_codes(visitor: UseCaseBrowser) -> tuple[str, ...]:
    """The codes in force, revealed."""
    assert visitor.reveal() == Done()
    return visitor.codes()


def test_one_of_several_is_replaced_and_the_others_stay(
    installation: Installation,
    anna: Account,
    codes: tuple[str, ...],
    app: AuthenticatorApp,
    tablet: AuthenticatorApp,
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
) -> None:
    """The new one has the old one's name; codes of the old one are refused, those of the others are not."""
    kept = visitor.apps()["Tablet"]
    new = visitor.enable(replaces=visitor.apps()["Phone"])
    assert set(visitor.apps()) == {"Tablet", "Phone"}
    assert visitor.apps()["Tablet"] == kept
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["name"], event.details["backups_renewed"]) == (EventKind.AUTHENTICATOR_MOVED, "Phone", False)
    assert sees_codes(visitor) == codes
    other = new_visitor()
    other.begin()
    assert other.code(app.next_code()) == WRONG
    for phone in (new, tablet):
        other.sign_in(TotpCode(phone.next_code()))


def test_all_of_several_are_replaced_by_one_without_a_name(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A form that names none means all."""
    new = visitor.enable()
    assert list(visitor.apps()) == [""]
    other = new_visitor()
    other.begin()
    assert [other.code(old.code()) for old in (app, tablet)] == [WRONG, WRONG]
    assert isinstance(other.code(new.next_code()), SignedIn)


def test_the_only_app_is_replaced_and_its_name_goes_on(codes: tuple[str, ...], visitor: UseCaseBrowser) -> None:
    """Named or not, it is the same move: a second start shows the same secret."""
    visitor.rename(visitor.apps()[""], "Phone")
    old = visitor.apps()["Phone"]
    assert visitor.start(replaces=old).uri == visitor.start().uri
    visitor.enable(replaces=old)
    assert list(visitor.apps()) == ["Phone"]
    assert visitor.apps()["Phone"] != old


def test_a_lost_phone_takes_the_recovery_codes_with_it_at_the_confirmation(
    installation: Installation, anna: Account, codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Not before: until then the old ones count. Then the new ones do, and this session shows them."""
    new = visitor.start(lost=True)
    view = visitor.identity.two_factor.view(visitor.me)
    assert view is not None
    assert isinstance(view.plan, Replacement)
    assert (view.plan.renews_backups, view.moving) == (True, True)
    new_visitor().sign_in(canonical(codes[0]))
    assert visitor.shown_codes() is None
    outcome = visitor.confirm_enrolment(new.code())
    assert isinstance(outcome, InPlace)
    assert outcome.shows_backups
    renewed = visitor.codes()
    assert not set(renewed) & set(codes)
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["backups_renewed"], event.details["sessions_ended"]) == (EventKind.AUTHENTICATOR_MOVED, True, 1)
    other = new_visitor()
    other.begin()
    assert other.recovery_code(codes[1]) == WRONG
    assert isinstance(other.recovery_code(renewed[1]), SignedIn)
    assert visitor.keep_codes() == Done()
    assert visitor.shown_codes() is None


def test_what_was_guessed_at_before_holds_up_nothing_new(
    codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Tries at the old app and the old codes are forgotten with them: the new ones are good at once."""
    thief = new_visitor(address="203.0.113.9")
    for _ in range(5):
        thief.begin()
        thief.code("000000")
        thief.recovery_code("0000-0000-0000-0000")
    new = visitor.enable(lost=True)
    renewed = visitor.codes()
    other = new_visitor().sign_in(TotpCode(new.code(steps=1)))
    other.sign_in(canonical(renewed[0]))


def test_a_lost_phone_may_be_one_of_several(tablet: AuthenticatorApp, codes: tuple[str, ...], visitor: UseCaseBrowser) -> None:
    """The codes are renewed, the other app stays."""
    visitor.enable(replaces=visitor.apps()["Phone"], lost=True)
    assert set(visitor.apps()) == {"Tablet", "Phone"}
    assert not set(visitor.codes()) & set(codes)


def test_a_set_that_was_prepared_but_not_saved_goes_with_the_old_one(
    installation: Installation, codes: tuple[str, ...], visitor: UseCaseBrowser
) -> None:
    """Pressing "Continue" on its page, in another tab, can no longer put it in force."""
    visitor.regenerate()
    prepared = visitor.identity.recovery_codes.ledger(visitor.me)
    assert prepared is not None
    visitor.enable(lost=True)
    renewed = visitor.codes()
    assert visitor.keep_codes(prepared.code_set.id) == Denied(KeepRefusal.CODES_NOT_KEPT)
    assert visitor.codes() == renewed
    with installation.services.database.read() as connection:
        assert connection.execute(select(func.count()).select_from(RECOVERY_CODE_SET)).scalar_one() == 1


def test_nothing_is_lost_while_2fa_is_off(visitor: UseCaseBrowser) -> None:
    """The first set-up is no move, whatever the form says."""
    visitor.sign_in()
    new = visitor.start(lost=True)
    view = visitor.identity.two_factor.view(visitor.me)
    assert view is not None
    assert isinstance(view.plan, Replacement)
    assert (view.plan.renews_backups, view.moving) == (False, False)
    assert isinstance(visitor.confirm_enrolment(new.code()), InPlace)


@pytest.mark.parametrize("app_id", ["0" * 32, "x" * 10_000, "\x00", "' OR 1=1 --"])
def test_an_app_that_is_none_of_theirs_is_not_replaced(tablet: AuthenticatorApp, visitor: UseCaseBrowser, app_id: str) -> None:
    """No secret is drawn."""
    assert visitor.identity.two_factor.start(visitor.me, Totp.name, replaces=app_id) == GONE
    assert visitor.identity.two_factor.view(visitor.me) is None


def test_no_account_replaces_another_accounts_app(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Knowing its id is not enough (ASVS 8.2.2); nor does it help while one's own 2FA is off."""
    installation.add_account("berta@example.com", "Berta")
    berta = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    annas = visitor.apps()[""]
    for _state in ("off", "on"):
        assert berta.identity.two_factor.start(berta.me, Totp.name, replaces=annas) == GONE
        berta.enable()
    new_visitor().sign_in(TotpCode(app.next_code()))


def test_a_move_that_is_abandoned_changes_nothing(
    codes: tuple[str, ...],
    app: AuthenticatorApp,
    tablet: AuthenticatorApp,
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
) -> None:
    """Its ten minutes pass, and with them its secret; apps and codes are as before."""
    before = visitor.apps()
    new = visitor.start(lost=True)
    visitor.clock.advance(minutes=10)
    assert visitor.confirm_enrolment(new.code()) == NO_ENROLMENT
    assert visitor.apps() == before
    for factor in (TotpCode(app.code()), TotpCode(tablet.code()), canonical(codes[3])):
        new_visitor().sign_in(factor)


def test_two_tabs_with_the_same_answers_show_the_same_secret(tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Whichever is confirmed, the phone that scanned either is the new one."""
    phone = visitor.apps()["Phone"]
    first, second = visitor.start(replaces=phone, lost=True), visitor.start(replaces=phone, lost=True)
    assert first.uri == second.uri
    assert isinstance(visitor.confirm_enrolment(first.code()), InPlace)


@pytest.mark.parametrize("other_plan", ["lost", "another app", "all", "one more"])
def test_another_plan_in_a_second_tab_makes_the_first_tabs_code_void(
    tablet: AuthenticatorApp, visitor: UseCaseBrowser, other_plan: str
) -> None:
    """A code proves what the page beside it said would happen, and nothing else."""
    apps = visitor.apps()
    first = visitor.start(replaces=apps["Phone"])
    match other_plan:
        case "lost":
            second = visitor.start(replaces=apps["Phone"], lost=True)
        case "another app":
            second = visitor.start(replaces=apps["Tablet"])
        case "all":
            second = visitor.start()
        case _:
            second = visitor.start_adding("Work phone")
    refusal = visitor.confirm_enrolment(first.code())
    assert isinstance(refusal, Denied)
    assert (refusal.reason, visitor.apps()) == (ProofRefusal.WRONG_CODE, apps)
    assert isinstance(visitor.confirm_enrolment(second.code()), InPlace)


@pytest.mark.parametrize("ending", ["signed out", "idle"])
def test_a_move_ends_with_its_session(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser], ending: str
) -> None:
    """A code that comes too late changes nothing, also when the request was under way."""
    new, me, before = visitor.start(lost=True), visitor.me, visitor.apps()
    if ending == "idle":
        # An enrolment lives shorter than a session may rest, so that only the last minutes of the session matter.
        visitor.clock.advance(minutes=55)
        other = new_visitor().sign_in(TotpCode(app.code()))
        assert visitor.identity.two_factor.confirm(me, TotpCode(new.code())) == NO_ENROLMENT
    else:
        visitor.identity.sessions.sign_out(me)
        other = new_visitor().sign_in(TotpCode(app.next_code()))
        assert visitor.identity.two_factor.confirm(me, TotpCode(new.code())) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert other.apps() == before


def test_of_two_sessions_that_move_at_once_the_first_to_prove_a_code_has_it(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The other is signed out, and its new phone is none."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    others, me = other.start(), other.me
    mine = visitor.enable(lost=True)
    assert other.caller is None
    assert other.identity.two_factor.confirm(me, TotpCode(others.code())) == Denied(SessionRefusal.NOT_SIGNED_IN)
    other.begin()
    assert other.code(others.next_code()) == WRONG
    assert isinstance(other.code(mine.code()), SignedIn)


def test_confirming_a_move_twice_moves_once(codes: tuple[str, ...], visitor: UseCaseBrowser) -> None:
    """The other half of a double click changes neither app nor codes again."""
    new = visitor.start(lost=True)
    code = new.code()
    visitor.confirm_enrolment(code)
    renewed = visitor.codes()
    assert visitor.confirm_enrolment(code) == NO_ENROLMENT
    assert visitor.codes() == renewed


@pytest.fixture
def recovered(tablet: AuthenticatorApp, codes: tuple[str, ...], new_visitor: Callable[..., UseCaseBrowser]) -> UseCaseBrowser:
    """A browser that came in with a recovery code seven minutes ago."""
    recovered = new_visitor().sign_in(canonical(codes[0]))
    recovered.clock.advance(minutes=7)
    return recovered


def grant(visitor: UseCaseBrowser) -> bool:
    """Whether this session may repair the account without further proof."""
    return visitor.identity.account_page.settings(visitor.me).protection.recovery_session


def test_a_recovery_session_moves_without_further_proof_and_that_ends_the_grant(recovered: UseCaseBrowser, codes: tuple[str, ...]) -> None:
    """Half an hour; the app is as good as proven by then, and what the code opened is closed."""
    recovered.clock.advance(minutes=22)
    recovered.enable(replaces=recovered.apps()["Phone"], lost=True)
    assert not set(recovered.codes()) & set(codes)
    assert (grant(recovered), recovered.me.session.amr) == (False, frozenset({"pwd", "otp"}))


def test_a_recovery_session_adds_and_removes_only_with_a_fresh_proof(recovered: UseCaseBrowser) -> None:
    """Another app is no repair."""
    assert recovered.add("Work phone") == recovered.remove(recovered.apps()["Tablet"]) == StepUpRequired()


def test_adding_leaves_the_grant_and_removing_ends_it(recovered: UseCaseBrowser, codes: tuple[str, ...]) -> None:
    """With one app more the lost phone is still to be replaced; with the lost one removed, nothing is left to repair."""
    recovered.confirm(factor=canonical(codes[1]))
    recovered.add_app("Work phone")
    assert grant(recovered)
    assert recovered.me.session.amr == frozenset({"pwd", "otp", "recovery_code"})
    assert isinstance(recovered.remove(recovered.apps()["Tablet"]), SessionRenewed)
    assert not grant(recovered)


def test_with_an_app_proven_in_a_recovery_session_its_step_up_asks_for_a_code_again(
    recovered: UseCaseBrowser, codes: tuple[str, ...]
) -> None:
    """The password alone was enough only while there was nothing else left to give."""
    for code in codes[2:]:
        recovered.confirm(factor=canonical(code))
    recovered.confirm(factor=canonical(codes[1]))
    assert not recovered.identity.step_up.factors_needed(recovered.me).second_factor
    recovered.add_app("Work phone")
    assert recovered.identity.step_up.factors_needed(recovered.me).second_factor
