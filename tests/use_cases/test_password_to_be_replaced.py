"""A password that somebody else may know: whoever proves everything sets a new one before there is a session."""

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import reset
from tests.use_cases.instrumentation import ObservedHasher, events, kinds, parts_of
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, PasswordStatus
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.outcomes import Denied, Done, EnrolmentRequired, NewPasswordRequired, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.change import PasswordChanged
from xpressbot.identity.passwords.replacement import NewPasswords
from xpressbot.identity.passwords.rules import PasswordRules, PasswordWeakness, WeakPassword
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.passwords.strength import estimate_strength
from xpressbot.identity.sessions.caller import LockedCaller
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sign_in.new_password_step import NewPasswordStep
from xpressbot.identity.sign_in.refusals import PendingRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules.pending import NextStep
from xpressbot.identity.tables import ACCOUNT, PENDING_SIGN_IN
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import NEW_PASSWORD, SECOND_FACTOR

NEW = "copper-lantern-willow-harbour"
NEW_PASSWORD_FIRST = Denied(SessionRefusal.NEW_PASSWORD_FIRST)
WRONG = "000000"


def status(installation: Installation) -> str:
    with installation.services.database.read() as connection:
        stored: str = connection.execute(select(ACCOUNT.c.password_status).where(ACCOUNT.c.email == ANNA)).scalar_one()
    return stored


def set_status(installation: Installation, to: str) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == ANNA).values(password_status=to))
        connection.commit()


@pytest.fixture
def exposed(installation: Installation, codes: tuple[str, ...]) -> None:
    """Anna's password counts as known to somebody else. Her first browser is signed in."""
    assert codes
    set_status(installation, PasswordStatus.TO_BE_REPLACED)


def guess(installation: Installation, thief: UseCaseBrowser, times: int) -> None:
    """Wrong codes after the right password, as fast as the waits allow."""
    for _guess in range(times):
        installation.clock.advance(hours=1)
        assert isinstance(thief.begin(), SecondFactorRequired)
        assert isinstance(thief.code(WRONG), Denied)


