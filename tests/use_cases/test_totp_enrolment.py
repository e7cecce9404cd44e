"""Turning 2FA on, moving it, turning it off."""

from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.support.installation import Installation
from tests.support.optional import present
from tests.use_cases.instrumentation import activations_without_a_row, after_transaction, events, kinds, parts_of, tries
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.foundation.times import MINUTE
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.totp.kind import Totp, TotpCode, TotpSetUp
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, SecondFactorRequired, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import AUTHENTICATOR
from xpressbot.identity.throttling import store as throttle_store

NO_ENROLMENT = Denied(EnrolmentRefusal.NO_ENROLMENT)


@pytest.fixture(autouse=True)
def signed_in(visitor: UseCaseBrowser) -> None:
    visitor.sign_in()


def test_starting_changes_nothing(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Until a code has proven possession the password alone signs in, and no session ends."""
    other = new_visitor().sign_in()
    visitor.start()
    assert other.caller is not None
    assert isinstance(new_visitor().begin(), SignedIn)
    settings = visitor.identity.account_page.settings(visitor.me)
    assert (settings.protection.on, settings.enrolment_pending) == (False, True)
    assert visitor.identity.account_page.other_sessions(visitor.me) == 2


def test_the_secret_has_twenty_bytes_and_is_new_each_time(visitor: UseCaseBrowser) -> None:
    """160 bits (RFC 4226 R6); no account gets the secret of another or of an earlier time."""
    secrets = set()
    for _ in range(5):
        visitor.start()
        view = visitor.identity.two_factor.view(visitor.me)
        assert view is not None
        shown = view.view
        assert isinstance(shown, TotpSetUp)
        assert len(shown.secret) == 20
        assert repr(shown.secret) not in repr(view)
        secrets.add(shown.secret)
        assert visitor.identity.two_factor.start_over(visitor.me) == Done()
        visitor.clock.advance(minutes=11)
        visitor.confirm()
    assert len(secrets) == 5


def test_a_second_start_shows_the_same_secret(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """A refresh keeps what was scanned, its time and its tries; it is no second event."""
    first = visitor.start()
    visitor.confirm_enrolment("000000")
    before = visitor.identity.two_factor.view(visitor.me)
    visitor.clock.advance(minutes=4)
    assert first.uri == visitor.start().uri
    assert before == visitor.identity.two_factor.view(visitor.me)
    assert kinds(installation, anna.id).count(EventKind.ENROLMENT_STARTED) == 1


def test_the_secret_is_not_shown_to_an_older_token(visitor: UseCaseBrowser) -> None:
    """A request that was let in under it, and reads once the owner has confirmed who they are and begun a set-up, gets nothing."""
    stale = visitor.me
    visitor.confirm()
    visitor.start()
    assert visitor.identity.two_factor.view(stale) is None


def test_an_enrolment_lives_ten_minutes(visitor: UseCaseBrowser) -> None:
    """At their end the code is refused, nothing is shown, and another start makes another secret."""
    app = visitor.start()
    visitor.clock.advance(minutes=10, seconds=-1)
    assert visitor.scan().uri == app.uri
    visitor.clock.advance(seconds=1)
    assert visitor.identity.two_factor.view(visitor.me) is None
    assert not visitor.identity.account_page.settings(visitor.me).enrolment_pending
    assert visitor.confirm_enrolment(app.code()) == NO_ENROLMENT
    assert visitor.identity.two_factor.start_over(visitor.me) == NO_ENROLMENT
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == StepUpRequired()
    assert isinstance(visitor.confirm(), SessionRenewed)
    assert visitor.start().uri != app.uri


def test_five_wrong_codes_discard_the_secret(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The refusals count down; after the last, the right code is refused too, and a new start makes another secret."""
    app = visitor.start()
    wrong = next(code for code in ("000000", "111111", "222222") if code not in {app.code(steps=steps) for steps in range(-11, 12)})
    outcomes = [visitor.confirm_enrolment(wrong) for _ in range(5)]
    counting = [Denied(ProofRefusal.WRONG_CODE, tries_left=left) for left in (4, 3, 2, 1)]
    assert outcomes == [*counting, Denied(EnrolmentRefusal.ENROLMENT_DISCARDED)]
    assert visitor.confirm_enrolment(app.code()) == NO_ENROLMENT
    assert kinds(installation, anna.id)[-5:] == [EventKind.ENROLMENT_REFUSED] * 4 + [EventKind.ENROLMENT_DISCARDED]
    assert visitor.start().uri != app.uri


def test_a_set_up_whose_tries_were_charged_and_not_checked_is_discarded(
    installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """It would stay on the page until it expires, and take no code."""
    app = visitor.start()
    parts = parts_of(installation)
    with parts.transactions.writing() as tx:
        enrolment = present(authenticator_store.enrolment_of(tx, visitor.me.session.id))
        for _ in range(5):
            throttle_store.charge(tx, [enrolment.bucket], installation.clock.now())
        tx.commit()
    assert visitor.confirm_enrolment(app.code()) == Denied(EnrolmentRefusal.ENROLMENT_DISCARDED)
    assert visitor.identity.two_factor.view(visitor.me) is None
    assert kinds(installation, anna.id)[-1] == EventKind.ENROLMENT_DISCARDED
    assert isinstance(visitor.confirm_enrolment(visitor.start().code()), InPlace)


def test_a_set_up_that_was_started_over_meanwhile_is_not_discarded(installation: Installation, visitor: UseCaseBrowser) -> None:
    """The tries that are used up were those of the secret before it."""
    app = visitor.start()
    with parts_of(installation).transactions.writing() as tx:
        enrolment = present(authenticator_store.enrolment_of(tx, visitor.me.session.id))
        for _ in range(5):
            throttle_store.charge(tx, [enrolment.bucket], installation.clock.now())
        tx.commit()
    me = visitor.me
    with after_transaction(installation, 1, lambda: visitor.identity.two_factor.start_over(me)):
        assert visitor.identity.two_factor.confirm(me, TotpCode(app.code())) == NO_ENROLMENT
    assert visitor.identity.two_factor.view(visitor.me) is not None


def test_the_fifth_code_may_be_the_right_one(visitor: UseCaseBrowser) -> None:
    """Four mistakes are forgiven."""
    app = visitor.start()
    for _ in range(4):
        visitor.confirm_enrolment(app.code(steps=-20))
    assert isinstance(visitor.confirm_enrolment(app.code()), InPlace)


@pytest.mark.parametrize("steps", [-10, -2, 2, 10])
def test_a_wrong_clock_is_told_at_once_during_set_up(visitor: UseCaseBrowser, steps: int) -> None:
    """A person who sets up holds the secret anyway. The code is refused all the same, and counts."""
    app = visitor.start()
    assert visitor.confirm_enrolment(app.code(steps=steps)) == Denied(
        ProofRefusal.CLOCK_IS_OFF, clock_offset_seconds=30 * steps, tries_left=4
    )
    assert not visitor.identity.account_page.settings(visitor.me).protection.on


def test_start_over_replaces_the_secret(visitor: UseCaseBrowser) -> None:
    """Only the new one can be confirmed; with a fresh proof it has its full ten minutes and tries."""
    app = visitor.start()
    visitor.confirm_enrolment(app.code(steps=-20))
    visitor.clock.advance(minutes=4)
    assert visitor.identity.two_factor.start_over(visitor.me) == Done()
    view = visitor.identity.two_factor.view(visitor.me)
    assert view is not None
    assert (view.tries_left, view.expires_at) == (5, visitor.clock.now() + 10 * MINUTE)
    refusal = visitor.confirm_enrolment(app.code())
    assert isinstance(refusal, Denied)
    assert isinstance(visitor.confirm_enrolment(visitor.scan().code()), InPlace)


def test_start_over_without_a_fresh_proof_keeps_the_time_that_was_left(visitor: UseCaseBrowser) -> None:
    """Starting over again and again does not stretch a proof of long ago."""
    visitor.start()
    began = visitor.clock.now()
    for _ in range(3):
        visitor.clock.advance(minutes=3)
        assert visitor.identity.two_factor.start_over(visitor.me) == Done()
    view = visitor.identity.two_factor.view(visitor.me)
    assert view is not None
    assert view.expires_at == began + 3 * MINUTE + 10 * MINUTE


def test_there_is_nothing_to_start_over_or_confirm_without_a_start(visitor: UseCaseBrowser) -> None:
    """Skipping steps leads nowhere."""
    assert visitor.identity.two_factor.start_over(visitor.me) == NO_ENROLMENT
    assert visitor.confirm_enrolment("000000") == NO_ENROLMENT
    assert visitor.identity.two_factor.view(visitor.me) is None


def test_an_enrolment_belongs_to_its_session(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """The same person's other browser neither sees nor confirms it, and has one of its own."""
    app = visitor.start()
    other = new_visitor().sign_in()
    assert other.identity.two_factor.view(other.me) is None
    assert other.confirm_enrolment(app.code()) == NO_ENROLMENT
    assert other.start().uri != app.uri
    assert visitor.scan().uri == app.uri


def test_an_enrolment_goes_on_when_its_session_rises(visitor: UseCaseBrowser) -> None:
    """It is bound to the session and not to its token: a step-up in between loses nothing."""
    app = visitor.start()
    visitor.clock.advance(minutes=6)
    assert isinstance(visitor.confirm(), SessionRenewed)
    assert isinstance(visitor.confirm_enrolment(app.code()), InPlace)


def test_confirming_turns_2fa_on_and_ends_everything_older(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The session is renewed at level 2, under a new token; other sessions, pending sign-ins and enrolments end."""
    other, thief = new_visitor().sign_in(), new_visitor()
    others_app = other.start()
    thief.session = visitor.session
    app = visitor.start()
    outcome = visitor.confirm_enrolment(app.code())
    assert isinstance(outcome, InPlace)
    assert outcome.shows_backups
    assert (visitor.me.session.aal, visitor.me.session.amr) == (2, frozenset({"pwd", "otp"}))
    assert (other.caller, thief.caller) == (None, None)
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["sessions_ended"]) == (EventKind.TWO_FACTOR_ENABLED, 1)
    assert len(visitor.codes()) == len(set(visitor.codes())) == 10
    later = new_visitor()
    assert isinstance(later.begin(), SecondFactorRequired)
    later.clock.advance(seconds=30)
    refusal = later.code(others_app.code())
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.WRONG_CODE


def test_a_confirmed_enrolment_counts_as_a_step_up(visitor: UseCaseBrowser) -> None:
    """Proving a code of the new app is a proof: for five minutes more nothing is asked for."""
    app = visitor.start()
    visitor.clock.advance(minutes=6)
    assert isinstance(visitor.confirm_enrolment(app.code()), InPlace)
    visitor.keep_codes()
    assert visitor.reveal() == Done()


def test_a_move_keeps_the_recovery_codes_and_the_old_app_until_the_new_one_is_proven(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Half a move changes nothing; a whole one revokes the old app and leaves the codes."""
    old = visitor.enable()
    codes = visitor.codes()
    visitor.keep_codes()
    new = visitor.start()
    view = visitor.identity.two_factor.view(visitor.me)
    assert view is not None
    assert view.moving
    visitor.confirm_enrolment(new.code(steps=-20))
    new_visitor().sign_in(TotpCode(old.next_code()))
    outcome = visitor.confirm_enrolment(new.code())
    assert isinstance(outcome, InPlace)
    assert not outcome.shows_backups
    assert events(installation, anna.id)[-1].kind is EventKind.AUTHENTICATOR_MOVED
    other = new_visitor()
    other.begin()
    other.clock.advance(minutes=1)
    assert other.code(old.code()) == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(other.code(new.code()), SignedIn)
    other.begin()
    assert isinstance(other.recovery_code(codes[0]), SignedIn)


def test_disabling_and_enabling_on_another_phone_works(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Disabling removes app and codes, ends the other sessions and lowers this one; enabling again makes new ones."""
    old = visitor.enable()
    codes = visitor.codes()
    other = new_visitor().sign_in(TotpCode(old.next_code()))
    assert isinstance(visitor.disable(), SessionRenewed)
    assert (visitor.me.session.aal, other.caller) == (1, None)
    assert events(installation, anna.id)[-1].details["sessions_ended"] == 1
    assert visitor.identity.recovery_codes.ledger(visitor.me) is None
    assert isinstance(new_visitor().begin(), SignedIn)
    new = visitor.enable()
    assert not set(codes) & set(visitor.codes())
    later = new_visitor()
    later.begin()
    later.clock.advance(seconds=30)
    assert later.recovery_code(codes[0]) == Denied(ProofRefusal.WRONG_CODE)
    assert later.code(old.code()) == Denied(ProofRefusal.WRONG_CODE)
    assert isinstance(later.code(new.code()), SignedIn)


def test_what_is_off_cannot_be_disabled(visitor: UseCaseBrowser) -> None:
    """It is said, and nothing happens."""
    assert visitor.disable() == Denied(ProtectionRefusal.NOT_PROTECTED)


def test_an_enrolment_discarded_while_its_code_is_charged_is_not_confirmed(installation: Installation, visitor: UseCaseBrowser) -> None:
    """2FA disabled in another tab dropped it: the late code turns nothing on."""
    visitor.enable()
    new = visitor.start()
    me = visitor.me
    with after_transaction(installation, 1, visitor.disable):
        assert visitor.identity.two_factor.confirm(me, TotpCode(new.code())) == Denied(SessionRefusal.TOKEN_SUPERSEDED)
    assert not visitor.identity.account_page.settings(visitor.me).protection.on


@pytest.mark.parametrize("meanwhile", ["discarded", "expired", "written by a newer version"])
def test_a_set_up_that_is_over_before_its_code_is_checked_turns_nothing_on(
    installation: Installation, visitor: UseCaseBrowser, meanwhile: str
) -> None:
    """By four wrong codes in another tab, by the end of its time, or because nobody here knows any more what it is."""
    app, me = visitor.start(), visitor.me
    visitor.clock.advance(minutes=10, seconds=-1)
    operations = {
        "discarded": lambda: [visitor.confirm_enrolment("000000") for _ in range(4)],
        "expired": lambda: visitor.clock.advance(seconds=1),
        "written by a newer version": lambda: make_unknown(installation),
    }
    with after_transaction(installation, 1, operations[meanwhile]):
        assert visitor.identity.two_factor.confirm(me, TotpCode(app.code())) == NO_ENROLMENT
    assert not visitor.identity.account_page.settings(visitor.me).protection.on
    assert visitor.me.session.aal == 1


def test_a_set_up_of_a_kind_that_only_a_newer_version_knows_is_not_gone_on_with(
    installation: Installation, visitor: UseCaseBrowser
) -> None:
    """It is neither shown nor started over, and no try at it is counted; a new one takes its place."""
    visitor.start()
    make_unknown(installation)
    assert visitor.identity.two_factor.view(visitor.me) is None
    assert visitor.identity.two_factor.start_over(visitor.me) == NO_ENROLMENT
    assert visitor.confirm_enrolment("000000") == NO_ENROLMENT
    assert "enrolment" not in tries(installation)
    visitor.enable()


@pytest.mark.parametrize("kind", [RecoveryCodeText.kind, "of_a_newer_version"])
def test_only_a_kind_that_protects_an_account_alone_can_be_set_up(visitor: UseCaseBrowser, kind: str) -> None:
    """Who asks for another has a bug: nothing is prepared that no code could confirm."""
    with pytest.raises(LookupError, match=kind):
        visitor.identity.two_factor.start(visitor.me, kind)
    assert not visitor.identity.account_page.settings(visitor.me).enrolment_pending


def make_unknown(installation: Installation) -> None:
    """As if a newer version had begun what is being set up."""
    with installation.services.database.write() as connection:
        connection.execute(update(AUTHENTICATOR).values(kind="of_a_newer_version"))
        connection.commit()


def test_an_activation_that_finds_no_pending_row_turns_nothing_on(installation: Installation, visitor: UseCaseBrowser) -> None:
    """The row count of the conditional write decides, not what was read before it."""
    app = visitor.start()
    with activations_without_a_row(installation):
        assert visitor.confirm_enrolment(app.code()) == NO_ENROLMENT
    assert not visitor.identity.account_page.settings(visitor.me).protection.on
    assert visitor.identity.recovery_codes.ledger(visitor.me) is None
    assert visitor.me.session.aal == 1
