"""Confirming and changing the e-mail address by a mailed link (PEOPLE: only a mailed token confirms one)."""

from collections.abc import Callable

import pytest
from sqlalchemy import select

from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.mailed_links import change_email, email_link, links_to
from tests.support.mails import send, states_of
from tests.support.people import caller_with, invited_address
from tests.use_cases.instrumentation import after_transaction, events
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.times import HOUR, SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.address import RESERVED_FOR
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LIFETIME, LinkKind
from xpressbot.identity.outcomes import Denied, Done, SignedIn, StepUpRequired
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.profile.email_change import EMAIL_MAIL, EmailChangeRefusal
from xpressbot.identity.profile.email_confirmation import EmailChanged, EmailConfirmed, EmailLink, EmailLinkRefusal
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.registration.new_accounts import NewAccount, RegistrationRefusal
from xpressbot.identity.tables import ACCOUNT, LINK, RESERVED_ADDRESS
from xpressbot.identity.team.invitations import InvitationRefusal
from xpressbot.identity.throttling.charges import ThrottleRefusal

NEW = "anna.berg@example.net"
GONE = Denied(LinkRefusal.LINK_GONE)
TAKEN = Denied(RegistrationRefusal.EMAIL_TAKEN)


def address_of(installation: Installation, account: Account) -> tuple[str, int | None]:
    with installation.services.database.read() as connection:
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == account.id)).one()
    return row.email, row.email_confirmed_at


def count(installation: Installation) -> tuple[int, ...]:
    with installation.services.database.read() as connection:
        return tuple(len(connection.execute(select(table)).all()) for table in (LINK, OUTBOX, RESERVED_ADDRESS))


def stored(installation: Installation) -> str:
    with installation.services.database.read() as connection:
        return str(connection.execute(select(OUTBOX)).all())


def password_mails(installation: Installation, address: str) -> bool:
    before = len(links_to(installation, address, LinkKind.PASSWORD))
    installation.services.identity.forgotten.ask(address, CLIENT)
    return len(links_to(installation, address, LinkKind.PASSWORD)) > before


