"""A forgotten password, from the request to the mail: what waits in the outbox, and what the sender makes of it."""

from email.message import EmailMessage
from pathlib import Path

from sqlalchemy import select, update

from tests.support.databases import SqliteTemplate
from tests.support.installation import CLIENT, Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from tests.support.mails import links, send
from tests.use_cases.instrumentation import after_transaction, events
from tests.use_cases.use_case_browser import ANNA
from xpressbot.diagnostics.readiness import State
from xpressbot.foundation.mail.files import MailFiles
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.mail.outbox_overview import Outbox
from xpressbot.foundation.mail.transport import FailureReason, SendFailure
from xpressbot.foundation.times import HOUR
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords.forgotten import MAILS_PER_ADDRESS, MAILS_WINDOW
from xpressbot.identity.tables import ACCOUNT, LINK
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import PASSWORD_REQUEST as POLICY
from xpressbot.identity.use_cases import Identity

NEW = "copper-lantern-willow-harbour"


def states(installation: Installation) -> list[tuple[str, str]]:
    """Of which address each request is, and what became of it; the oldest first."""
    with installation.services.database.read() as connection:
        rows = connection.execute(select(OUTBOX.c.about, OUTBOX.c.state).where(OUTBOX.c.kind == "password").order_by(OUTBOX.c.id))
        return [(about.removeprefix("password:"), state) for about, state in rows]


def stored_links(installation: Installation) -> int:
    with installation.services.database.read() as connection:
        return len(connection.execute(select(LINK)).all())


def mailed(installation: Installation) -> list[Token]:
    """The links of all mails that were ever sent, the oldest first."""
    return links(send(installation), LinkKind.PASSWORD)


def test_a_request_draws_no_token_and_its_mail_does(installation: Installation, anna: Account, identity: Identity) -> None:
    """No token lies in the database or a backup before a mail is sent; asking leaves no event, and asking twice is asking once."""
    before = events(installation, anna.id)
    for spelling in (ANNA, "anna@EXAMPLE.com"):
        assert identity.forgotten.ask(spelling, CLIENT) == Done()
    assert (states(installation), stored_links(installation)) == ([(ANNA, "waiting")], 0)
    (mail,) = send(installation)
    (token,) = links([mail], LinkKind.PASSWORD)
    assert (mail["To"], states(installation), stored_links(installation)) == (ANNA, [(ANNA, "sent")], 1)
    assert events(installation, anna.id) == before
    assert identity.password_reset.account_of(token) == anna
    assert identity.password_reset.set(token, NEW, CLIENT) == Done()
    assert identity.password_reset.set(token, NEW, CLIENT) == Denied(LinkRefusal.LINK_GONE)


def test_a_mail_says_what_its_link_does_and_that_nothing_has_changed(installation: Installation, anna: Account, identity: Identity) -> None:
    """In the language of the account. No name is in it: somebody may have asked in a stranger's name."""
    identity.forgotten.ask(ANNA, CLIENT)
    (mail,) = send(installation)
    (token,) = links([mail], LinkKind.PASSWORD)
    assert (mail["Subject"], mail["Content-Language"]) == ("XpressBot: link for a new password", "en")
    assert mail.get_content().replace("\r\n", "\n") == (
        "About your account anna@example.com on http://localhost:8000:\n\n"
        f"You can set a new password on this page:\nhttp://localhost:8000/link/password?token={token.text}\n\n"
        "It works once, for 1 hour.\n"
        "It signs nobody in, and if 2FA is on, your next sign-in asks for your code.\n\n"
        "If you did not ask for it, there is nothing to do. This mail was sent automatically; replies are not read.\n"
    )
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == anna.id).values(language="es"))
        connection.commit()
    identity.forgotten.ask(ANNA, CLIENT)
    assert {mail["Content-Language"] for mail in send(installation)} == {"en", "es"}


