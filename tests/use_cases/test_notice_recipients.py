"""Which addresses a notice goes to, and which of them get a link: not one that is not confirmed. The one before a change is told, too."""

from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest

from tests.support.databases import SqliteTemplate
from tests.support.installation import CLIENT, PASSWORD, Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from tests.support.mailed_links import change_email, email_link, links_to
from tests.support.mails import links, send
from tests.use_cases.instrumentation import after_transaction
from tests.use_cases.test_notice_mails import account_id_of, record, states
from tests.use_cases.use_case_browser import ANNA, UseCaseBrowser
from xpressbot.entrypoints.messages.event_words import EVENT_WORDS
from xpressbot.foundation.mail import delivery
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.address import RESERVED_FOR
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.profile.email_confirmation import EmailChanged
from xpressbot.identity.profile.email_stop import Stop
from xpressbot.identity.registration.new_accounts import NewAccount

NEW = "anna.berg@example.net"
DISABLED = NewEvent(EventKind.TWO_FACTOR_DISABLED, {})


def told(mails: Sequence[EmailMessage], subject: str = "2FA disabled") -> list[str]:
    """Which addresses were told so, in alphabetical order."""
    return sorted(str(mail["To"]) for mail in mails if str(mail["Subject"]).strip() == f"XpressBot: {subject}")


def unconfirmed(installation: Installation) -> Account:
    account = installation.services.identity.registration.create(NewAccount("ben@example.com", "Ben", PASSWORD))
    assert isinstance(account, Account)
    return account


