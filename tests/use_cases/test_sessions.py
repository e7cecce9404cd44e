"""Sessions: their limits, their last use, signing out."""

from collections.abc import Callable

import pytest

from tests.support.installation import Installation
from tests.use_cases.instrumentation import kinds, statements
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.outcomes import Denied, Done, SignedIn
from xpressbot.identity.sessions.caller import SessionHolder
from xpressbot.identity.sessions.gate import SessionRefusal


def test_a_browser_without_a_token_or_with_a_made_up_one_is_signed_out(visitor: UseCaseBrowser) -> None:
    """An unknown token is not adopted (ASVS 7.2.1)."""
    assert visitor.caller is None
    visitor.session = Token(bytes(32))
    assert visitor.caller is None
    visitor.sign_in()
    assert visitor.session != Token(bytes(32))


def test_sixty_one_minutes_without_use_lock_a_session(visitor: UseCaseBrowser) -> None:
    """And it stays locked, whatever is asked afterwards (ASVS 7.3.1)."""
    visitor.sign_in()
    visitor.clock.advance(minutes=59)
    me = visitor.me
    visitor.clock.advance(minutes=61)
    assert visitor.caller is None
    assert visitor.caller is None
    assert visitor.identity.two_factor.start(me, Totp.name) == Denied(SessionRefusal.SESSION_LOCKED)


def test_a_day_and_a_second_end_a_session_in_use(visitor: UseCaseBrowser) -> None:
    """Use does not extend the absolute lifetime."""
    visitor.sign_in()
    for _ in range(47):
        visitor.clock.advance(minutes=30)
        assert visitor.caller is not None
    visitor.clock.advance(minutes=30, seconds=-1)
    me = visitor.me
    visitor.clock.advance(seconds=2)
    assert visitor.caller is None
    assert visitor.identity.two_factor.start(me, Totp.name) == Denied(SessionRefusal.NOT_SIGNED_IN)


def test_a_step_up_does_not_extend_the_absolute_lifetime(visitor: UseCaseBrowser) -> None:
    """The row keeps the end it was given at sign-in."""
    visitor.sign_in()
    end = visitor.me.session.expires_at
    visitor.clock.advance(minutes=30)
    visitor.confirm()
    assert end == visitor.me.session.expires_at


def test_a_session_opens_nothing_while_a_clock_that_was_set_back_has_not_come_to_it(visitor: UseCaseBrowser) -> None:
    """It is not removed: a machine may start with a clock that is behind, and then everybody goes on once it is right."""
    visitor.sign_in()
    me = visitor.me
    visitor.clock.advance(hours=-5)
    assert visitor.caller is None
    assert visitor.identity.sessions.is_from_the_future(visitor.client)
    assert visitor.identity.two_factor.start(me, Totp.name) == Denied(SessionRefusal.NOT_SIGNED_IN)
    visitor.clock.advance(hours=5)
    assert visitor.caller is not None
    assert not visitor.identity.sessions.is_from_the_future(visitor.client)


def test_of_two_nodes_one_may_be_two_minutes_behind_the_other(visitor: UseCaseBrowser) -> None:
    """A person who signs in and confirms who they are on the one is signed in, and confirmed, on the other."""
    visitor.sign_in()
    visitor.clock.advance(minutes=-2)
    assert visitor.identity.two_factor.start(visitor.me, Totp.name) == Done()


