"""The address before stops a change: it takes power away, and gives nobody any."""

from collections.abc import Callable

import pytest

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.mailed_links import change_email, email_link, links_to
from tests.support.mails import send, states_of
from tests.use_cases.instrumentation import after_transaction, before_statement, events, kinds, parts_of
from tests.use_cases.test_email_change import NEW, address_of, count
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.database.rows_at_restore import end_rows
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.address import RESERVED_FOR
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, SecondFactorRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.profile.closing import ClosingRefusal
from xpressbot.identity.profile.email_confirmation import EMAIL_CHANGED_MAIL, EmailChanged
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.use_cases import at_restore

GONE = Denied(LinkRefusal.LINK_GONE)
PASSPHRASE = "copper-lantern-willow-harbour"


def stop_link(installation: Installation, address: str = ANNA) -> Token:
    return links_to(installation, address, LinkKind.EMAIL_STOP)[-1]


def test_stopping_brings_the_address_back_and_leaves_the_thief_nothing(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Sessions end, the password opens nothing, 2FA stays, a link for a new password is mailed to the old address."""
    app = visitor.sign_in().enable()
    changed = change_email(installation, visitor.me, NEW)
    visitor.session = changed.renewed.session
    token = stop_link(installation)
    assert "Anna" not in str([mail.get_content() for mail in send(installation) if mail["To"] == ANNA][-1])
    before = visitor.identity.email_stop.preview(token)
    assert before == Stop(anna.id, ANNA, is_confirmed=True, sessions_ended=1)
    assert address_of(installation, anna)[0] == NEW
    assert visitor.identity.email_stop.stop(token, CLIENT) == before
    assert address_of(installation, anna) == (ANNA, anna.email_confirmed_at)
    assert (visitor.caller, count(installation)[2]) == (None, 0)
    last = events(installation, anna.id)[-1]
    told = (last.details["email"], last.details["email_before"], last.details["password"])
    assert (last.kind, last.actor, told) == (EventKind.EMAIL_CHANGE_STOPPED, None, (ANNA, NEW, "void"))
    for address in (ANNA, NEW):
        assert new_visitor(email=address).begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    (token,) = links_to(installation, ANNA, LinkKind.PASSWORD)
    assert visitor.identity.password_reset.set(token, PASSPHRASE, CLIENT) == Done()
    assert isinstance(new_visitor().begin(PASSPHRASE), SecondFactorRequired)
    assert app


def test_an_address_that_was_never_confirmed_is_mailed_no_password_link(installation: Installation, anna: Account) -> None:
    """It comes back, unconfirmed: a stranger to whom a mistyped address belongs must not take the account. The operator helps."""
    identity = installation.services.identity
    ben = identity.registration.create(NewAccount("ben@example.com", "Ben", PASSWORD))
    assert isinstance(ben, Account)
    change_email(installation, UseCaseBrowser(installation, email=ben.email).sign_in().me, NEW)
    stopped = identity.email_stop.stop(stop_link(installation, ben.email), CLIENT)
    assert isinstance(stopped, Stop)
    assert (stopped.is_confirmed, address_of(installation, ben)) == (False, (ben.email, None))
    assert links_to(installation, ben.email, LinkKind.PASSWORD) == []
    assert isinstance(identity.password_reset.issue(ben.email), Token)


def test_a_stop_link_works_once_until_72_hours_after_the_change(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """On every later version of the account, enabled or not; neither afterwards, nor for what it is not."""
    stop = visitor.identity.email_stop
    change_email(installation, visitor.sign_in().me, NEW)
    token = stop_link(installation)
    at = installation.clock.now()
    installation.clock.set(at + RESERVED_FOR)
    assert (stop.preview(token), stop.stop(token, CLIENT)) == (None, GONE)
    installation.clock.set(at + RESERVED_FOR - 1)
    visitor.identity.administration.set_status(NEW, AccountStatus.DISABLED)
    assert [stop.stop(wrong, CLIENT) for wrong in (None, Token(bytes(32)))] == [GONE, GONE]
    assert isinstance(stop.stop(token, CLIENT), Stop)
    assert (stop.preview(token), stop.stop(token, CLIENT)) == (None, GONE)
    assert address_of(installation, anna)[0] == ANNA


def test_the_second_half_of_a_double_click_stops_nothing_more(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The link was open when it was looked at, and is used up by the time at which the account is locked."""
    change_email(installation, visitor.sign_in().me, NEW)
    token = stop_link(installation)
    with after_transaction(installation, 1, lambda: visitor.identity.email_stop.stop(token, CLIENT)):
        assert visitor.identity.email_stop.stop(token, CLIENT) == GONE
    assert address_of(installation, anna)[0] == ANNA
    assert kinds(installation, anna.id).count(EventKind.EMAIL_CHANGE_STOPPED) == 1


def test_the_link_of_an_earlier_change_stops_no_later_one(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """Each change has its own."""
    change_email(installation, visitor.sign_in().me, NEW)
    first = stop_link(installation)
    installation.clock.set(installation.clock.now() + RESERVED_FOR)
    visitor.email = NEW
    change_email(installation, visitor.sign_in().me, "third@example.net")
    assert visitor.identity.email_stop.stop(first, CLIENT) == GONE
    assert address_of(installation, anna)[0] == "third@example.net"
    assert isinstance(visitor.identity.email_stop.stop(stop_link(installation, NEW), CLIENT), Stop)
    assert address_of(installation, anna)[0] == NEW


def test_what_the_thief_has_asked_for_dies_with_the_change(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """A link that was asked for under the new address, and the one that was used."""
    token = email_link(installation, visitor.sign_in().me, NEW)
    changed = visitor.identity.email_confirmation.confirm(visitor.me, token)
    assert isinstance(changed, EmailChanged)
    operators = visitor.identity.password_reset.issue(NEW)
    assert isinstance(operators, Token)
    visitor.identity.email_stop.stop(stop_link(installation), CLIENT)
    assert visitor.identity.password_reset.account_of(operators) is None
    assert address_of(installation, anna)[0] == ANNA


def test_a_stopped_change_is_told_to_nobody_any_more(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """A mail that waits when the 72 hours are over has no link to offer, and the address is free."""
    installation.add_account("ben@example.com", "Ben")
    bens = UseCaseBrowser(installation, email="ben@example.com").sign_in()
    changed = visitor.identity.email_confirmation.confirm(bens.me, email_link(installation, bens.me, NEW))
    assert isinstance(changed, EmailChanged)
    bens.session = changed.renewed.session
    assert visitor.identity.account_closing.close(bens.me) == Denied(ClosingRefusal.ADDRESS_CAN_COME_BACK)
    installation.clock.advance(hours=72)
    assert links_to(installation, "ben@example.com", LinkKind.EMAIL_STOP) == []
    assert isinstance(visitor.identity.registration.create(NewAccount("ben@example.com", "Ben", PASSWORD)), Account)


def test_a_change_that_can_be_stopped_no_more_when_its_mail_leaves_is_mailed_no_link(
    installation: Installation, visitor: UseCaseBrowser
) -> None:
    """The 72 hours end while its words are made; it is looked at again when its link is stored."""
    change_email(installation, visitor.sign_in().me, NEW)
    over = installation.clock.now() + RESERVED_FOR
    installation.clock.set(over - 1)
    with before_statement(installation, "SELECT reserved_address", lambda: installation.clock.set(over)):
        assert links_to(installation, ANNA, LinkKind.EMAIL_STOP) == []
    assert states_of(installation, EMAIL_CHANGED_MAIL) == ["void"]


def test_an_address_that_somebody_else_has_by_now_is_not_brought_back(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """A server whose clock is a second ahead gave it away. Of the stop nothing is left: no session ended, and the password opens."""
    change_email(installation, visitor.sign_in().me, NEW)
    token, over = stop_link(installation), installation.clock.now() + RESERVED_FOR
    installation.clock.set(over)
    ben = installation.add_account(ANNA, "Ben")
    installation.clock.set(over - SECOND)
    there = new_visitor(email=NEW).sign_in()
    before = events(installation, anna.id)
    assert visitor.identity.email_stop.stop(token, CLIENT) == GONE
    assert [address_of(installation, one)[0] for one in (anna, ben)] == [NEW, ANNA]
    assert there.caller is not None
    assert events(installation, anna.id) == before
    assert links_to(installation, ANNA, LinkKind.PASSWORD) == []


@pytest.mark.parametrize("address", [ANNA, NEW])
def test_nobody_is_signed_in_by_it(address: str, installation: Installation, visitor: UseCaseBrowser) -> None:
    """And the account of before has no session left."""
    change_email(installation, visitor.sign_in().me, NEW)
    visitor.identity.email_stop.stop(stop_link(installation), CLIENT)
    assert UseCaseBrowser(installation, email=address).begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)


def test_the_address_that_is_given_up_keeps_no_link(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The notice of the change went to it, with "This wasn't me": it must not end what the owner has won back."""
    change_email(installation, visitor.sign_in().me, NEW)
    given_up = links_to(installation, NEW, LinkKind.NOT_ME)
    assert given_up != []
    assert isinstance(visitor.identity.email_stop.stop(stop_link(installation), CLIENT), Stop)
    assert [visitor.identity.this_wasnt_me.preview(token) for token in given_up] == [None] * len(given_up)


def test_a_restore_leaves_the_way_to_stop_a_change(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The thief's address came back with the copy of the database; links that give power end."""
    change_email(installation, visitor.sign_in().me, NEW)
    stop, power = stop_link(installation), visitor.identity.password_reset.issue(NEW)
    assert isinstance(power, Token)
    with parts_of(installation).transactions.writing() as tx:
        end_rows(tx, at_restore(visitor.identity.kinds))
        tx.commit()
    assert visitor.identity.password_reset.account_of(power) is None
    assert isinstance(visitor.identity.email_stop.stop(stop, CLIENT), Stop)
