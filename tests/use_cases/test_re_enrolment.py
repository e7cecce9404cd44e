"""After a reset: the password gives a sign-in that opens nothing but the set-up, and that only with the operator's link."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select, update

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import CLIENT, Installation
from tests.support.people import invited_address, reset
from tests.use_cases.instrumentation import (
    ObservedHasher,
    activations_without_a_row,
    after_transaction,
    before_statement,
    events,
    kinds,
    parts_of,
    tries,
    while_waiting_for_the_account,
)
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser, canonical
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.rules import ENROLMENT_TRIES
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.outcomes import Denied, Done, EnrolmentRequired, Reason, SecondFactorRequired, SignedIn
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sign_in.log import SignInLog
from xpressbot.identity.sign_in.password_step import PasswordStep
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SecondStepRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules.pending import NextStep
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, LINK
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.use_cases import Identity

BERTA = "berta@example.com"
ENROLMENT_REQUIRED = Denied(SecondStepRefusal.ENROLMENT_REQUIRED)
MUST_ENROL = Denied(ReEnrolmentRefusal.MUST_ENROL)
START_AGAIN = Denied(SignInRefusal.START_AGAIN)
JUST_SIGNED_IN = Denied(PendingRefusal.JUST_SIGNED_IN)


@pytest.fixture
def waiting(link: Token, visitor: UseCaseBrowser) -> UseCaseBrowser:
    """Anna's browser after the reset: the password was right, and it has the link."""
    visitor.link = link
    assert isinstance(visitor.begin(), EnrolmentRequired)
    return visitor


def link_is_open(installation: Installation) -> list[bool]:
    with installation.services.database.read() as connection:
        return [row.consumed_at is None for row in connection.execute(select(LINK))]


def test_the_password_gives_a_sign_in_of_one_kind_only(identity: Identity, link: Token, visitor: UseCaseBrowser) -> None:
    """No session, no known browser, no event; and no second step, neither by code nor by recovery code."""
    assert isinstance(visitor.begin(), EnrolmentRequired)
    assert (visitor.caller, visitor.device) == (None, visitor.device)
    assert identity.second_step.claimant(visitor.pending, visitor.client) == ENROLMENT_REQUIRED
    waiting = identity.second_step.begun(visitor.pending)
    assert not isinstance(waiting, Denied)
    assert (waiting.next_step, waiting.email, sorted(waiting.amr)) == (NextStep.MUST_ENROL, ANNA, ["pwd"])


def test_no_code_completes_a_sign_in_that_must_enrol(
    installation: Installation, app: AuthenticatorApp, codes: tuple[str, ...], visitor: UseCaseBrowser
) -> None:
    """Of the old app or from the old paper; nothing is charged for what is no try."""
    visitor.link = reset(installation.services)
    visitor.begin()
    before = tries(installation)
    assert visitor.code(app.next_code()) == ENROLMENT_REQUIRED
    assert visitor.prove(canonical(codes[0])) == ENROLMENT_REQUIRED
    assert before == tries(installation)
    assert visitor.caller is None