def test_for_72_hours_both_addresses_are_told(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The one before is that of the person who may be robbed. Each has a link of its own, and names no address but its own."""
    change_email(installation, visitor.sign_in().me, NEW)
    changed_at = installation.clock.now()
    record(installation, anna.id, DISABLED)
    mails = send(installation)
    assert told(mails) == [NEW, ANNA]
    both = {str(mail["To"]): mail for mail in mails if "2FA" in str(mail["Subject"])}
    for address, other in ((ANNA, NEW), (NEW, ANNA)):
        assert other not in both[address].as_string()
        (token,) = links([both[address]], LinkKind.NOT_ME)
        assert isinstance(visitor.identity.this_wasnt_me.preview(token), Report)
    installation.clock.set(changed_at + RESERVED_FOR - 1)
    record(installation, anna.id, DISABLED)
    assert told(send(installation)) == [NEW, NEW, ANNA, ANNA]
    installation.clock.set(changed_at + RESERVED_FOR)
    record(installation, anna.id, DISABLED)
    assert told(send(installation)) == [NEW, NEW, NEW, ANNA, ANNA]


def test_of_the_change_itself_the_address_before_has_one_mail(installation: Installation, visitor: UseCaseBrowser) -> None:
    """The one that can stop it."""
    change_email(installation, visitor.sign_in().me, NEW)
    before = [str(mail["Subject"]) for mail in send(installation) if mail["To"] == ANNA and mail["Subject"]]
    assert [subject for subject in before if "address" in subject] == ["XpressBot: the address of your account was changed"]


def test_what_waited_when_the_address_was_changed_is_told_to_both(
    installation: Installation, anna: Account, visitor: UseCaseBrowser
) -> None:
    """Else a thief who is quick would be the only one to read of their own sign-in."""
    token = email_link(installation, visitor.sign_in().me, NEW)
    record(installation, anna.id, DISABLED)
    assert isinstance(visitor.identity.email_confirmation.confirm(visitor.me, token), EmailChanged)
    assert told(send(installation)) == [NEW, ANNA]


@pytest.mark.parametrize("reply", ["550 no such user", "450 busy"])
def test_the_address_before_is_told_once_whatever_the_new_one_does(tmp_path: Path, sqlite_template: SqliteTemplate, reply: str) -> None:
    """A thief's server may refuse the mails to the new address, for good or for now."""
    port = free_port()
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    installation.add_account()
    received = Received()
    with mail_server(port, received=received):
        anna = UseCaseBrowser(installation).sign_in()
        anna.identity.email_change.ask(anna.me, NEW)
        installation.services.mail.next_round()
        (token,) = links(received.mails, LinkKind.EMAIL)
        account_id = account_id_of(installation)
        assert isinstance(anna.identity.email_confirmation.confirm(anna.me, token), EmailChanged)
        record(installation, account_id, DISABLED)
        received.replies[NEW] = reply
        for _try in range(4):
            installation.services.mail.next_round()
            installation.clock.advance(minutes=9)
        assert told(received.mails) == [ANNA]
        received.replies.clear()
        installation.services.mail.next_round()
    assert told(received.mails) == ([ANNA] if reply.startswith("5") else [NEW, ANNA])
    installation.close()


def test_what_is_told_again_a_day_later_is_told_to_both_once(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """A copy brings no mail of its own."""
    change_email(installation, visitor.sign_in().me, NEW)
    guessing = NewEvent(EventKind.PASSWORD_GUESSING, {"count": 1})
    for _day in range(2):
        record(installation, anna.id, guessing)
        send(installation)
        installation.clock.advance(hours=25)
    record(installation, anna.id, guessing)
    assert told(send(installation), EVENT_WORDS[EventKind.PASSWORD_GUESSING].title) == [NEW] * 3 + [ANNA] * 3


def test_a_copy_of_a_change_that_was_stopped_is_not_sent(
    installation: Installation, anna: Account, visitor: UseCaseBrowser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The address is the account's again, and the mail of the stop tells it."""
    change_email(installation, visitor.sign_in().me, NEW)
    (stop,) = links_to(installation, ANNA, LinkKind.EMAIL_STOP)
    record(installation, anna.id, DISABLED)
    monkeypatch.setattr(delivery, "MAILS_IN_A_ROUND", 1)
    installation.services.mail.next_round()
    assert isinstance(visitor.identity.email_stop.stop(stop, CLIENT), Stop)
    assert told(send(installation)) == [NEW]
    assert states(installation).count("void") == 1


def test_an_address_that_was_given_up_meanwhile_gets_no_mail(installation: Installation, anna: Account, visitor: UseCaseBrowser) -> None:
    """The address is looked at again under the account's lock, and the mail is made anew for the one that was brought back."""
    change_email(installation, visitor.sign_in().me, NEW)
    (stop,) = links_to(installation, ANNA, LinkKind.EMAIL_STOP)
    record(installation, anna.id, DISABLED)
    with after_transaction(installation, 3, lambda: visitor.identity.email_stop.stop(stop, CLIENT)):
        assert told(send(installation)) == [ANNA]


def test_an_address_that_is_not_confirmed_gets_no_link(installation: Installation) -> None:
    """It may be a stranger's, who must not be able to sign anybody out (PEOPLE 13). The mail says where to look instead."""
    ben = unconfirmed(installation)
    for event in (DISABLED, NewEvent(EventKind.ACCOUNT_ENABLED, {})):
        record(installation, ben.id, event)
    sent = [mail.get_content() for mail in send(installation)]
    assert "/link/" not in "".join(sent)
    says = (
        "This address is not confirmed, so this mail has no link that acts on the account. Sign in on http://localhost:8000:"
        " Account Settings lists the browsers that are signed in, and the history of the account."
    )
    assert sorted(says in text for text in sent) == [False, True]


def test_an_address_before_that_was_never_confirmed_gets_no_link_either(installation: Installation, anna: Account) -> None:
    """The new one is confirmed by the change."""
    ben = unconfirmed(installation)
    change_email(installation, UseCaseBrowser(installation, email=ben.email).sign_in().me, NEW)
    record(installation, ben.id, DISABLED)
    mails = [mail for mail in send(installation) if "2FA disabled" in str(mail["Subject"])]
    assert {str(mail["To"]): len(links([mail], LinkKind.NOT_ME)) for mail in mails} == {NEW: 1, ben.email: 0}