def test_an_address_that_gets_no_mail_is_looked_up_when_it_would_leave(
    installation: Installation, anna: Account, identity: Identity
) -> None:
    """Unknown, or disabled after the request: nothing is sent, no link is made, and nobody is told."""
    for email in ("nobody@example.com", anna.email):
        identity.forgotten.ask(email, CLIENT)
    identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert mailed(installation) == []
    assert sorted(states(installation)) == [(ANNA, "void"), ("nobody@example.com", "void")]
    identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    identity.forgotten.ask(ANNA, CLIENT)
    assert len(mailed(installation)) == 1


def test_more_mails_than_an_hour_has_are_delayed_and_not_dropped(installation: Installation, anna: Account, identity: Identity) -> None:
    """A stranger who asks in Anna's name cannot keep her from asking; the links of before that still work stay good."""
    for _request in range(MAILS_PER_ADDRESS):
        identity.forgotten.ask(anna.email, CLIENT)
        sent = mailed(installation)
        installation.clock.advance(minutes=10)
    for _time in range(2):
        assert identity.forgotten.ask(ANNA, CLIENT) == Done()
        assert mailed(installation) == sent
    assert states(installation) == [(ANNA, "sent")] * MAILS_PER_ADDRESS + [(ANNA, "waiting")]
    assert len(sent) == MAILS_PER_ADDRESS
    assert all(identity.password_reset.account_of(token) for token in sent)
    assert installation.services.mail.look().oldest is None, "a mail that is delayed is not late"
    installation.clock.advance(minutes=30)
    assert len(mailed(installation)) == MAILS_PER_ADDRESS + 1
    assert identity.password_reset.account_of(mailed(installation)[-1]) == anna


def test_mails_dated_in_the_future_delay_none(installation: Installation, anna: Account, identity: Identity) -> None:
    """They were sent while the clock was ahead."""
    installation.clock.advance(hours=24 * 365)
    for _request in range(MAILS_PER_ADDRESS):
        identity.forgotten.ask(anna.email, CLIENT)
        send(installation)
    installation.clock.advance(hours=-24 * 365)
    identity.forgotten.ask(ANNA, CLIENT)
    send(installation)
    assert [state for _address, state in states(installation)] == ["sent"] * (MAILS_PER_ADDRESS + 1)