def test_a_mailed_token_confirms_the_present_address_and_changes_nothing_else(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Until then nobody is mailed a link for a new password; the other session goes on; the event says what was confirmed."""
    ben = installation.services.identity.registration.create(NewAccount("ben@example.com", "Ben", PASSWORD))
    assert isinstance(ben, Account)
    assert not password_mails(installation, ben.email)
    browser, other = (new_visitor(email=ben.email).sign_in() for _ in range(2))
    token = email_link(installation, browser.me, ben.email)
    assert visitor.identity.email_confirmation.preview(browser.me, token) == EmailLink(ben.email, changes=False, other_sessions=1)
    assert address_of(installation, ben) == (ben.email, None)
    assert visitor.identity.email_confirmation.confirm(browser.me, token) == EmailConfirmed(ben.email)
    assert address_of(installation, ben) == (ben.email, installation.clock.now())
    assert (browser.caller is None, other.caller is None) == (False, False)
    last = events(installation, ben.id)[-1]
    assert (last.kind, last.details["email"]) == (EventKind.EMAIL_CONFIRMED, ben.email)
    assert password_mails(installation, ben.email)
    assert visitor.identity.email_change.ask(browser.me, "Ben@EXAMPLE.com") == Denied(EmailChangeRefusal.EMAIL_IS_CONFIRMED)


def test_asking_changes_nothing_and_stores_no_secret(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The token is drawn when the mail is sent, and stands in the mail alone; the mail holds no name and no other address."""
    visitor.sign_in()
    assert visitor.identity.email_change.ask(visitor.me, NEW) == Done()
    assert (address_of(installation, anna)[0], count(installation)) == (ANNA, (0, 1, 0))
    (mail,) = send(installation)
    text = str(mail.get_content())
    assert (mail["To"], "Anna" in text, ANNA in text) == (NEW, False, False)
    (token,) = links_to(installation, NEW, LinkKind.EMAIL)
    assert token.text not in stored(installation)
    assert (address_of(installation, anna)[0], count(installation)) == (ANNA, (1, 1, 0))


def test_a_change_ends_what_was_decided_before_and_keeps_this_session(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Rule r5: other sessions end, and links that give power; the old address signs nobody in, the new one does."""
    other, _me = new_visitor().sign_in(), visitor.sign_in()
    power = installation.services.identity.password_reset.issue(ANNA)
    assert isinstance(power, Token)
    changed = change_email(installation, visitor.me, NEW)
    assert (changed.email, changed.sessions_ended) == (NEW, 1)
    assert (visitor.caller, other.caller) == (None, None)
    renewed = caller_with(installation.services, changed.renewed.session)
    assert (renewed.account.email, renewed.account.email_confirmed_at) == (NEW, installation.clock.now())
    assert installation.services.identity.password_reset.account_of(power) is None
    last = events(installation, anna.id)[-1]
    details = (last.details["email"], last.details["email_before"], last.details["sessions_ended"])
    assert (last.kind, details) == (EventKind.EMAIL_CHANGED, (NEW, ANNA, 1))
    assert new_visitor().begin() == Denied(PasswordRefusal.WRONG_CREDENTIALS)
    assert isinstance(new_visitor(email=NEW).begin(), SignedIn)


def test_a_link_works_once_and_the_newest_replaces_the_others(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """Used twice, replaced, altered, expired, or from before another change of the account."""
    confirmation = visitor.identity.email_confirmation
    first, second = (email_link(installation, visitor.sign_in().me, address) for address in ("a@example.net", NEW))
    for gone in (first, Token(bytes(32)), None):
        assert confirmation.preview(visitor.me, gone) == GONE
        assert confirmation.confirm(visitor.me, gone) == GONE
    assert address_of(installation, anna)[0] == ANNA
    assert isinstance(confirmation.confirm(visitor.me, second), EmailChanged)
    visitor.email = NEW
    assert confirmation.confirm(visitor.sign_in().me, second) == GONE
    installation.clock.set(installation.clock.now() + RESERVED_FOR)
    outdated = email_link(installation, visitor.sign_in().me, "b@example.net")
    for status in (AccountStatus.DISABLED, AccountStatus.ACTIVE):
        visitor.identity.administration.set_status(NEW, status)
    assert confirmation.confirm(visitor.sign_in().me, outdated) == GONE
    expired = email_link(installation, visitor.me, "c@example.net")
    installation.clock.set(installation.clock.now() + LIFETIME[LinkKind.EMAIL])
    assert confirmation.confirm(visitor.sign_in().me, expired) == GONE
    assert address_of(installation, anna)[0] == NEW


def test_a_wish_from_before_a_change_of_the_account_is_not_mailed(installation: Installation, visitor: UseCaseBrowser) -> None:
    """A thief who has asked for a link and lost the session gets none, and one who asks again withdraws the mail of before."""
    visitor.identity.email_change.ask(visitor.sign_in().me, "thief@example.net")
    visitor.enable()
    assert links_to(installation, "thief@example.net", LinkKind.EMAIL) == []
    visitor.identity.email_change.ask(visitor.me, "first@example.net")
    visitor.identity.email_change.ask(visitor.me, NEW)
    assert links_to(installation, "first@example.net", LinkKind.EMAIL) == []
    assert len(links_to(installation, NEW, LinkKind.EMAIL)) == 1


@pytest.mark.parametrize("meanwhile", ["another is asked for", "somebody else has it", "the account changes"])
def test_a_wish_that_ends_between_words_and_link_is_not_mailed(meanwhile: str, installation: Installation, visitor: UseCaseBrowser) -> None:
    """It is looked at again under the account's lock, after the transactions that look for a mail, claim it, and read the account."""
    operations: dict[str, Callable[[], object]] = {
        "another is asked for": lambda: visitor.identity.email_change.ask(visitor.me, "another@example.net"),
        "somebody else has it": lambda: installation.add_account(NEW, "Somebody else"),
        "the account changes": visitor.enable,
    }
    assert visitor.identity.email_change.ask(visitor.sign_in().me, NEW) == Done()
    with after_transaction(installation, 3, operations[meanwhile]):
        assert NEW not in {mail["To"] for mail in send(installation)}
    assert states_of(installation, EMAIL_MAIL)[0] == "void"


def test_a_taken_or_reserved_address_is_answered_alike_and_gets_no_mail(
    installation: Installation, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """No enumeration (ASVS 6.3.8): the same answer and rows; nobody is written to through it."""
    installation.add_account("ben@example.com", "Ben")
    change_email(installation, new_visitor(email="ben@example.com").sign_in().me, "ben@example.net")
    visitor.sign_in()
    for address in ("ben@example.net", "ben@example.com", "Ben@EXAMPLE.com"):
        before = count(installation)
        assert visitor.identity.email_change.ask(visitor.me, address) == Done()
        assert count(installation) == (before[0], before[1] + 1, before[2])
        assert links_to(installation, address, LinkKind.EMAIL)[1:] == []
    assert not any(mail["To"] == "Ben@EXAMPLE.com" for mail in send(installation))


def test_a_link_of_another_account_changes_nothing(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, new_visitor: Callable[..., UseCaseBrowser]
) -> None:
    """Neither the address of the one who holds it, nor of the one who asked; and it stays open for that one."""
    ben = installation.add_account("ben@example.com", "Ben")
    bens = new_visitor(email=ben.email).sign_in()
    token = email_link(installation, visitor.sign_in().me, NEW)
    refused = Denied(EmailLinkRefusal.LINK_OF_ANOTHER_ACCOUNT)
    assert visitor.identity.email_confirmation.preview(bens.me, token) == refused
    assert visitor.identity.email_confirmation.confirm(bens.me, token) == refused
    assert [address_of(installation, one)[0] for one in (anna, ben)] == [ANNA, ben.email]
    assert isinstance(visitor.identity.email_confirmation.confirm(visitor.me, token), EmailChanged)


def test_an_address_that_was_taken_meanwhile_is_refused(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The unique address decides, not what was true when the link was asked for."""
    token = email_link(installation, visitor.sign_in().me, NEW)
    installation.add_account(NEW, "Somebody else")
    assert visitor.identity.email_confirmation.confirm(visitor.me, token) == Denied(EmailLinkRefusal.EMAIL_OF_ANOTHER)
    assert address_of(installation, anna)[0] == ANNA


def test_asking_needs_a_fresh_proof_and_is_bounded(installation: Installation, visitor: UseCaseBrowser) -> None:
    """Five mails an hour from one account, whatever session asks; one that is refused writes nothing."""
    visitor.sign_in()
    for number in range(5):
        assert visitor.identity.email_change.ask(visitor.me, f"someone{number}@example.net") == Done()
    before = count(installation)
    refused = visitor.identity.email_change.ask(visitor.sign_in().me, NEW)
    assert isinstance(refused, Denied)
    assert (refused.reason, refused.retry_at) == (ThrottleRefusal.THROTTLED, installation.clock.now() + HOUR)
    assert count(installation) == before
    installation.clock.advance(minutes=59)
    assert visitor.identity.email_change.ask(visitor.me, NEW) == StepUpRequired()


def test_for_72_hours_both_addresses_are_reserved(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """Nobody gets the old one; neither is mailed a link for a new password; a second change waits; the operator can still help."""
    identity = visitor.identity
    changed = change_email(installation, visitor.sign_in().me, NEW)
    renewed = caller_with(installation.services, changed.renewed.session)
    at = installation.clock.now()
    last_moment = at + RESERVED_FOR - 1
    for moment in (at, last_moment):
        installation.clock.set(moment)
        assert identity.registration.create(NewAccount(ANNA, "Thief", PASSWORD)) == TAKEN
        assert identity.invitations.issue("Anna@Example.com") == Denied(InvitationRefusal.ADDRESS_RESERVED)
        assert [password_mails(installation, address) for address in (ANNA, NEW)] == [False, False]
    installation.clock.set(at)
    late = Denied(EmailChangeRefusal.EMAIL_CHANGED_LATELY, retry_at=at + RESERVED_FOR)
    assert identity.email_change.ask(renewed, "third@example.net") == late
    assert identity.email_change.ask(renewed, ANNA) == late
    assert isinstance(identity.password_reset.issue(NEW), Token)
    installation.clock.set(last_moment + 1)
    assert password_mails(installation, NEW)
    assert isinstance(identity.registration.create(NewAccount(ANNA, "Anna the second", PASSWORD)), Account)
    visitor.email = NEW
    assert change_email(installation, visitor.sign_in().me, "third@example.net").email == "third@example.net"


def test_no_second_change_takes_the_way_to_stop_the_first_on_clocks_that_differ(
    installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """On a server whose clock is a second ahead the 72 hours are over, and it mails the link; on the other one it changes nothing."""
    at = installation.clock.now()
    change_email(installation, visitor.sign_in().me, NEW)
    (stop,) = links_to(installation, ANNA, LinkKind.EMAIL_STOP)
    installation.clock.set(at + RESERVED_FOR)
    visitor.email = NEW
    ahead = email_link(installation, visitor.sign_in().me, "third@example.net")
    installation.clock.set(at + RESERVED_FOR - SECOND)
    late = Denied(EmailChangeRefusal.EMAIL_CHANGED_LATELY, retry_at=at + RESERVED_FOR)
    assert visitor.identity.email_confirmation.confirm(visitor.me, ahead) == late
    assert address_of(installation, anna)[0] == NEW
    assert isinstance(visitor.identity.email_stop.stop(stop, CLIENT), Stop)
    assert address_of(installation, anna)[0] == ANNA


def test_an_invitation_from_before_does_not_open_a_reserved_address(installation: Installation, visitor: UseCaseBrowser) -> None:
    """What was handed out while the address was free is refused when it is used."""
    invited = visitor.identity.invitations.issue(NEW)
    assert isinstance(invited, Token)
    change_email(installation, visitor.sign_in().me, NEW)
    assert invited_address(visitor.identity, invited) is None


@pytest.mark.parametrize("mistake", ["closed", "disabled"])
def test_an_account_that_is_no_more_active_gets_no_link(mistake: str, installation: Installation, visitor: UseCaseBrowser) -> None:
    """Between the wish and the mail."""
    installation.add_account("ben@example.com", "Ben")
    bens = UseCaseBrowser(installation, email="ben@example.com").sign_in()
    bens.identity.email_change.ask(bens.me, NEW)
    if mistake == "closed":
        bens.identity.account_closing.close(bens.me)
    else:
        visitor.identity.administration.set_status("ben@example.com", AccountStatus.DISABLED)
    assert links_to(installation, NEW, LinkKind.EMAIL) == []
