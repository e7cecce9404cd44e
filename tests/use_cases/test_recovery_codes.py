"""Recovery codes after enrolment: shown, hidden, replaced."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation, install
from tests.use_cases.instrumentation import events, kinds
from tests.use_cases.use_case_browser import UseCaseBrowser, canonical
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.factors.recovery_codes.use_cases import Ledger, RevealRefusal, Showing
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, SignedIn, StepUpRequired


def ledger(visitor: UseCaseBrowser) -> Ledger:
    found = visitor.identity.recovery_codes.ledger(visitor.me)
    assert found is not None
    return found


def refused(visitor: UseCaseBrowser, code: str) -> bool:
    visitor.begin()
    return visitor.recovery_code(code) == Denied(ProofRefusal.WRONG_CODE)


def test_without_2fa_there_is_no_set(visitor: UseCaseBrowser) -> None:
    """NIST 3.1.2.1: for a session of the password alone there is nothing to see, to reveal or to replace; "Continue" does no harm."""
    visitor.sign_in()
    assert visitor.identity.recovery_codes.ledger(visitor.me) is None
    assert visitor.reveal() == visitor.regenerate() == visitor.keep_codes() == Denied(ProtectionRefusal.NOT_PROTECTED)


def test_the_first_set_is_shown_until_continue(app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """In the session that enabled 2FA, and again after a refresh; then it is masked."""
    assert ledger(visitor).showing is Showing.FIRST
    assert visitor.codes() == visitor.codes()
    assert repr(visitor.codes()[0]) not in repr(ledger(visitor))
    assert visitor.keep_codes() == Done()
    assert (ledger(visitor).shown, ledger(visitor).showing, ledger(visitor).code_set.unused) == (None, None, 10)


def test_the_first_set_is_hidden_after_half_an_hour(app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """An abandoned page does not show codes for ever."""
    visitor.clock.advance(minutes=30, seconds=-1)
    assert visitor.shown_codes() is not None
    visitor.clock.advance(seconds=1)
    assert visitor.shown_codes() is None


def test_the_first_set_is_shown_in_no_other_session_once_it_is_saved(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Another browser of the same person sees the masked ledger."""
    visitor.keep_codes()
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    assert other.shown_codes() is None


def test_a_set_that_was_not_saved_is_shown_again_at_the_next_sign_in_with_the_app(
    installation: Installation, anna: Account, app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Its page may have been lost. It is the first showing still, it leaves an event, and its half hour goes on from where it was."""
    codes = visitor.codes()
    installation.clock.advance(minutes=20)
    other = new_visitor()
    other.begin()
    outcome = other.code(app.next_code())
    assert isinstance(outcome, SignedIn)
    assert outcome.shows_codes
    assert other.codes() == codes
    assert ledger(other).showing is Showing.FIRST
    assert kinds(installation, anna.id)[-1] is EventKind.BACKUPS_REVEALED
    installation.clock.advance(minutes=9, seconds=30)
    assert other.shown_codes() is None
    late = new_visitor()
    late.begin()
    outcome = late.code(app.next_code())
    assert isinstance(outcome, SignedIn)
    assert not outcome.shows_codes


def test_a_set_that_was_not_saved_is_not_shown_to_a_person_who_brings_a_recovery_code(
    app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """One code on paper must not open the other nine."""
    other = new_visitor()
    other.begin()
    outcome = other.recovery_code(visitor.codes()[0])
    assert isinstance(outcome, SignedIn)
    assert not outcome.shows_codes
    assert other.shown_codes() is None


def test_codes_are_shown_again_while_the_proof_is_fresh(
    installation: Installation, anna: Account, codes: tuple[str, ...], visitor: UseCaseBrowser
) -> None:
    """The same ten, for as long as the proof lasts; once more is no second event."""
    visitor.clock.advance(minutes=2)
    assert visitor.reveal() == visitor.reveal() == Done()
    assert (ledger(visitor).showing, visitor.codes()) == (Showing.AGAIN, codes)
    assert kinds(installation, anna.id).count(EventKind.BACKUPS_REVEALED) == 1
    visitor.clock.advance(minutes=3)
    assert visitor.shown_codes() is None


def test_each_step_up_allows_one_look_that_is_recorded(
    installation: Installation, anna: Account, app: AuthenticatorApp, codes: tuple[str, ...], visitor: UseCaseBrowser
) -> None:
    """A later look needs another proof, and is another event."""
    for _ in range(2):
        visitor.clock.advance(minutes=6)
        assert visitor.reveal() == StepUpRequired()
        assert isinstance(visitor.confirm(factor=TotpCode(app.code())), SessionRenewed)
        assert visitor.reveal() == Done()
    assert kinds(installation, anna.id).count(EventKind.BACKUPS_REVEALED) == 2


def test_a_new_set_counts_from_its_continue_on(
    installation: Installation, anna: Account, codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Until then the old codes are good and the new ones are not; then it is the other way round."""
    assert visitor.regenerate() == Done()
    new = visitor.codes()
    assert (ledger(visitor).showing, set(new) & set(codes)) == (Showing.REPLACEMENT, set())
    other = new_visitor()
    assert refused(other, new[0])
    other.sign_in(canonical(codes[0]))
    assert other.shown_codes() is None
    assert isinstance(visitor.keep_codes(), SessionRenewed)
    assert visitor.shown_codes() is None
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["sessions_ended"]) == (EventKind.BACKUPS_REPLACED, 1)
    assert other.caller is None
    assert all(refused(new_visitor(), code) for code in codes[1:4])
    assert isinstance(new_visitor().sign_in(canonical(new[0])), UseCaseBrowser)