def test_while_the_mail_server_is_down_no_link_piles_up_and_then_one_is_delivered(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Tries that failed are counted nowhere, and leave an earlier link as it is. (PEOPLE 12)."""
    port = free_port()
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    anna, identity = installation.add_account(), installation.services.identity
    shown = identity.password_reset.issue(ANNA)
    assert isinstance(shown, Token)
    began = stored_links(installation)
    identity.forgotten.ask(ANNA, CLIENT)
    for _try in range(MAILS_PER_ADDRESS + 1):
        installation.services.mail.next_round()
        assert stored_links(installation) == began
        installation.clock.advance(minutes=9)
    assert identity.password_reset.account_of(shown) == anna
    installation.clock.advance(hours=4)
    with mail_server(port) as received:
        installation.services.mail.next_round()
    (token,) = links(received.mails, LinkKind.PASSWORD)
    assert identity.password_reset.account_of(token) == anna
    assert states(installation) == [(ANNA, "sent")]
    installation.close()


class FallsSilent(MailFiles):
    """Takes each mail, and says nothing."""

    def send(self, mail_id: str, message: EmailMessage) -> SendFailure | None:
        super().send(mail_id, message)
        return SendFailure(FailureReason.TIMED_OUT, is_uncertain=True)


def test_a_link_that_may_have_arrived_stays_good(installation: Installation, anna: Account, identity: Identity) -> None:
    """Of two copies with one Message-ID many programs show the first. Only one is kept: further tries leave no more links."""
    sender, files = installation.services.mail, installation.services.mail_files
    sender.transport = FallsSilent(files.directory)
    identity.forgotten.ask(anna.email, CLIENT)
    (first,) = mailed(installation)
    for _try in range(5):
        installation.clock.advance(minutes=9)
        mailed(installation)
        assert stored_links(installation) == 1
    sender.transport = files
    installation.clock.advance(minutes=9)
    (second,) = mailed(installation)
    assert first != second
    assert identity.password_reset.account_of(second) == anna
    assert stored_links(installation) == 2
    assert identity.password_reset.account_of(first) == anna


def test_a_recipient_who_is_refused_for_good_has_no_link_and_alarms_nobody(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Nobody was given its token. A stranger may have typed the address: it becomes no dead letter, and the person asks again."""
    port = free_port()
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    installation.add_account()
    installation.services.identity.forgotten.ask(ANNA, CLIENT)
    with mail_server(port, received=Received(replies={ANNA: "550 no such user"})):
        installation.services.mail.next_round()
    assert (states(installation), stored_links(installation)) == ([(ANNA, "void")], 0)
    assert installation.services.readiness.check().mail is State.OK
    assert installation.services.mail.look() == Outbox(waiting=0, dead=0)
    metrics = installation.services.telemetry.metrics.exposition().decode()
    assert 'xpressbot_mail_tries_total{outcome="failed"} 1.0' in metrics
    assert 'xpressbot_mail_tries_total{outcome="dead"} 0.0' in metrics
    assert installation.services.mail.revive_dead_letters() == 0
    installation.services.identity.forgotten.ask(ANNA, CLIENT)
    with mail_server(port) as received:
        installation.services.mail.next_round()
    assert len(links(received.mails, LinkKind.PASSWORD)) == 1
    installation.close()


def test_who_asks_for_links_keeps_no_notice_waiting(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """What happened to an account leaves first. (PEOPLE 12)."""
    port = free_port()
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    for email in (ANNA, "berta@example.com"):
        installation.add_account(email)
    installation.services.identity.forgotten.ask(ANNA, CLIENT)
    installation.clock.advance(seconds=1)
    installation.services.identity.administration.set_status("berta@example.com", AccountStatus.DISABLED)
    with mail_server(port) as received:
        installation.services.mail.next_round()
    assert received.recipients == ["berta@example.com", ANNA]
    installation.close()


def test_a_typed_address_is_forgotten_after_an_hour(installation: Installation, anna: Account, identity: Identity) -> None:
    """Sent or not: the count of mails needs it for no longer. What told an account of something stays a while."""
    for email in ("nobody@example.com", anna.email):
        identity.forgotten.ask(email, CLIENT)
    identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    identity.administration.set_status(ANNA, AccountStatus.ACTIVE)
    assert len(mailed(installation)) == 1
    installation.clock.set(installation.clock.now() + MAILS_WINDOW - 1)
    assert installation.services.expiry.next_round()["low_priority_mails"] == 0
    assert len(states(installation)) == 2
    installation.clock.set(installation.clock.now() + 1)
    removed = installation.services.expiry.next_round()
    assert (removed["low_priority_mails"], removed["sent_mails"], states(installation)) == (2, 0, [])


def test_an_account_that_changes_between_words_and_link_gets_none(installation: Installation, anna: Account, identity: Identity) -> None:
    """It is looked at again under its lock, after the transactions that look for a mail, claim it, and read the account."""
    identity.forgotten.ask(anna.email, CLIENT)
    with after_transaction(installation, 3, lambda: identity.administration.set_status(ANNA, AccountStatus.DISABLED)):
        assert mailed(installation) == []
    assert (states(installation), stored_links(installation)) == ([(ANNA, "void")], 0)


def test_a_network_asks_ten_times_an_hour(installation: Installation, anna: Account, identity: Identity) -> None:
    """Whatever addresses it asks for; what is refused leaves no row."""
    for number in range(POLICY.free):
        assert identity.forgotten.ask(f"nobody{number}@example.com", CLIENT) == Done()
    refused = identity.forgotten.ask(anna.email, CLIENT)
    assert isinstance(refused, Denied)
    assert refused.reason is ThrottleRefusal.ADDRESS_THROTTLED
    assert (ANNA, "waiting") not in states(installation)
    installation.clock.set(installation.clock.now() + HOUR)
    assert identity.forgotten.ask(ANNA, CLIENT) == Done()


def test_a_browser_without_a_link_sets_no_password(identity: Identity, anna: Account) -> None:
    """It may have lost its cookie while the page was open."""
    assert identity.password_reset.account_of(None) is None
    assert identity.password_reset.set(None, NEW, CLIENT) == Denied(LinkRefusal.LINK_GONE)
