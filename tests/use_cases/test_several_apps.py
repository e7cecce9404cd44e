"""Several authenticator apps: any of them is a second factor, and each has a memory of its own for used codes."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import events, kinds, statements
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.times import SECOND
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.authenticators import AddRefusal
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.factors.rules import MOST_PER_ACCOUNT
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.sessions.gate import SessionRefusal

NO_ENROLMENT = Denied(EnrolmentRefusal.NO_ENROLMENT)
TOO_MANY = Denied(AddRefusal.TOO_MANY_AUTHENTICATORS)
WRONG = Denied(ProofRefusal.WRONG_CODE)


@pytest.fixture
def tablet(app: AuthenticatorApp, visitor: UseCaseBrowser) -> AuthenticatorApp:
    """Anna's second app, added a moment ago."""
    return visitor.add_app("Tablet")


@pytest.fixture
def five(app: AuthenticatorApp, visitor: UseCaseBrowser) -> list[AuthenticatorApp]:
    """As many apps as there can be, and their enrolment codes past."""
    apps = [app, *(visitor.add_app(f"App {number}") for number in range(2, MOST_PER_ACCOUNT + 1))]
    visitor.clock.advance(minutes=2)
    return apps


def used(seconds: int, visitor: UseCaseBrowser) -> Denied[Reason]:
    return Denied(ProofRefusal.CODE_ALREADY_USED, retry_at=visitor.clock.now() + seconds * SECOND)


