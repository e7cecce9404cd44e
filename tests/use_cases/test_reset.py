"""An operator's reset of 2FA: everything it rests on goes together, and the account waits for its link."""

from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.support.people import reset, trust_passwords
from tests.use_cases.instrumentation import LOOKED_AND_CHARGED, after_transaction, events, kinds, tries
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser, canonical
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, EventKind, NewEvent
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.protection import ProtectionRefusal
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.retention import ENROLMENT_KEPT
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.outcomes import Denied, EnrolmentRequired, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.sign_in.refusals import ReEnrolmentRefusal, SignInRefusal
from xpressbot.identity.tables import (
    AUTHENTICATOR,
    KNOWN_BROWSER,
    PENDING_SIGN_IN,
    RECOVERY_CODE,
    RECOVERY_CODE_SET,
    SECURITY_EVENT,
    SESSION,
    TOTP_AUTHENTICATOR,
)
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.use_cases import Identity

BERTA = "berta@example.com"


def rows_left(installation: Installation) -> dict[str, int]:
    """How many rows of each kind Anna's account has."""
    with installation.services.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in (SESSION, PENDING_SIGN_IN, KNOWN_BROWSER, RECOVERY_CODE, RECOVERY_CODE_SET)
        }


def secrets_left(installation: Installation) -> list[tuple[str, bool]]:
    """The state of each authenticator, and whether its secret is still there."""
    has_secret = TOTP_AUTHENTICATOR.c.id.is_not(None).label("has_secret")
    with_secrets = AUTHENTICATOR.outerjoin(TOTP_AUTHENTICATOR, TOTP_AUTHENTICATOR.c.id == AUTHENTICATOR.c.id)
    with installation.services.database.read() as connection:
        rows = connection.execute(select(AUTHENTICATOR.c.state, has_secret).select_from(with_secrets).order_by(AUTHENTICATOR.c.id))
        return [(row.state, row.has_secret) for row in rows]