def test_a_new_set_that_is_not_kept_never_counts(
    codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """After half an hour "Continue" puts nothing in force; the old set stays."""
    visitor.regenerate()
    new = visitor.codes()
    visitor.clock.advance(minutes=30)
    assert visitor.shown_codes() is None
    assert visitor.keep_codes() == Done()
    assert refused(new_visitor(), new[0])
    assert isinstance(new_visitor().sign_in(canonical(codes[0])), UseCaseBrowser)


def test_only_the_newest_prepared_set_can_be_kept(
    codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Pressing "new codes" twice voids what was shown first."""
    visitor.regenerate()
    first = visitor.codes()
    visitor.regenerate()
    second = visitor.codes()
    assert isinstance(visitor.keep_codes(), SessionRenewed)
    assert refused(new_visitor(), first[0])
    assert isinstance(new_visitor().sign_in(canonical(second[0])), UseCaseBrowser)


def test_continue_in_another_session_keeps_nothing(
    app: AuthenticatorApp, codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A set is kept by the browser that was shown it."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    visitor.regenerate()
    new = visitor.codes()
    assert other.keep_codes() == Done()
    assert refused(new_visitor(), new[0])
    assert visitor.codes() == new


def test_continue_pressed_twice_changes_nothing_more(codes: tuple[str, ...], visitor: UseCaseBrowser) -> None:
    """The second press finds nothing to keep."""
    visitor.regenerate()
    assert isinstance(visitor.keep_codes(), SessionRenewed)
    version = visitor.me.account.security_version
    assert visitor.keep_codes() == Done()
    assert version == visitor.me.account.security_version


def test_the_ledger_tells_when_and_where_codes_were_used(
    codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser], installation: Installation
) -> None:
    """Masked all the same; a used code stays in the ledger."""
    new_visitor(user_agent="Safari").sign_in(canonical(codes[9]))
    used = ledger(visitor).code_set.codes[9]
    assert (used.position, used.used_at, used.used_agent) == (10, installation.clock.now(), "Safari")
    assert (ledger(visitor).shown, ledger(visitor).code_set.unused) == (None, 9)


def test_the_settings_count_the_codes_that_are_left(
    codes: tuple[str, ...], visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """One fewer with each that is used."""
    other = new_visitor()
    for number, code in enumerate(codes, start=1):
        other.sign_in(canonical(code))
        protection = visitor.identity.account_page.settings(visitor.me).protection
        assert (protection.codes_left, protection.codes_total) == (10 - number, 10)
    assert not any(isinstance(other.recovery_code(code), SignedIn) for code in codes)


class TestViewingSwitchedOff:
    """The copies live until "Continue"; the codes go on signing in."""

    @pytest.fixture
    def installation(self, tmp_path: Path, database_url: str) -> Iterator[Installation]:
        installation = install(tmp_path, database_url, recovery_codes_viewable=False)
        yield installation
        installation.close()

    def test_codes_are_shown_once_and_never_again(
        self, installation: Installation, codes: tuple[str, ...], visitor: UseCaseBrowser
    ) -> None:
        """After "Continue" no copy is left in the database, and revealing is refused even with a fresh proof."""
        assert visitor.reveal() == Denied(RevealRefusal.NOT_VIEWABLE)
        assert (ledger(visitor).shown, ledger(visitor).viewable) == (None, False)
        with installation.services.database.read() as connection:
            boxes = connection.exec_driver_sql("SELECT shown_copy FROM recovery_code").scalars().all()
        assert boxes == [None] * 10
        assert isinstance(UseCaseBrowser(installation).sign_in(canonical(codes[0])), UseCaseBrowser)

    def test_a_new_set_is_shown_until_its_continue(
        self, codes: tuple[str, ...], visitor: UseCaseBrowser, installation: Installation
    ) -> None:
        """Its copies go the same way."""
        visitor.regenerate()
        new = visitor.codes()
        assert isinstance(visitor.keep_codes(), SessionRenewed)
        assert all(code.shown_copy is None for code in ledger(visitor).code_set.codes)
        assert isinstance(UseCaseBrowser(installation).sign_in(canonical(new[0])), UseCaseBrowser)

    def test_a_set_without_copies_has_nothing_to_show(
        self, app: AuthenticatorApp, visitor: UseCaseBrowser, installation: Installation
    ) -> None:
        """Kept in one browser, it is masked in the one that still has the page open, too."""
        with installation.services.database.write() as connection:
            connection.exec_driver_sql("UPDATE recovery_code SET shown_copy = NULL")
            connection.commit()
        assert (ledger(visitor).shown, ledger(visitor).showing) == (None, None)

    @pytest.mark.usefixtures("app")
    def test_a_set_that_no_person_keeps_loses_its_copies_after_half_an_hour(
        self, visitor: UseCaseBrowser, installation: Installation
    ) -> None:
        """The removal leaves them while the page may still show them; the codes sign in all the same."""
        codes = visitor.codes()
        installation.clock.advance(minutes=29)
        installation.services.identity.recovery_codes.forget_unsaved()
        assert visitor.codes() == codes
        installation.clock.advance(minutes=2)
        installation.services.identity.recovery_codes.forget_unsaved()
        assert all(code.shown_copy is None for code in ledger(visitor).code_set.codes)
        assert isinstance(UseCaseBrowser(installation).sign_in(canonical(codes[0])), UseCaseBrowser)


@pytest.mark.usefixtures("app")
def test_with_viewing_on_a_set_that_no_person_keeps_stays_viewable(installation: Installation, visitor: UseCaseBrowser) -> None:
    """The removal forgets nothing that may be shown again."""
    installation.clock.advance(minutes=31)
    installation.services.identity.recovery_codes.forget_unsaved()
    assert all(code.shown_copy is not None for code in ledger(visitor).code_set.codes)