def test_a_sign_in_that_waits_for_a_code_opens_no_set_up(identity: Identity, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """The kinds are apart in both directions."""
    assert isinstance(visitor.begin(), SecondFactorRequired)
    assert identity.re_enrolment.enrollee(visitor.pending, None, CLIENT) == Denied(PendingRefusal.NO_SIGN_IN)


def test_the_password_without_the_link_starts_nothing(installation: Installation, identity: Identity, waiting: UseCaseBrowser) -> None:
    """Without one, with one that never was, with one of another kind: each way is refused, and no secret is drawn."""
    welcome_like = identity.invitations.issue("new@example.com")
    assert isinstance(welcome_like, Token)
    for link in (None, Token(bytes(32)), welcome_like, waiting.pending, waiting.device):
        enrollee = replace(waiting.enrollee, link=link)
        assert identity.re_enrolment.may_start(enrollee) == MUST_ENROL
        assert identity.re_enrolment.start(enrollee, Totp.name) == MUST_ENROL
        assert identity.re_enrolment.start_over(enrollee) == MUST_ENROL
        assert identity.re_enrolment.view(enrollee) == MUST_ENROL
        assert identity.re_enrolment.confirm(enrollee, TotpCode("000000")) == MUST_ENROL
    with installation.services.database.read() as connection:
        assert connection.execute(select(AUTHENTICATOR).where(AUTHENTICATOR.c.state == "pending")).all() == []


def test_a_set_up_that_has_begun_cannot_go_on_without_the_link(identity: Identity, waiting: UseCaseBrowser) -> None:
    """The link is asked for at every step, not only at the first."""
    code = waiting.start_again().code()
    for link in (None, Token(bytes(32))):
        enrollee = replace(waiting.enrollee, link=link)
        assert identity.re_enrolment.view(enrollee) == MUST_ENROL
        assert identity.re_enrolment.start_over(enrollee) == MUST_ENROL
        assert identity.re_enrolment.confirm(enrollee, TotpCode(code)) == MUST_ENROL
    assert isinstance(waiting.confirm_again(code), SignedIn)


def test_the_link_without_the_password_opens_nothing(identity: Identity, link: Token) -> None:
    """It is open, and opens nothing: not as a link, not as a sign-in, not as a session."""
    assert identity.re_enrolment.is_open(link)
    assert not identity.re_enrolment.is_open(None)
    assert identity.re_enrolment.enrollee(None, link, CLIENT) == Denied(PendingRefusal.NO_SIGN_IN)
    assert identity.re_enrolment.enrollee(link, link, CLIENT) == START_AGAIN
    assert identity.sessions.resolve(replace(CLIENT, session=link)) is None
    assert invited_address(identity, link) is None
    assert not identity.registration.welcome_is_open(link)


def test_the_link_of_another_account_starts_nothing(installation: Installation, identity: Identity, waiting: UseCaseBrowser) -> None:
    """A person who was reset as well cannot help another person in; both links stay good for their own."""
    annas = waiting.link
    installation.add_account(BERTA, "Berta")
    UseCaseBrowser(installation, email=BERTA).sign_in().enable()
    bertas = reset(installation.services, BERTA)
    waiting.link = bertas
    for outcome in (
        identity.re_enrolment.may_start(waiting.enrollee),
        identity.re_enrolment.start(waiting.enrollee, Totp.name),
        identity.re_enrolment.view(waiting.enrollee),
    ):
        assert outcome == Denied(ReEnrolmentRefusal.LINK_OF_ANOTHER)
    waiting.link = annas
    app = waiting.start_again()
    waiting.link = bertas
    assert waiting.confirm_again(app.code()) == Denied(ReEnrolmentRefusal.LINK_OF_ANOTHER)
    assert identity.re_enrolment.start_over(waiting.enrollee) == Denied(ReEnrolmentRefusal.LINK_OF_ANOTHER)
    assert link_is_open(installation) == [True, True]
    waiting.link = annas
    assert isinstance(waiting.confirm_again(app.code()), SignedIn)
    other = UseCaseBrowser(installation, email=BERTA)
    other.link = bertas
    other.enable_again()


def test_the_first_code_turns_2fa_on_and_begins_a_session(installation: Installation, anna: Account, waiting: UseCaseBrowser) -> None:
    """Both factors proven just now, ten new codes on the page, nothing left to enrol, and no person is told their own operation."""
    app = waiting.start_again()
    assert link_is_open(installation) == [True]
    installation.clock.advance(minutes=1)
    assert isinstance(waiting.confirm_again(app.code()), SignedIn)
    assert link_is_open(installation) == [False]
    session, now = waiting.me.session, installation.clock.now()
    assert (sorted(session.amr), session.aal, session.proven_at, session.authenticated_at) == (["otp", "pwd"], 2, now, now)
    assert session.recovery_grant_until == 0
    assert not waiting.me.account.must_enrol
    assert len(set(waiting.codes())) == 10
    recorded = events(installation, anna.id)[-3:]
    assert [event.kind for event in recorded] == [EventKind.ENROLMENT_STARTED, EventKind.SIGNED_IN, EventKind.TWO_FACTOR_ENABLED]
    assert (recorded[1].details["amr"], recorded[1].details["aal"], recorded[2].details["session"]) == ("otp pwd", 2, session.id)
    assert [event.target for event in recorded] == [None, None, waiting.apps()[""]]
    notices = waiting.identity.account_page.dashboard(waiting.me).notices
    assert [notice.kind for notice in notices] == [EventKind.ENROLMENT_AWAITED, EventKind.TWO_FACTOR_RESET, EventKind.TWO_FACTOR_ENABLED]


def test_the_new_session_counts_as_freshly_confirmed(waiting: UseCaseBrowser) -> None:
    """For five minutes what is sensitive needs no further proof."""
    waiting.confirm_again(waiting.start_again().code())
    assert isinstance(waiting.regenerate(), Done)
    waiting.clock.advance(minutes=5)
    assert not isinstance(waiting.regenerate(), Done)


def test_the_first_code_is_used_up_and_the_next_signs_in(waiting: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """From here on a sign-in is like any other; the new recovery codes work."""
    app = waiting.start_again()
    code = app.code()
    waiting.confirm_again(code)
    codes = waiting.codes()
    other = new_visitor()
    assert isinstance(other.begin(), SecondFactorRequired)
    refusal = other.code(code)
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.CODE_ALREADY_USED
    assert isinstance(other.code(app.next_code()), SignedIn)
    new_visitor().sign_in(canonical(codes[0]))


def test_link_and_sign_in_are_used_up_by_the_confirmation(identity: Identity, waiting: UseCaseBrowser) -> None:
    """A second click, or a second browser with the same link, gets no session."""
    app = waiting.start_again()
    clicked = waiting.enrollee
    waiting.confirm_again(app.code())
    for outcome in (
        identity.re_enrolment.confirm(clicked, TotpCode(app.next_code())),
        identity.re_enrolment.view(clicked),
        identity.re_enrolment.start(clicked, Totp.name),
        identity.re_enrolment.start_over(clicked),
    ):
        assert outcome == JUST_SIGNED_IN
    assert not identity.re_enrolment.is_open(clicked.link)
    assert waiting.caller is not None


def test_a_pending_sign_in_that_was_completed_is_told_from_one_that_is_unknown(identity: Identity, waiting: UseCaseBrowser) -> None:
    """So that the other half of a double click can be told what has happened."""
    pending, link = waiting.pending, waiting.link
    waiting.confirm_again(waiting.start_again().code())
    assert identity.re_enrolment.enrollee(pending, link, CLIENT) == JUST_SIGNED_IN


def test_of_two_browsers_with_the_link_one_gets_in_and_the_other_starts_again(
    installation: Installation, waiting: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Each has a secret of its own; the first code that is right decides, and the other's secret counts for nothing."""
    other = new_visitor()
    other.link = waiting.link
    other.begin()
    apps = waiting.start_again(), other.start_again()
    assert apps[0].uri != apps[1].uri
    stale = other.enrollee
    assert isinstance(waiting.confirm_again(apps[0].code()), SignedIn)
    assert installation.services.identity.re_enrolment.confirm(stale, TotpCode(apps[1].code())) == START_AGAIN
    assert installation.services.identity.re_enrolment.enrollee(other.pending, other.link, CLIENT) == START_AGAIN
    assert installation.services.identity.re_enrolment.view(stale) == MUST_ENROL
    with parts_of(installation).transactions.reading() as tx:
        assert authenticator_store.enrolment_of(tx, stale.pending.id) is None
        assert len(authenticator_store.in_force(tx, stale.pending.account_id)) == 1


@pytest.mark.parametrize("meanwhile", ["confirm", "reset", "disable", "expire"])
def test_whatever_comes_between_a_right_codes_charge_and_the_account_decides(
    installation: Installation, identity: Identity, waiting: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser], meanwhile: str
) -> None:
    """Another browser's confirmation, a second reset, a disabled account, the end of the sign-in: no session begins here."""
    other = new_visitor()
    other.link = waiting.link
    other.begin()
    others_app, app = other.start_again(), waiting.start_again()
    operations = {
        "confirm": lambda: other.confirm_again(others_app.code()),
        "reset": lambda: reset(installation.services),
        "disable": lambda: identity.administration.set_status(ANNA, AccountStatus.DISABLED),
        "expire": lambda: installation.clock.advance(minutes=10),
    }
    looked_and_charged = 2
    with after_transaction(installation, looked_and_charged, operations[meanwhile]):
        assert waiting.confirm_again(app.code()) == START_AGAIN
    assert waiting.caller is None


def test_a_link_that_expires_while_its_code_waits_is_not_used(installation: Installation, waiting: UseCaseBrowser) -> None:
    """Its 24 hours are looked at when the account is granted."""
    installation.clock.advance(hours=23, minutes=59)
    waiting.begin()
    app = waiting.start_again()
    with while_waiting_for_the_account(installation, lambda: installation.clock.advance(minutes=1)):
        assert waiting.confirm_again(app.code()) == MUST_ENROL
    assert waiting.caller is None


@pytest.mark.parametrize(("left", "refusal"), [("of the link", MUST_ENROL), ("of the sign-in", START_AGAIN)])
def test_what_expires_between_its_look_and_its_use_is_not_used(
    installation: Installation, waiting: UseCaseBrowser, left: str, refusal: Denied[Reason]
) -> None:
    """The write that uses it up looks at the end once more; nothing of the confirmation is kept."""
    installation.clock.advance(hours=23, minutes=59 if left == "of the link" else 0)
    waiting.begin()
    if left == "of the sign-in":
        installation.clock.advance(minutes=9)
    app = waiting.start_again()
    with before_statement(installation, "SELECT totp_authenticator", lambda: installation.clock.advance(minutes=1)):
        assert waiting.confirm_again(app.code()) == refusal
    assert waiting.caller is None
    with installation.services.database.read() as connection:
        assert sorted(connection.execute(select(AUTHENTICATOR.c.state)).scalars()) == ["pending", "revoked"]
        assert connection.execute(select(LINK.c.consumed_at)).scalars().all() == [None]


def test_an_activation_that_finds_no_pending_row_begins_no_session(installation: Installation, waiting: UseCaseBrowser) -> None:
    """The row count of the conditional write decides, not what was read before it; link and sign-in stay good."""
    app = waiting.start_again()
    with activations_without_a_row(installation):
        assert waiting.confirm_again(app.code()) == START_AGAIN
    assert (waiting.caller, link_is_open(installation)) == (None, [True])
    assert isinstance(waiting.confirm_again(app.code()), SignedIn)


def test_a_secret_that_was_discarded_before_its_code_is_checked_turns_nothing_on(
    installation: Installation, waiting: UseCaseBrowser
) -> None:
    """Four wrong codes were sent beside the right one: the fifth try was charged before it, and is too late."""
    app, enrollee = waiting.start_again(), waiting.enrollee
    with after_transaction(installation, 1, lambda: [waiting.confirm_again("000000") for _ in range(4)]):
        assert waiting.identity.re_enrolment.confirm(enrollee, TotpCode(app.code())) == Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert waiting.caller is None
    assert isinstance(waiting.confirm_again(waiting.start_again().code()), SignedIn)


def test_a_set_up_of_a_kind_that_only_a_newer_version_knows_is_not_gone_on_with(
    installation: Installation, waiting: UseCaseBrowser
) -> None:
    """It is neither shown nor started over, and no try at it is counted; a new one takes its place."""
    waiting.start_again()
    with installation.services.database.write() as connection:
        connection.execute(update(AUTHENTICATOR).values(kind="of_a_newer_version"))
        connection.commit()
    no_enrolment = Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert waiting.identity.re_enrolment.view(waiting.enrollee) == no_enrolment
    assert waiting.identity.re_enrolment.start_over(waiting.enrollee) == no_enrolment
    assert waiting.confirm_again("000000") == no_enrolment
    assert "enrolment" not in tries(installation)
    waiting.enable_again()


def test_five_wrong_codes_discard_the_secret(installation: Installation, anna: Account, waiting: UseCaseBrowser) -> None:
    """Each is an event; the link and the sign-in stay good for a new start with another secret."""
    app = waiting.start_again()
    for left in (4, 3, 2, 1):
        assert waiting.confirm_again("000000") == Denied(ProofRefusal.WRONG_CODE, tries_left=left)
    assert waiting.confirm_again("000000") == Denied(EnrolmentRefusal.ENROLMENT_DISCARDED)
    assert waiting.confirm_again(app.code()) == Denied(EnrolmentRefusal.NO_ENROLMENT)
    expected = [EventKind.ENROLMENT_REFUSED] * 4 + [EventKind.ENROLMENT_DISCARDED]
    assert expected == kinds(installation, anna.id)[-5:]
    another = waiting.start_again()
    assert another.uri != app.uri
    assert isinstance(waiting.confirm_again(another.code()), SignedIn)


def test_a_try_that_was_not_charged_is_not_looked_at(installation: Installation, waiting: UseCaseBrowser) -> None:
    """Five others at the same secret were charged before it, and may never be checked: it is discarded, and the link stays good."""
    app = waiting.start_again()
    with parts_of(installation).transactions.writing() as tx:
        enrolment = authenticator_store.enrolment_of(tx, waiting.enrollee.pending.id)
        assert enrolment is not None
        for _try in range(ENROLMENT_TRIES):
            throttle_store.charge(tx, [enrolment.bucket], installation.clock.now())
        tx.commit()
    assert waiting.confirm_again(app.code()) == Denied(EnrolmentRefusal.ENROLMENT_DISCARDED)
    assert isinstance(waiting.confirm_again(waiting.start_again().code()), SignedIn)


def test_a_clock_that_is_off_is_told_at_once(waiting: UseCaseBrowser) -> None:
    """As in any set-up."""
    app = waiting.start_again()
    refusal = waiting.confirm_again(app.code(steps=3))
    assert isinstance(refusal, Denied)
    assert (refusal.reason, refusal.clock_offset_seconds, refusal.tries_left) == (ProofRefusal.CLOCK_IS_OFF, 90, 4)


def test_a_second_start_shows_the_same_secret_and_start_over_another(identity: Identity, waiting: UseCaseBrowser) -> None:
    """Half-finished it survives a refresh; only "Start over" replaces it."""
    first, second = waiting.start_again(), waiting.start_again()
    assert first.uri == second.uri
    assert identity.re_enrolment.start_over(waiting.enrollee) == Done()
    third = waiting.scan_again()
    assert third.uri != first.uri
    assert isinstance(waiting.confirm_again(first.code()), Denied)
    assert isinstance(waiting.confirm_again(third.code()), SignedIn)


def test_nothing_can_be_viewed_started_over_or_confirmed_before_the_start(identity: Identity, waiting: UseCaseBrowser) -> None:
    """Each says that no set-up is open."""
    no_enrolment = Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert identity.re_enrolment.view(waiting.enrollee) == no_enrolment
    assert identity.re_enrolment.start_over(waiting.enrollee) == no_enrolment
    assert waiting.confirm_again("000000") == no_enrolment


def test_a_set_up_ends_with_the_sign_in_that_began_it(waiting: UseCaseBrowser) -> None:
    """PasswordOutcome in its ninth minute, it has one minute left."""
    waiting.clock.advance(minutes=9)
    app, enrollee = waiting.start_again(), waiting.enrollee
    view = waiting.identity.re_enrolment.view(enrollee)
    assert not isinstance(view, Denied)
    assert view.expires_at == enrollee.pending.expires_at == waiting.clock.now() + 60_000_000
    waiting.clock.advance(minutes=1)
    assert waiting.identity.re_enrolment.enrollee(waiting.pending, waiting.link, CLIENT) == START_AGAIN
    assert waiting.identity.re_enrolment.view(enrollee) == Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert waiting.identity.re_enrolment.start(enrollee, Totp.name) == START_AGAIN
    assert waiting.identity.re_enrolment.confirm(enrollee, TotpCode(app.code())) == START_AGAIN


def test_a_disabled_account_sets_nothing_up_even_if_its_security_version_stayed(
    installation: Installation, waiting: UseCaseBrowser
) -> None:
    """Disabling raises the version too; one of the two is enough."""
    app, enrollee = waiting.start_again(), waiting.enrollee
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(status=AccountStatus.DISABLED.value))
        connection.commit()
    assert waiting.identity.re_enrolment.start(enrollee, Totp.name) == START_AGAIN
    assert waiting.identity.re_enrolment.confirm(enrollee, TotpCode(app.code())) == START_AGAIN


def test_signing_out_of_it_leaves_the_link_good(installation: Installation, identity: Identity, waiting: UseCaseBrowser) -> None:
    """The sign-in and its secret end; another sign-in goes on with the same link."""
    app, stale = waiting.start_again(), waiting.enrollee
    identity.re_enrolment.abandon(stale)
    assert isinstance(identity.re_enrolment.enrollee(waiting.pending, waiting.link, CLIENT), Denied)
    assert identity.re_enrolment.confirm(stale, TotpCode(app.code())) == JUST_SIGNED_IN
    with installation.services.database.read() as connection:
        assert connection.execute(select(AUTHENTICATOR.c.state)).scalars().all() == ["revoked"]
    waiting.enable_again()


def test_what_comes_late_after_a_sign_out_cannot_complete_it(identity: Identity, waiting: UseCaseBrowser) -> None:
    """A start that was still on its way draws no secret."""
    stale = waiting.enrollee
    identity.re_enrolment.abandon(stale)
    assert identity.re_enrolment.start(stale, Totp.name) == JUST_SIGNED_IN
    assert identity.re_enrolment.view(stale) == JUST_SIGNED_IN


def test_no_other_accounts_sign_in_ends_with_it(
    installation: Installation, waiting: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """An attacker who has the password alone cannot keep the owner from finishing."""
    thief = new_visitor(address="203.0.113.9")
    thief.begin()
    app = waiting.start_again()
    installation.services.identity.re_enrolment.abandon(thief.enrollee)
    thief.begin()
    assert isinstance(waiting.confirm_again(app.code()), SignedIn)
    assert installation.services.identity.re_enrolment.enrollee(thief.pending, None, CLIENT) == START_AGAIN


def test_a_wrong_password_costs_the_same_as_anybodys(installation: Installation, waiting: UseCaseBrowser) -> None:
    """Counted in the strangers' bucket, answered in the same words."""
    stranger = UseCaseBrowser(installation)
    outcomes = [stranger.begin("wrong", email) for email in (ANNA, "nobody@example.com")]
    assert outcomes == [Denied(PasswordRefusal.WRONG_CREDENTIALS)] * 2
    assert tries(installation)["stranger"] == 2


def test_a_browser_that_was_known_is_a_stranger_after_the_reset(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """Whose it is cannot be told any more; the confirmation makes it known again."""
    assert visitor.device is not None
    visitor.link = reset(installation.services)
    visitor.begin("wrong")
    assert tries(installation)["stranger"] == 1
    visitor.enable_again()
    visitor.begin("wrong")
    assert tries(installation)["known_browser"] == 1


def test_a_reset_that_comes_while_the_password_is_hashed_gives_no_session(
    installation: Installation, anna: Account, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Decided on the old state is decided again."""
    hasher = ObservedHasher(PasswordHasher(memory_kib=8, iterations=1, threads=1, filler=bytes(32)))
    parts = parts_of(installation)
    password_step = PasswordStep(parts.transactions, parts.system, hasher, parts.digest, parts.session_start, SignInLog(), sends_mail=False)
    UseCaseBrowser(installation).sign_in().enable()
    hasher.meanwhile = lambda: reset(installation.services)
    assert UseCaseBrowser(installation, password_step=password_step).begin() == START_AGAIN


def test_the_session_that_the_browser_had_ends_with_the_new_one(installation: Installation, waiting: UseCaseBrowser) -> None:
    """Berta was signed in here: her session is not left behind."""
    installation.add_account(BERTA, "Berta")
    berta = UseCaseBrowser(installation, email=BERTA).sign_in()
    waiting.session = berta.session
    app = waiting.start_again()
    waiting.confirm_again(app.code())
    assert waiting.me.account.email == ANNA
    assert berta.caller is None


def test_a_first_code_that_expires_while_it_waits_turns_nothing_on(installation: Installation, waiting: UseCaseBrowser) -> None:
    """It counts at the moment of its check."""
    app = waiting.start_again()
    with while_waiting_for_the_account(installation, lambda: installation.clock.advance(seconds=10)):
        refusal = waiting.confirm_again(app.code(steps=-1))
    assert isinstance(refusal, Denied)
    assert refusal.reason is ProofRefusal.CLOCK_IS_OFF
    assert waiting.caller is None