def test_resolving_a_session_is_one_statement_and_one_write_a_minute(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Fifty pages within a minute cost fifty statements; the first of the next minute one more."""
    visitor.sign_in().enable()
    with statements(installation) as sent:
        for _ in range(50):
            assert visitor.caller is not None
    assert len(sent) == 50
    assert all(statement.startswith("SELECT") for statement in sent)
    visitor.clock.advance(minutes=1)
    with statements(installation) as sent:
        for _ in range(10):
            assert visitor.caller is not None
    assert [statement.partition(" ")[0] for statement in sent] == ["SELECT", "UPDATE", *["SELECT"] * 9]
    assert visitor.me.session.last_used_at == visitor.clock.now()


def test_no_token_costs_no_statement_and_an_unknown_token_one(installation: Installation, visitor: UseCaseBrowser) -> None:
    """A stranger's request with a made-up cookie is as cheap as any."""
    with statements(installation) as sent:
        assert visitor.caller is None
    assert len(sent) == 0
    visitor.session = Token(bytes(32))
    with statements(installation) as sent:
        assert visitor.caller is None
    assert len(sent) == 1


def test_signing_out_ends_the_session_on_the_server(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """The old token opens nothing; other browsers stay signed in; signing out twice is once."""
    other = new_visitor().sign_in()
    me = visitor.sign_in().me
    visitor.identity.sessions.sign_out(me)
    assert visitor.caller is None
    assert other.caller is not None
    visitor.identity.sessions.sign_out(me)
    assert kinds(installation, anna.id).count(EventKind.SIGNED_OUT) == 1


def test_who_is_neither_signed_in_nor_locked_may_do_nothing(visitor: UseCaseBrowser) -> None:
    """A type of holder that the gate does not know gets nowhere, though the session is live: not even out of it."""
    me = visitor.sign_in().me
    unknown = SessionHolder(me.account, me.session, me.token, me.client, me.policy)
    assert visitor.identity.sessions.sign_out(unknown) == Denied(SessionRefusal.SESSION_LOCKED)
    assert visitor.caller is not None


def test_disabling_an_account_ends_its_sessions_at_once(installation: Installation, visitor: UseCaseBrowser) -> None:
    """The next request is refused, also the one that is under way; enabling it again brings no session back."""
    me = visitor.sign_in().me
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert visitor.caller is None
    assert visitor.identity.two_factor.start(me, Totp.name) == Denied(SessionRefusal.NOT_SIGNED_IN)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert visitor.caller is None
    assert isinstance(visitor.begin(), SignedIn)


@pytest.mark.parametrize(("case", "most"), [("known device", 18), ("new device", 22), ("a device cookie of another account", 22)])
def test_a_right_code_takes_few_statements(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser], case: str, most: int
) -> None:
    """BEGIN and COMMIT not counted. A browser that is new to the account is told by a notice and a mail."""
    app = visitor.sign_in().enable()
    visitor.keep_codes()
    installation.add_account("berta@example.com", "Berta")
    browsers = {"known device": visitor, "new device": new_visitor()}
    browser = browsers.get(case) or new_visitor(email="berta@example.com").sign_in()
    browser.session = None
    browser.begin(email=ANNA)
    code = app.next_code()
    with statements(installation) as sent:
        assert isinstance(browser.code(code), SignedIn)
    assert len(sent) <= most, sent


def test_an_accounts_twenty_first_browser_replaces_the_oldest(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Twenty browsers are known; the one that signed in longest ago is a stranger again."""
    browsers = [visitor.sign_in()]
    for number in range(20):
        visitor.clock.advance(seconds=1)
        browsers.append(new_visitor(address=f"198.51.100.{number}").sign_in())
    for _ in range(5):
        new_visitor(address="203.0.113.1").begin("guess")
    assert isinstance(browsers[0].begin(), Denied)
    assert all(isinstance(browser.begin(), SignedIn) for browser in browsers[1:])


def test_a_browser_shared_by_two_accounts_is_known_to_both(installation: Installation, visitor: UseCaseBrowser) -> None:
    """One cookie serves everybody who has signed in with it, and goes on with each sign-in."""
    installation.add_account("berta@example.com", "Berta")
    visitor.sign_in()
    visitor.begin(email="berta@example.com")
    for email in (ANNA, "berta@example.com"):
        for _ in range(5):
            UseCaseBrowser(installation, email=email, address="203.0.113.1").begin("guess")
    assert isinstance(visitor.begin(email=ANNA), SignedIn)
    assert isinstance(visitor.begin(email="berta@example.com"), SignedIn)


def test_two_sessions_of_one_person_are_told_apart(visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]) -> None:
    """Settings count the others, live or locked, and not this one; what is over counts no more."""
    visitor.sign_in()
    app = visitor.enable()
    new_visitor().sign_in(TotpCode(app.next_code()))
    assert visitor.identity.account_page.other_sessions(visitor.me) == 1
    for minutes in (59, 59):
        visitor.clock.advance(minutes=minutes)
        assert visitor.identity.account_page.other_sessions(visitor.me) == 1
    other = visitor.identity.session_listing.listed(visitor.me)[1].session
    assert other.is_locked(visitor.clock.now())
    assert not other.is_open(other.expires_at)