def test_a_reset_removes_all_that_2fa_rests_on(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Secrets, both sets of codes, sessions, known browsers: no row is left of any. Of an unfinished set-up one is, for a while."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    new_visitor().begin()
    visitor.regenerate()
    visitor.start()
    assert rows_left(installation) == {"session": 2, "pending_sign_in": 2, "known_browser": 2, "recovery_code": 20, "recovery_code_set": 2}
    assert secrets_left(installation) == [("active", True), ("pending", True)]
    reset(installation.services)
    assert rows_left(installation) | {"pending_sign_in": 0} == dict.fromkeys(rows_left(installation), 0)
    assert secrets_left(installation) == [("revoked", False), ("pending", True)]
    assert (visitor.caller, other.caller) == (None, None)
    installation.clock.set(installation.clock.now() + ENROLMENT_LIFETIME + ENROLMENT_KEPT)
    installation.services.expiry.next_round()
    assert secrets_left(installation) == [("revoked", False)]


def test_a_reset_ends_a_sign_in_that_waits_for_its_code(
    installation: Installation, app: AuthenticatorApp, codes: tuple[str, ...], new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A code of the old app, or from the old paper, lets no client in that had given the password before."""
    waiting = new_visitor()
    waiting.begin()
    reset(installation.services)
    assert waiting.code(app.next_code()) == Denied(SignInRefusal.START_AGAIN)
    assert waiting.prove(canonical(codes[0])) == Denied(SignInRefusal.START_AGAIN)


def test_a_reset_that_comes_while_a_code_is_checked_wins(
    installation: Installation, app: AuthenticatorApp, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The pending sign-in was read before and the account locked after: no session begins."""
    waiting = new_visitor()
    waiting.begin()
    with after_transaction(installation, LOOKED_AND_CHARGED, lambda: reset(installation.services)):
        assert waiting.code(app.next_code()) == Denied(SignInRefusal.START_AGAIN)
    assert rows_left(installation)["session"] == 0


@pytest.mark.parametrize("factor", [TotpCode("000000"), RecoveryCodeText("0" * 16)], ids=["totp", "recovery code"])
def test_a_reset_lifts_waits_and_suspensions(
    installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser, factor: TotpCode | RecoveryCodeText
) -> None:
    """Whatever was guessed at the old factors holds up no person with the new ones; guesses at the password stay counted."""
    thief = UseCaseBrowser(installation, address="203.0.113.9")
    for _try in range(50):
        thief.begin()
        thief.prove(factor)
        installation.clock.advance(hours=1)
    thief.begin()
    assert thief.prove(factor) == Denied(ThrottleRefusal.SUSPENDED)
    thief.begin("guess")
    counted = tries(installation)
    trust_passwords(installation.services)
    visitor.link = reset(installation.services)
    assert tries(installation) == {key: count for key, count in counted.items() if not key.startswith(("totp", "recovery_code"))}
    app = visitor.enable_again()
    codes = visitor.codes()
    visitor.sign_in(TotpCode(app.next_code()))
    visitor.sign_in(canonical(codes[0]))


def test_a_reset_lifts_the_wait_of_checking_saved_codes(installation: Installation, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """The codes that were guessed at are gone with it."""
    for _try in range(5):
        visitor.identity.recovery_codes.check(visitor.me, RecoveryCodeText("0" * 16))
    assert tries(installation)["recovery_code_check"] == 5
    reset(installation.services)
    assert tries(installation)["recovery_code_check"] == 0


def test_a_reset_is_an_event_of_the_member_and_one_of_the_team_that_name_the_operator_and_the_reason(
    installation: Installation, anna: Account, link: Token
) -> None:
    """It is a notice as well, to the person who signs in next. Owners and admins find it in the team's record, with the address."""
    assert events(installation, anna.id)[-1] == NewEvent(EventKind.TWO_FACTOR_RESET, {"reason": "Phone and codes lost"}, actor=OPERATOR)
    details = {"email": ANNA, "reason": "Phone and codes lost"}
    assert events(installation, TEAM)[-1] == NewEvent(EventKind.RESET_DONE, details, actor=OPERATOR, target=anna.id)


def test_a_reset_touches_no_other_account(installation: Installation, app: AuthenticatorApp) -> None:
    """Berta's session, codes, app and half-way sign-in are as they were."""
    installation.add_account(BERTA, "Berta")
    berta = UseCaseBrowser(installation, email=BERTA).sign_in()
    bertas_app = berta.enable()
    codes = berta.codes()
    waiting = UseCaseBrowser(installation, email=BERTA)
    waiting.begin()
    reset(installation.services)
    assert berta.caller is not None
    assert codes == berta.codes()
    assert isinstance(waiting.code(bertas_app.next_code()), SignedIn)


def test_there_is_nothing_to_reset_where_2fa_is_off(
    identity: Identity, installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """Refused, without an event; the sessions go on, and the password alone signs in as before."""
    visitor.sign_in()
    before = kinds(installation, anna.id)
    assert identity.two_factor_reset.reset(ANNA, "why not") == Denied(ProtectionRefusal.NOT_PROTECTED)
    visitor.start()
    assert identity.two_factor_reset.reset(ANNA, "a set-up alone is no 2FA") == Denied(ProtectionRefusal.NOT_PROTECTED)
    assert [*before, EventKind.ENROLMENT_STARTED] == kinds(installation, anna.id)
    assert visitor.caller is not None
    assert isinstance(visitor.begin(), SignedIn)


def test_no_account_is_reset_at_an_unknown_address(identity: Identity, installation: Installation, link: Token) -> None:
    """None, and nothing is written."""
    with installation.services.database.read() as connection:
        before = connection.execute(select(func.count()).select_from(SECURITY_EVENT)).scalar_one()
    assert identity.two_factor_reset.reset("unknown@example.com", "typo") is None
    with installation.services.database.read() as connection:
        assert before == connection.execute(select(func.count()).select_from(SECURITY_EVENT)).scalar_one()
    assert identity.re_enrolment.is_open(link)


def test_an_address_is_found_however_it_is_spelt(identity: Identity, app: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """As everywhere."""
    assert isinstance(identity.two_factor_reset.reset(" ANNA@Example.COM", "phone lost"), Token)
    assert isinstance(visitor.begin(), EnrolmentRequired)


def test_a_second_reset_voids_the_first_link(installation: Installation, identity: Identity, link: Token, visitor: UseCaseBrowser) -> None:
    """Each reset is an event; only the newest link is good."""
    second = reset(installation.services, reason="first link went to the wrong person")
    assert [identity.re_enrolment.is_open(token) for token in (link, second)] == [False, True]
    visitor.link = link
    visitor.begin()
    assert identity.re_enrolment.start(visitor.enrollee, Totp.name) == Denied(ReEnrolmentRefusal.MUST_ENROL)
    visitor.link = second
    visitor.enable_again()


def test_a_second_reset_ends_a_set_up_that_the_first_link_had_begun(
    installation: Installation, identity: Identity, link: Token, visitor: UseCaseBrowser
) -> None:
    """Its sign-in and its link are dead, and its secret is shown no more, even with the new link."""
    visitor.link = link
    visitor.begin()
    app = visitor.start_again()
    stale = visitor.enrollee
    visitor.link = reset(installation.services)
    for enrollee in (stale, replace(stale, link=visitor.link)):
        assert identity.re_enrolment.confirm(enrollee, TotpCode(app.code())) == Denied(SignInRefusal.START_AGAIN)
        assert identity.re_enrolment.start(enrollee, Totp.name) == Denied(SignInRefusal.START_AGAIN)
        assert identity.re_enrolment.start_over(enrollee) == Denied(SignInRefusal.START_AGAIN)
    assert identity.re_enrolment.view(stale) == Denied(ReEnrolmentRefusal.MUST_ENROL)
    assert identity.re_enrolment.view(replace(stale, link=visitor.link)) == Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert identity.re_enrolment.enrollee(visitor.pending, visitor.link, visitor.client) == Denied(SignInRefusal.START_AGAIN)
    visitor.enable_again()


def test_a_link_lives_24_hours(installation: Installation, identity: Identity, link: Token, visitor: UseCaseBrowser) -> None:
    """In its last second it works, also for a person who has begun; then it does not, and a new reset gives another."""
    installation.clock.advance(hours=24, seconds=-1)
    assert identity.re_enrolment.is_open(link)
    visitor.link = link
    visitor.begin()
    app = visitor.start_again()
    code = app.code()
    installation.clock.advance(seconds=1)
    assert not identity.re_enrolment.is_open(link)
    assert visitor.confirm_again(code) == Denied(ReEnrolmentRefusal.MUST_ENROL)
    assert identity.re_enrolment.view(visitor.enrollee) == Denied(ReEnrolmentRefusal.MUST_ENROL)
    visitor.link = reset(installation.services)
    visitor.enable_again()


def test_a_disabled_account_can_be_reset_and_signs_in_only_when_it_is_enabled(
    installation: Installation, identity: Identity, app: AuthenticatorApp, visitor: UseCaseBrowser
) -> None:
    """Enabling leaves the reset in force, and ends the link: it works on one version of the account only."""
    identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    visitor.link = reset(installation.services)
    assert visitor.begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert not identity.re_enrolment.is_open(visitor.link)
    visitor.link = reset(installation.services)
    visitor.enable_again()


def test_disabling_voids_the_link_and_enabling_does_not_bring_it_back(identity: Identity, link: Token, visitor: UseCaseBrowser) -> None:
    """The password alone still opens nothing: it takes another reset."""
    visitor.link = link
    visitor.begin()
    visitor.start_again()
    identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert not identity.re_enrolment.is_open(link)
    identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert not identity.re_enrolment.is_open(link)
    assert isinstance(visitor.begin(), EnrolmentRequired)
    assert identity.re_enrolment.start(visitor.enrollee, Totp.name) == Denied(ReEnrolmentRefusal.MUST_ENROL)


def test_an_operator_sees_who_was_reset(identity: Identity, link: Token, visitor: UseCaseBrowser) -> None:
    """2FA counts as off, and the account as one that must enrol, until the new app has proven a code."""
    summary = identity.administration.summary(ANNA)
    assert summary is not None
    assert (summary.account.must_enrol, summary.protected_since, summary.codes_left) == (True, None, 0)
    visitor.link = link
    visitor.enable_again()
    summary = identity.administration.summary(ANNA)
    assert summary is not None
    assert (summary.account.must_enrol, summary.protected_since, summary.codes_left) == (False, visitor.clock.now(), 10)