def test_any_app_signs_in_and_steps_up(five: list[AuthenticatorApp], new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """None of five comes first; the session is the same whichever it was."""
    for app in five:
        other = new_visitor().sign_in(TotpCode(app.next_code()))
        assert (other.me.session.amr, other.me.session.aal) == (frozenset({"pwd", "otp"}), 2)
        assert isinstance(other.confirm(factor=TotpCode(app.next_code())), SessionRenewed)


def test_a_sign_in_with_the_last_of_five_takes_no_statement_more(
    installation: Installation, visitor: UseCaseBrowser, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Looking through the others costs arithmetic alone."""

    def sent_for(phone: AuthenticatorApp) -> int:
        browser = new_visitor()
        browser.begin()
        code = phone.next_code()
        with statements(installation) as sent:
            assert isinstance(browser.code(code), SignedIn)
        return len(sent)

    visitor.keep_codes()
    alone = sent_for(app)
    last = [visitor.add_app(f"App {number}") for number in range(2, MOST_PER_ACCOUNT + 1)][-1]
    again = sent_for(app)
    assert sent_for(last) == again
    assert alone <= 21


def test_a_code_used_of_one_app_leaves_the_others_as_they_are(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """In one time step each app is good for one sign-in, and says when its own next code comes."""
    codes = [app.next_code(), tablet.code()]
    before = {listed.name: listed.last_used_at for listed in visitor.identity.authenticators.listed(visitor.me)}
    browsers = [new_visitor().sign_in(TotpCode(codes[0]))]
    after = {listed.name: listed.last_used_at for listed in visitor.identity.authenticators.listed(visitor.me)}
    assert after == before | {"": visitor.clock.now()}
    browsers.append(new_visitor().sign_in(TotpCode(codes[1])))
    for browser in browsers:
        browser.begin()
        assert [browser.code(code) for code in codes] == [used(10, browser)] * 2


def test_an_app_that_has_used_a_later_step_holds_up_no_other(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The greatest step is kept for each app, not for the account."""
    visitor.clock.advance(minutes=2)
    other = new_visitor().sign_in(TotpCode(app.code(steps=1)))
    other.begin()
    assert other.code(app.code()) == used(40, other)
    assert isinstance(other.code(tablet.code(steps=-1)), SignedIn)


def test_the_code_that_added_an_app_signs_no_one_in(tablet: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """It is used up by adding it."""
    other = new_visitor()
    other.begin()
    assert other.code(tablet.code()) == used(10, other)
    assert isinstance(other.code(tablet.next_code()), SignedIn)


def test_a_wrong_clock_is_told_of_the_app_that_has_it(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Two codes of the tablet explain it and are spent; the phone's codes of the same steps stay good."""
    visitor.clock.advance(minutes=5)
    other = new_visitor()
    other.begin()
    first = tablet.code(steps=4)
    assert other.code(first) == WRONG
    other.clock.advance(seconds=30)
    assert other.code(tablet.code(steps=4)) == Denied(ProofRefusal.CLOCK_IS_OFF, clock_offset_seconds=120)
    other.clock.advance(seconds=90)
    assert first == tablet.code()
    refusal = other.code(first)
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.CODE_ALREADY_USED
    assert isinstance(other.code(app.code()), SignedIn)


def test_codes_of_two_apps_do_not_explain_each_other(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """What was sighted is remembered for each app: one code of each is no proof of a wrong clock."""
    visitor.clock.advance(minutes=5)
    other = new_visitor()
    other.begin()
    assert other.code(app.code(steps=3)) == WRONG
    other.clock.advance(seconds=30)
    assert other.code(tablet.code(steps=3)) == WRONG
    assert other.code(app.code(steps=3)) == Denied(ProofRefusal.CLOCK_IS_OFF, clock_offset_seconds=90)


def test_adding_counts_from_the_first_code_and_keeps_everything_else(
    installation: Installation, anna: Account, codes: tuple[str, ...], app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """PasswordOutcome, nothing has changed; proven, both apps are there, the codes stay, and the session is renewed under a new token."""
    tablet = visitor.start_adding("Tablet")
    view = visitor.identity.two_factor.view(visitor.me)
    assert view is not None
    assert (view.name, view.adding, view.moving) == ("Tablet", True, False)
    assert list(visitor.apps()) == [""]
    token, version = visitor.session, visitor.me.account.security_version
    outcome = visitor.confirm_enrolment(tablet.code())
    assert isinstance(outcome, InPlace)
    assert (outcome.added, outcome.shows_backups) == (True, False)
    assert visitor.identity.sessions.resolve(replace(visitor.client, session=token)) is None
    assert (list(visitor.apps()), visitor.me.account.security_version) == (["", "Tablet"], version + 1)
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["name"], "backups_renewed" in event.details, event.details["sessions_ended"]) == (
        EventKind.AUTHENTICATOR_ADDED,
        "Tablet",
        False,
        0,
    )
    visitor.reveal()
    assert visitor.codes() == codes


def test_adding_takes_a_fresh_proof(app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """After five minutes one confirms first who one is (ASVS 7.5.1)."""
    visitor.clock.advance(minutes=5)
    assert visitor.add("Tablet") == StepUpRequired()
    visitor.confirm(factor=TotpCode(app.code()))
    assert visitor.add("Tablet") == Done()


def test_nothing_is_added_while_2fa_is_off(visitor: UseCaseBrowser) -> None:
    """The first app is there to turn it on."""
    visitor.sign_in()
    assert visitor.add("Tablet") == Denied(ProtectionRefusal.NOT_PROTECTED)


def test_a_sixth_app_is_refused(five: list[AuthenticatorApp], visitor: UseCaseBrowser) -> None:
    """Before a secret is drawn; and room is made by removing one."""
    assert visitor.add("One more") == TOO_MANY
    assert visitor.identity.two_factor.view(visitor.me) is None
    visitor.remove(visitor.apps()["App 3"])
    assert visitor.add("One more") == Done()


def test_two_sessions_that_add_the_fifth_at_once_do_not_make_six(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The one that is first ends the other's session, and what it had begun."""
    for number in range(2, MOST_PER_ACCOUNT):
        visitor.add_app(f"App {number}")
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    others, me = other.start_adding("Other"), other.me
    mine = visitor.start_adding("Mine")
    assert isinstance(visitor.confirm_enrolment(mine.code()), InPlace)
    assert other.identity.two_factor.confirm(me, TotpCode(others.code())) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert list(visitor.apps()) == ["", "App 2", "App 3", "App 4", "Mine"]


def test_a_move_is_possible_with_five(five: list[AuthenticatorApp], visitor: UseCaseBrowser) -> None:
    """The limit is on apps that stand beside each other; one that takes another's place makes none more."""
    visitor.enable(replaces=visitor.apps()["App 5"])
    assert len(visitor.apps()) == MOST_PER_ACCOUNT


def test_confirming_twice_adds_once(installation: Installation, anna: Account, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """The other half of a double click finds nothing to confirm."""
    tablet = visitor.start_adding("Tablet")
    code = tablet.code()
    assert isinstance(visitor.confirm_enrolment(code), InPlace)
    assert visitor.confirm_enrolment(code) == NO_ENROLMENT
    assert list(visitor.apps()) == ["", "Tablet"]
    assert kinds(installation, anna.id).count(EventKind.AUTHENTICATOR_ADDED) == 1


def test_a_second_start_with_the_same_name_shows_the_same_secret_and_with_another_name_another(
    app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """The name stands in what the app scans, so that a new one makes the first QR code void."""
    first = visitor.start_adding("Tablet")
    assert visitor.start_adding("Tablet").uri == first.uri
    second = visitor.start_adding("Work phone")
    refusal = visitor.confirm_enrolment(first.code())
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.WRONG_CODE
    assert isinstance(visitor.confirm_enrolment(second.code()), InPlace)
    assert list(visitor.apps()) == ["", "Work phone"]


def test_starting_over_goes_on_with_what_was_begun(app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Another secret for the same app under the same name."""
    first = visitor.start_adding("Tablet")
    assert visitor.identity.two_factor.start_over(visitor.me) == Done()
    second = visitor.scan()
    assert second.uri != first.uri
    assert isinstance(visitor.confirm_enrolment(second.code()), InPlace)
    assert list(visitor.apps()) == ["", "Tablet"]


def test_disabling_removes_all_of_them(five: list[AuthenticatorApp], visitor: UseCaseBrowser) -> None:
    """The password is enough, and enabling again begins with one app."""
    visitor.confirm(factor=TotpCode(five[2].next_code()))
    assert isinstance(visitor.disable(), SessionRenewed)
    assert visitor.apps() == {}
    assert isinstance(visitor.begin(), SignedIn)
    visitor.enable()
    assert list(visitor.apps()) == [""]


def test_what_is_done_to_apps_is_told_in_other_sessions(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Added, moved and removed apps are notices with the app's name; another name is none."""
    visitor.add_app("Tablet")
    visitor.rename(visitor.apps()["Tablet"], "Work tablet")
    visitor.enable(replaces=visitor.apps()["Work tablet"], lost=True)
    visitor.remove(visitor.apps()["Work tablet"])
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    told = other.identity.account_page.dashboard(other.me).notices
    assert [(notice.kind, notice.last.details.get("name")) for notice in told][:3] == [
        (EventKind.AUTHENTICATOR_REMOVED, "Work tablet"),
        (EventKind.AUTHENTICATOR_MOVED, "Work tablet"),
        (EventKind.AUTHENTICATOR_ADDED, "Tablet"),
    ]
