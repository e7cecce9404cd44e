"""Removing one of several authenticator apps: its codes and its secret go at once, and the last one stays."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.installation import Installation
from tests.use_cases.instrumentation import events
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.authenticators import RemoveRefusal
from xpressbot.identity.factors.enrolment_steps import EnrolmentRefusal
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal, ProtectionRefusal
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.tables import AUTHENTICATOR, TOTP_AUTHENTICATOR

GONE = Denied(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR)
WRONG = Denied(ProofRefusal.WRONG_CODE)


@pytest.fixture
def tablet(app: AuthenticatorApp, visitor: UseCaseBrowser) -> AuthenticatorApp:
    """Anna's second app."""
    return visitor.add_app("Tablet")


def test_its_codes_are_refused_at_once_and_the_others_go_on(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Even the code that was on its screen at that moment."""
    other = new_visitor()
    codes = (app.next_code(), tablet.code())
    assert isinstance(visitor.remove(visitor.apps()[""]), SessionRenewed)
    assert list(visitor.apps()) == ["Tablet"]
    other.begin()
    assert other.code(codes[0]) == WRONG
    assert isinstance(other.code(codes[1]), SignedIn)


def test_its_secret_is_gone(installation: Installation, tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """What is left says that there was one, and opens nothing."""
    removed, kept = visitor.apps()["Tablet"], visitor.apps()[""]
    visitor.remove(removed)
    with installation.services.database.read() as connection:
        rows = connection.execute(select(AUTHENTICATOR.c.id, AUTHENTICATOR.c.state))
        assert {tuple(row) for row in rows} == {(removed, "revoked"), (kept, "active")}
        assert connection.execute(select(TOTP_AUTHENTICATOR.c.id)).scalars().all() == [kept]


def test_it_ends_other_sessions_and_is_an_event(
    installation: Installation,
    anna: Account,
    app: AuthenticatorApp,
    tablet: AuthenticatorApp,
    visitor: UseCaseBrowser,
    new_visitor: Callable[..., UseCaseBrowser],
) -> None:
    """An attacker who may have come in with the lost tablet is out, and this session goes on under a new token (ASVS 7.4.3)."""
    other = new_visitor().sign_in(TotpCode(tablet.next_code()))
    token = visitor.session
    assert isinstance(visitor.remove(visitor.apps()["Tablet"]), SessionRenewed)
    assert other.caller is None
    assert visitor.session != token
    visitor.session, token = token, visitor.session
    assert visitor.caller is None
    visitor.session = token
    event = events(installation, anna.id)[-1]
    assert (event.kind, event.details["name"], event.details["sessions_ended"]) == (EventKind.AUTHENTICATOR_REMOVED, "Tablet", 1)
    assert isinstance(new_visitor().sign_in(TotpCode(app.code())), UseCaseBrowser)


def test_a_sign_in_that_waits_for_its_code_starts_again(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """It was begun on what was so before."""
    other = new_visitor()
    other.begin()
    visitor.remove(visitor.apps()["Tablet"])
    assert other.code(app.next_code()) == Denied(SignInRefusal.START_AGAIN)


def test_it_takes_a_fresh_proof(app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Which either app gives, also the one that goes (ASVS 7.5.1)."""
    visitor.clock.advance(minutes=5)
    assert visitor.remove(visitor.apps()["Tablet"]) == StepUpRequired()
    assert list(visitor.apps()) == ["", "Tablet"]
    visitor.confirm(factor=TotpCode(tablet.code()))
    assert isinstance(visitor.remove(visitor.apps()["Tablet"]), SessionRenewed)


def test_the_last_one_stays(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """It leaves only with 2FA itself, and the refusal leaves it as it was."""
    visitor.remove(visitor.apps()[""])
    assert visitor.remove(visitor.apps()["Tablet"]) == Denied(RemoveRefusal.LAST_AUTHENTICATOR)
    assert list(visitor.apps()) == ["Tablet"]
    new_visitor().sign_in(TotpCode(tablet.next_code()))


def test_what_was_removed_is_not_removed_again(tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """The other half of a double click takes no other app with it."""
    removed = visitor.apps()["Tablet"]
    visitor.add_app("Work phone")
    assert isinstance(visitor.remove(removed), SessionRenewed)
    assert visitor.remove(removed) == GONE
    assert list(visitor.apps()) == ["", "Work phone"]


@pytest.mark.parametrize("app_id", ["", "0" * 32, "x" * 10_000, "\x00", "' OR 1=1 --"])
def test_an_app_that_is_none_of_theirs_is_not_removed(tablet: AuthenticatorApp, visitor: UseCaseBrowser, app_id: str) -> None:
    """Whatever is said to be its id."""
    assert visitor.remove(app_id) == GONE
    assert list(visitor.apps()) == ["", "Tablet"]


def test_no_account_removes_another_accounts_app(installation: Installation, tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """Knowing its id is not enough (ASVS 8.2.2)."""
    installation.add_account("berta@example.com", "Berta")
    berta = UseCaseBrowser(installation, email="berta@example.com").sign_in()
    berta.enable()
    berta.add_app("Phone")
    for app_id in berta.apps().values():
        assert visitor.remove(app_id) == GONE
    assert list(berta.apps()) == ["", "Phone"]


def test_nothing_is_removed_while_2fa_is_off(visitor: UseCaseBrowser) -> None:
    """There is no app, and the refusal says that 2FA is off."""
    visitor.sign_in()
    assert visitor.remove("0" * 32) == Denied(ProtectionRefusal.NOT_PROTECTED)


def test_a_move_away_from_the_removed_app_is_over(app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """In this session too: the new phone would stand beside the others, which no person asked for."""
    phone = visitor.start(replaces=visitor.apps()["Tablet"])
    visitor.remove(visitor.apps()["Tablet"])
    assert visitor.confirm_enrolment(phone.code()) == Denied(EnrolmentRefusal.NO_ENROLMENT)
    assert list(visitor.apps()) == [""]


def test_what_another_session_has_begun_is_over(
    app: AuthenticatorApp, tablet: AuthenticatorApp, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Its session ended, and the secret it was shown went with it."""
    other = new_visitor().sign_in(TotpCode(app.next_code()))
    phone, me = other.start_adding("Thief's"), other.me
    visitor.remove(visitor.apps()["Tablet"])
    assert other.identity.two_factor.confirm(me, TotpCode(phone.code())) == Denied(SessionRefusal.NOT_SIGNED_IN)
    assert list(visitor.apps()) == [""]


def test_after_a_removal_another_app_can_have_its_place(tablet: AuthenticatorApp, visitor: UseCaseBrowser) -> None:
    """The proof that removed one is still fresh for adding the next."""
    visitor.remove(visitor.apps()["Tablet"])
    assert isinstance(visitor.confirm_enrolment(visitor.start_adding("Tablet").code()), InPlace)