def test_many_wrong_codes_in_a_row_expose_the_password(
    installation: Installation, anna: Account, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """At the twentieth, once, and the person is told; sessions and the version stay: codes alone sign nobody out."""
    assert SECOND_FACTOR.alarm_at == 20
    thief, version = new_visitor(), anna.security_version
    guess(installation, thief, 19)
    assert status(installation) == PasswordStatus.IN_USE
    assert EventKind.PASSWORD_EXPOSED not in kinds(installation, anna.id)
    guess(installation, thief, 2)
    assert status(installation) == PasswordStatus.TO_BE_REPLACED
    assert kinds(installation, anna.id).count(EventKind.PASSWORD_EXPOSED) == 1
    owner = new_visitor()
    installation.clock.advance(hours=1)
    assert isinstance(owner.begin(), SecondFactorRequired)
    assert isinstance(owner.code(app.code()), NewPasswordRequired)
    summary = owner.identity.administration.summary(ANNA)
    assert summary is not None
    assert summary.account.security_version == version + 1


def test_one_slip_after_the_password_was_replaced_does_not_expose_the_new_one(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The count of codes goes on, since 2FA is untouched by a new password; twenty more expose that, too."""
    thief = new_visitor()
    guess(installation, thief, 20)
    link = thief.identity.password_reset.issue(ANNA)
    assert isinstance(link, Token)
    thief.identity.password_reset.set(link, NEW, CLIENT)
    for wrong in range(1, 21):
        assert status(installation) == PasswordStatus.IN_USE
        installation.clock.advance(hours=1)
        assert isinstance(visitor.begin(NEW), SecondFactorRequired)
        assert isinstance(visitor.code(WRONG), Denied), wrong
    assert status(installation) == PasswordStatus.TO_BE_REPLACED
    assert app


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("with_backup", [False, True])
def test_a_completed_sign_in_reaches_only_the_new_password(
    installation: Installation,
    anna: Account,
    app: AuthenticatorApp,
    codes: tuple[str, ...],
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
    *,
    with_backup: bool,
) -> None:
    """By app and by recovery code: no session, until the new password begins one and ends the others, in one transaction."""
    owner = new_visitor()
    owner.begin(next_path="/account")
    outcome = owner.recovery_code(codes[0]) if with_backup else owner.code(app.next_code())
    assert isinstance(outcome, NewPasswordRequired)
    assert (owner.caller, visitor.caller is None) == (None, False)
    assert owner.identity.second_step.claimant(owner.pending, CLIENT) == Denied(SecondStepRefusal.NEW_PASSWORD_REQUIRED)
    assert owner.identity.re_enrolment.enrollee(owner.pending, None, CLIENT) == Denied(PendingRefusal.NO_SIGN_IN)
    weak = owner.set_password("passwordpassword")
    assert isinstance(weak, WeakPassword)
    same = owner.set_password(PASSWORD)
    assert isinstance(same, WeakPassword)
    assert same.weakness is PasswordWeakness.SAME
    done = owner.set_password(NEW)
    assert isinstance(done, SignedIn)
    assert done.next_path == "/account"
    assert owner.me.session.amr == {"pwd", "recovery_code" if with_backup else "otp"}
    assert owner.me.session.may_repair(installation.clock.now()) is with_backup
    assert visitor.caller is None
    assert status(installation) == PasswordStatus.IN_USE
    told = events(installation, anna.id)[-3:]
    signed_in = EventKind.SIGNED_IN_WITH_BACKUP if with_backup else EventKind.SIGNED_IN
    assert [event.kind for event in told] == [EventKind.NEW_PASSWORD_AWAITED, signed_in, EventKind.PASSWORD_CHANGED]
    assert told[-1].details["sessions_ended"] == 1
    assert new_visitor().begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert isinstance(new_visitor().begin(NEW), SecondFactorRequired)


@pytest.mark.usefixtures("exposed")
def test_a_pending_new_password_is_used_once_and_ends_in_time(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The other half of a double click begins no second session; ten tries, ten minutes."""
    owner, late, many = new_visitor(), new_visitor(), new_visitor()
    for browser in (late, many, owner):
        browser.begin()
        assert isinstance(browser.code(app.next_code()), NewPasswordRequired)
    for _try in range(NEW_PASSWORD.free):
        assert isinstance(many.set_password("passwordpassword"), WeakPassword)
    throttled = many.set_password(NEW)
    assert isinstance(throttled, Denied)
    assert throttled.reason is ThrottleRefusal.THROTTLED
    first = owner.subscriber
    assert isinstance(owner.set_password(NEW), SignedIn)
    assert owner.identity.new_password_step.set(first, "granite-teapot-orbit-saddle") == Denied(PendingRefusal.JUST_SIGNED_IN)
    assert owner.identity.new_password_step.subscriber(late.pending, CLIENT) == Denied(SignInRefusal.START_AGAIN)
    set_status(installation, PasswordStatus.TO_BE_REPLACED)
    late.begin(NEW)
    late.code(app.next_code())
    waiting = late.subscriber
    installation.clock.advance(minutes=10)
    assert late.identity.new_password_step.subscriber(late.pending, CLIENT) == Denied(SignInRefusal.START_AGAIN)
    assert late.identity.new_password_step.set(waiting, "granite-teapot-orbit-saddle") == Denied(SignInRefusal.START_AGAIN)


@pytest.fixture
def observed(installation: Installation, hasher: ObservedHasher) -> NewPasswordStep:
    """The last step, with something done while the password is hashed."""
    parts = parts_of(installation)
    new_passwords = NewPasswords(hasher, PasswordRules(15, estimate_strength))
    second_step = installation.services.identity.second_step
    return NewPasswordStep(parts.transactions, parts.system, parts.kinds, parts.session_start, second_step, new_passwords)


def set_it_by_a_link(owner: UseCaseBrowser) -> None:
    token = owner.identity.password_reset.issue(ANNA)
    assert isinstance(token, Token)
    assert owner.identity.password_reset.set(token, NEW, CLIENT) == Done()


def set_it_in_another_tab(owner: UseCaseBrowser) -> None:
    assert isinstance(owner.set_password(NEW), SignedIn)


@pytest.mark.usefixtures("exposed")
@pytest.mark.parametrize("when", ["before the hash", "during the hash"])
@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        (set_it_by_a_link, Denied(SignInRefusal.START_AGAIN)),
        (set_it_in_another_tab, Denied(PendingRefusal.JUST_SIGNED_IN)),
    ],
)
def test_a_new_password_that_was_set_meanwhile_is_the_one_that_counts(
    app: AuthenticatorApp,
    new_visitor: Callable[..., UseCaseBrowser],
    observed: NewPasswordStep,
    hasher: ObservedHasher,
    change: Callable[[UseCaseBrowser], None],
    refusal: Denied[Reason],
    when: str,
) -> None:
    """The late one begins no session, and is not hashed where that is known before."""
    owner = new_visitor()
    owner.begin()
    owner.code(app.next_code())
    waiting = owner.subscriber
    if when == "before the hash":
        change(owner)
    else:
        hasher.meanwhile = lambda: change(owner)
    assert observed.set(waiting, "granite-teapot-orbit-saddle") == refusal
    assert (hasher.calls == []) is (when == "before the hash")
    assert new_visitor().begin("granite-teapot-orbit-saddle") == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert isinstance(new_visitor().begin(NEW), SecondFactorRequired)


@pytest.mark.usefixtures("exposed")
def test_no_password_is_set_in_a_sign_in_that_has_not_proven_a_second_factor(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """That cannot come about; if it did, the known password would be enough to set the next one. Nothing of it is kept."""
    thief = new_visitor()
    thief.begin()
    with installation.services.database.write() as connection:
        connection.execute(update(PENDING_SIGN_IN).values(next_step=NextStep.NEW_PASSWORD.value))
        connection.commit()
    assert thief.set_password(NEW) == Denied(SignInRefusal.START_AGAIN)
    assert thief.caller is None
    assert status(installation) == PasswordStatus.TO_BE_REPLACED
    assert thief.begin(NEW) == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert isinstance(thief.begin(), SecondFactorRequired)
    assert app


@pytest.mark.usefixtures("exposed")
def test_a_live_session_replaces_the_password_before_anything_that_needs_a_proof(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """Or 2FA could be turned off, and the known password would be all there is. A step-up is no door around it."""
    visitor.confirm(factor=TotpCode(app.next_code()))
    assert visitor.disable() == NEW_PASSWORD_FIRST
    assert visitor.reveal() == NEW_PASSWORD_FIRST
    assert visitor.regenerate() == NEW_PASSWORD_FIRST
    assert visitor.add("Tablet") == NEW_PASSWORD_FIRST
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == NEW_PASSWORD_FIRST
    assert isinstance(visitor.change_password(NEW), PasswordChanged)
    assert status(installation) == PasswordStatus.IN_USE
    assert visitor.reveal() == Done()


def test_the_way_back_after_a_reset_leads_to_the_new_password_too(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """The first code of the new app begins no session; the new recovery codes are shown in the one that the password begins."""
    assert app
    set_status(installation, PasswordStatus.TO_BE_REPLACED)
    visitor.link = reset(installation.services)
    assert isinstance(visitor.begin(), EnrolmentRequired)
    outcome = visitor.confirm_again(visitor.start_again().code())
    assert isinstance(outcome, NewPasswordRequired)
    assert visitor.caller is None
    done = visitor.set_password(NEW)
    assert isinstance(done, SignedIn)
    assert done.shows_codes
    assert len(visitor.codes()) == 10


@pytest.mark.parametrize("to", [PasswordStatus.VOID, "of_a_newer_version"])
def test_a_void_password_opens_nothing_until_a_link_sets_another(installation: Installation, visitor: UseCaseBrowser, to: str) -> None:
    """It is refused as a wrong one is; so is one in a state that only a newer version understands."""
    set_status(installation, to)
    assert visitor.begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    token = visitor.identity.password_reset.issue(ANNA)
    assert isinstance(token, Token)
    assert visitor.identity.password_reset.set(token, NEW, CLIENT) == Done()
    assert status(installation) == PasswordStatus.IN_USE
    assert isinstance(visitor.begin(NEW), SignedIn)


@pytest.mark.parametrize("to", [PasswordStatus.TO_BE_REPLACED, PasswordStatus.VOID, "of_a_newer_version"])
def test_a_locked_session_whose_password_was_exposed_meanwhile_is_not_unlocked_by_it(
    installation: Installation, visitor: UseCaseBrowser, to: str
) -> None:
    """Somebody else may type it: what was let in as locked is looked at again under the account's lock."""
    visitor.sign_in()
    installation.clock.advance(minutes=61)
    locked = visitor.identity.sessions.recognise(visitor.client)
    assert isinstance(locked, LockedCaller)
    set_status(installation, to)
    assert visitor.identity.unlock.unlock(locked, PASSWORD) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert visitor.caller is None


def test_a_known_password_without_2fa_leads_nowhere(installation: Installation, visitor: UseCaseBrowser) -> None:
    """That cannot come about; if it did, a code would be asked for that nobody has."""
    set_status(installation, PasswordStatus.TO_BE_REPLACED)
    assert isinstance(visitor.begin(), SecondFactorRequired)
    assert isinstance(visitor.code(WRONG), Denied)
    assert visitor.caller is None
