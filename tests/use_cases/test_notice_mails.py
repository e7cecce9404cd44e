"""Each notable event is mailed: what a mail says, and how many there are at most."""

from collections.abc import Sequence
from email.message import EmailMessage
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.support.authenticator_app import AuthenticatorApp
from tests.support.databases import SqliteTemplate
from tests.support.installation import CLIENT, Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from tests.support.mails import links, send
from tests.support.people import added, completed, pending, protected, recovery_code, reset, signed_in
from tests.use_cases.use_case_browser import UseCaseBrowser
from xpressbot.entrypoints.messages.event_words import EVENT_WORDS
from xpressbot.entrypoints.messages.formatting import browser_name
from xpressbot.entrypoints.messages.mails import Addressee, notice_mail
from xpressbot.entrypoints.messages.translation import ENGLISH
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail import claims, outbox
from xpressbot.foundation.mail.delivery import CLAIM_TERM, LONGEST_WAIT, MOST_TRIES, wait_after
from xpressbot.foundation.mail.outbox import OUTBOX, NewMail, Priority
from xpressbot.foundation.times import DAY, HOUR, MINUTE, SECOND
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind, NewEvent, NoticeRule, SecurityEvent
from xpressbot.identity.audit.rules.notice import Notice
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.passwords.this_wasnt_me import Report
from xpressbot.identity.tables import LINK, NOTICE

ANNA = "anna@example.com"


def states(installation: Installation) -> list[str]:
    """Of all mails, the oldest first."""
    with installation.services.database.read() as connection:
        return list(connection.execute(select(OUTBOX.c.state).order_by(OUTBOX.c.id)).scalars())


def subjects(mails: Sequence[EmailMessage]) -> list[str]:
    return [str(mail["Subject"]).strip() for mail in mails]  # the library leaves the space where it folds


def record(installation: Installation, account_id: str, event: NewEvent) -> None:
    with Transactions(installation.services.database).writing() as tx:
        append_event(tx, installation.entropy, account_id, event, installation.clock.now())
        tx.commit()


def account_id_of(installation: Installation) -> str:
    with Transactions(installation.services.database).reading() as tx:
        account = account_store.by_email(tx, ANNA)
    assert account is not None
    return account.id


def not_me_links(installation: Installation) -> int:
    with installation.services.database.read() as connection:
        return len(connection.execute(select(LINK).where(LINK.c.kind == LinkKind.NOT_ME.value)).all())


@pytest.mark.parametrize("kind", EventKind)
def test_each_notable_event_is_mailed_and_no_other(kind: EventKind, installation: Installation) -> None:
    """Once it has happened often enough: a single wrong code is a typing error (ASVS 6.3.7, NIST 4.6)."""
    account = installation.add_account()
    event = NewEvent(kind, {"address": "192.0.2.7", "user_agent": CLIENT.user_agent})
    for _time in range((kind.notice or NoticeRule()).mailed_from - 1):
        record(installation, account.id, event)
    assert send(installation) == []
    record(installation, account.id, event)
    assert subjects(send(installation)) == ([f"XpressBot: {EVENT_WORDS[kind].title}"] if kind.notice else [])


def test_a_mail_says_what_happened_when_and_where_and_what_to_do(installation: Installation) -> None:
    """Plain text to the account's address, without anything that a person has typed."""
    protected(installation.services)
    mail = send(installation)[0]
    (token,) = links([mail], LinkKind.NOT_ME)
    assert (mail["To"], mail["Subject"], mail.get_content_type()) == (ANNA, "XpressBot: 2FA enabled", "text/plain")
    assert mail.get_content().replace("\r\n", "\n") == (
        "About your account anna@example.com on http://localhost:8000:\n\n"
        "2FA enabled\n\n"
        "When: Sep 21, 2026, 14:13 UTC\n"
        "Browser: Firefox on Linux\n"
        "Network address: 192.0.2.7\n\n"
        "If this was not you, someone has signed in with your password and set up their own phone. Ask an admin of your team, or the"
        " operator of this XpressBot, for a reset of 2FA, in person or by phone.\n\n"
        f"This wasn't me: http://localhost:8000/link/not-me?token={token.text}\n"
        "This page has a button that signs out every browser and keeps out whoever knows no more than your password. It works for 7 days,"
        " and never signs anybody in.\n\n"
        "If this was you, there is nothing to do. This mail was sent automatically; replies are not read.\n"
    )


@pytest.mark.parametrize(("kind", "rule"), [(kind, kind.notice) for kind in EventKind if kind.notice])
def test_a_mail_has_a_link_unless_only_the_operator_can_have_done_it(kind: EventKind, rule: NoticeRule, installation: Installation) -> None:
    """Nor has one that tells of "This wasn't me" itself. Each link works, and one use ends those of all mails before. (PEOPLE 15)."""
    account, identity = installation.add_account(), installation.services.identity
    for _time in range(rule.mailed_from):
        record(installation, account.id, NewEvent(kind, {}))
    tokens = links(send(installation), LinkKind.NOT_ME)
    assert len(tokens) == (0 if not rule.may_be_reported or kind is EventKind.THIS_WASNT_ME else 1)
    assert all(isinstance(identity.this_wasnt_me.preview(token), Report) for token in tokens)


def test_what_a_session_of_the_person_did_is_reported_where_others_do_it_as_a_rule(installation: Installation) -> None:
    """Somebody else may sit there: ownership was handed over, or the reset stopped that would end their session."""
    account, owner = installation.add_account(), installation.add_account("owner@example.com")
    record(installation, account.id, NewEvent(EventKind.ROLE_CHANGED, {"session": "1"}, actor=account.id))
    record(installation, account.id, NewEvent(EventKind.TWO_FACTOR_RESET_STOPPED, {"session": "1"}, actor=account.id))
    own = send(installation)
    assert len(links(own, LinkKind.NOT_ME)) == 2
    record(installation, account.id, NewEvent(EventKind.ROLE_CHANGED, {}, actor=owner.id))
    both = send(installation)
    assert len(links(both, LinkKind.NOT_ME)) == 2
    by_others = "An owner or an admin of your team did this"
    assert [sum(by_others in mail.get_content() for mail in mails) for mails in (own, both)] == [0, 1]


@pytest.mark.parametrize(
    ("kind", "advice"),
    [
        (EventKind.ACCOUNT_CLOSED, "Nobody can open the account again"),
        (EventKind.THIS_WASNT_ME, "someone else can read your mail"),
        (EventKind.ENROLMENT_AWAITED, "Without the link to set up 2FA again they cannot sign in."),
        (EventKind.PASSWORD_EXPOSED, "Your next sign-in asks for a new password."),
    ],
)
def test_a_mail_advises_what_fits_what_happened(kind: EventKind, advice: str, installation: Installation) -> None:
    """Where "someone else can change your account" or "your second factor has kept them out" would be wrong."""
    account = installation.add_account()
    record(installation, account.id, NewEvent(kind, {}))
    (mail,) = send(installation)
    assert advice in mail.get_content()


def test_who_has_closed_their_account_is_mailed_no_link(installation: Installation) -> None:
    """Nothing is left to be taken away."""
    account = installation.add_account()
    record(installation, account.id, NewEvent(EventKind.ACCOUNT_CLOSED, {}))
    with Transactions(installation.services.database).writing() as tx:
        account_store.close(tx, account.id)
        tx.commit()
    assert links(send(installation), LinkKind.NOT_ME) == []


def test_a_mail_that_cannot_leave_piles_up_no_links(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """However often it is tried: what is stored of a try that failed goes with it."""
    port = free_port()
    installation = with_server(tmp_path, sqlite_template, port)
    signed_in(installation.services)
    record(installation, account_id_of(installation), NewEvent(EventKind.TWO_FACTOR_DISABLED, {}))
    for _try in range(MOST_TRIES - 1):
        assert installation.services.mail.next_round() == 1
        assert not_me_links(installation) == 0
        installation.clock.advance(hours=4)
    with mail_server(port) as received:
        installation.services.mail.next_round()
    assert (len(links(received.mails, LinkKind.NOT_ME)), not_me_links(installation)) == (1, 1)
    installation.close()


def test_what_people_and_operators_have_typed_is_in_no_mail(installation: Installation) -> None:
    """The address may be a stranger's: nobody can write to them through a name (PEOPLE 16)."""
    person = protected(installation.services)
    added(installation.services, person.caller, "Buy now at http://mallory.example")
    reset(installation.services, reason="Buy now at http://mallory.example")
    mails = send(installation)
    assert "XpressBot: 2FA was reset" in subjects(mails)
    assert all("mallory" not in mail.as_string() and "Berg" not in mail.as_string() for mail in mails)


@pytest.mark.parametrize(
    "agent", ["Microsoft https://mallory.example Bot", "archive https://mallory.example .org_bot", "Call 1-800 now bot"]
)
def test_a_browser_that_is_not_known_by_name_is_not_named(agent: str) -> None:
    """Whoever sends a request chooses what it calls itself; a mail does not repeat it."""
    assert browser_name(ENGLISH, agent) == "an unknown browser"
    assert browser_name(ENGLISH, CLIENT.user_agent) == "Firefox on Linux"


def test_a_recovery_sign_in_is_mailed(installation: Installation) -> None:
    """Also what the person's own session does (NIST 4.2.3)."""
    person = protected(installation.services)
    completed(installation.services, pending(installation.services), recovery_code(person.codes[0]))
    assert "XpressBot: Signed in with a recovery code" in subjects(send(installation))


def test_fifty_wrong_codes_give_few_mails(installation: Installation, visitor: UseCaseBrowser, app: AuthenticatorApp) -> None:
    """At three, at twenty, when the password counts as known, when the factor is suspended, and a day later (ASVS 6.3.5)."""
    before = len(send(installation))
    counts = []
    for number in range(50):
        stranger = UseCaseBrowser(installation, address=f"198.51.{number}.1")
        installation.clock.advance(hours=1)
        stranger.begin()
        stranger.prove(TotpCode("000000"))
        counts.append(len(send(installation)) - before)
    assert counts[1:3] == [0, 1]
    assert counts[18:22] == [1, 2, 2, 2]
    assert counts[-1] <= 4
    installation.clock.advance(hours=25)
    last = send(installation)[-1]
    installation.clock.advance(hours=25)
    assert send(installation)[-1]["Message-ID"] == last["Message-ID"]


def test_one_waiting_mail_tells_all_that_was_merged_into_its_notice(installation: Installation) -> None:
    """With how often, and since when."""
    account = installation.add_account()
    for number in range(40):
        record(installation, account.id, NewEvent(EventKind.SECOND_FACTOR_REFUSED, {"address": f"192.0.2.{number}"}))
        installation.clock.advance(minutes=1)
    assert states(installation) == ["waiting"]
    (mail,) = send(installation)
    text = mail.get_content()
    assert "How often: 40 times since Sep 21, 2026, 14:13 UTC" in text
    assert "From several browsers or networks, most recently:" in text
    assert "192.0.2.39" in text


def test_what_happens_while_a_mail_is_sent_is_told_by_another_one(installation: Installation) -> None:
    """It waits until the next day with the rest: nothing falls between two mails."""
    account = installation.add_account()
    event = NewEvent(EventKind.PASSWORD_GUESSING, {"count": 1})
    record(installation, account.id, event)
    transactions = Transactions(installation.services.database)
    with transactions.writing() as tx:
        mail = claims.claim(tx, installation.clock.now(), installation.clock.now() + CLAIM_TERM)
        tx.commit()
    assert mail is not None
    told = installation.services.identity.notice_mails.find(mail)
    assert told is not None
    record(installation, account.id, event)
    with transactions.writing() as tx:
        again = installation.services.identity.notice_mails.taken(tx, told, installation.clock.now())
    assert again == installation.clock.now() + DAY


def test_a_notice_says_when_it_was_mailed(installation: Installation) -> None:
    """For the page that will tell it."""
    protected(installation.services)
    send(installation)
    with installation.services.database.read() as connection:
        assert set(connection.execute(select(NOTICE.c.mailed_at)).scalars()) == {installation.clock.now()}


def test_who_was_disabled_is_told(installation: Installation) -> None:
    """The operator did it, so the operator is to be asked."""
    installation.add_account()
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    (mail,) = send(installation)
    assert "The operator of this XpressBot did this." in mail.get_content()
    assert "If this was you" not in mail.get_content()


def test_a_mail_whose_notice_is_gone_is_not_sent(installation: Installation) -> None:
    """Nor is one of nobody."""
    account = installation.add_account()
    with Transactions(installation.services.database).writing() as tx:
        outbox.add(tx, "1" * 32, NewMail("notice", Priority.URGENT, account.id, {"first_seq": 99}, 0))
        outbox.add(tx, "2" * 32, NewMail("notice", Priority.URGENT, None, {"first_seq": 1}, 0))
        tx.commit()
    assert send(installation) == []
    assert states(installation) == ["void", "void"]


def test_a_mail_of_a_newer_version_waits_for_a_process_that_knows_it(installation: Installation) -> None:
    """And keeps no other from leaving."""
    installation.add_account()
    with Transactions(installation.services.database).writing() as tx:
        outbox.add(tx, "0" * 32, NewMail("of the future", Priority.URGENT, None, {}, 0))
        tx.commit()
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    assert len(send(installation)) == 1
    assert states(installation) == ["waiting", "sent"]


@pytest.mark.parametrize("kind", [*(kind for kind in EventKind if kind.notice and kind.notice.is_merged), None])
def test_a_notice_without_details_can_be_mailed(kind: EventKind | None) -> None:
    """They can be erased, and a newer version may have recorded what this one does not know."""
    event = SecurityEvent("a", 1, kind, 1_790_000_000 * SECOND, {"first_at": "x"})
    notice = Notice(kind, count=2, several_places=True, first=event, last=event)
    assert "When: " in notice_mail(ENGLISH, notice, Addressee(ANNA, "https://chat.example.com")).text


def test_waits_double_from_a_minute_to_four_hours_for_two_days() -> None:
    """Then nothing is tried any more."""
    waits = [wait for tries in range(1, MOST_TRIES) if (wait := wait_after(tries)) is not None]
    assert waits[:9] == [minutes * MINUTE for minutes in (1, 2, 4, 8, 16, 32, 64, 128, 240)]
    assert (waits[-1], wait_after(MOST_TRIES)) == (LONGEST_WAIT, None)
    assert 48 * HOUR < sum(waits) < 49 * HOUR


def with_server(tmp_path: Path, template: SqliteTemplate, port: int) -> Installation:
    url = f"smtp://localhost:{port}?starttls=no"
    return install(tmp_path, template.fresh(tmp_path), smtp_url=url, mail_from="Bot <bot@example.com>")


def test_what_a_server_that_was_down_for_long_has_missed_is_delivered(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Every notice once, although none could leave while they came (PEOPLE 16)."""
    port = free_port()
    installation = with_server(tmp_path, sqlite_template, port)
    people = [f"person{number}@example.com" for number in range(5)]
    for email in people:
        protected(installation.services, email)
        for _round in range(3):
            installation.services.mail.next_round()
            installation.clock.advance(minutes=20)
    with mail_server(port) as received:
        for _hours in range(8):
            installation.clock.advance(hours=1)
            installation.services.mail.next_round()
    assert sorted(received.recipients) == sorted(people * (len(received.mails) // len(people)))
    assert len(received.mails) == len(states(installation)) >= len(people)
    assert set(states(installation)) == {"sent"}
    assert len(set(received.ids)) == len(received.ids)
    installation.close()


def test_a_server_that_is_down_is_asked_once_a_round(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """However many mails wait for it."""
    installation = with_server(tmp_path, sqlite_template, free_port())
    for number in range(3):
        protected(installation.services, f"person{number}@example.com")
    assert installation.services.mail.next_round() == 1
    installation.close()


def test_one_whose_address_is_refused_holds_up_nobody(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """Refused for good, it is a dead letter at once, until the operator revives it; refused for now, it is tried again."""
    port = free_port()
    installation = with_server(tmp_path, sqlite_template, port)
    received = Received(replies={"person0@example.com": "550 no such user", "person1@example.com": "450 busy"})
    for number in range(3):
        installation.clock.advance(seconds=1)
        signed_in(installation.services, f"person{number}@example.com")
        installation.services.identity.administration.set_status(f"person{number}@example.com", AccountStatus.DISABLED)
    with mail_server(port, received=received):
        assert installation.services.mail.next_round() == 3
        assert states(installation) == ["dead", "waiting", "sent"]
        received.replies.clear()
        installation.clock.advance(minutes=1)
        assert installation.services.mail.next_round() == 1
        assert installation.services.mail.revive_dead_letters() == 1
        assert installation.services.mail.next_round() == 1
    assert set(states(installation)) == {"sent"}
    assert sorted(received.recipients) == [f"person{number}@example.com" for number in range(3)]
    installation.close()


def test_after_two_days_of_refusals_a_mail_is_a_dead_letter(tmp_path: Path, sqlite_template: SqliteTemplate) -> None:
    """It is not sent when the server is back, but when the operator says so."""
    port = free_port()
    installation = with_server(tmp_path, sqlite_template, port)
    signed_in(installation.services)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    rounds = 0
    while states(installation) == ["waiting"]:
        rounds += installation.services.mail.next_round()
        installation.clock.advance(hours=4)
    assert (rounds, states(installation)) == (MOST_TRIES, ["dead"])
    with mail_server(port) as received:
        assert installation.services.mail.next_round() == 0
        assert installation.services.mail.revive_dead_letters() == 1
        assert installation.services.mail.next_round() == 1
    assert received.recipients == [ANNA]
    installation.close()


def test_a_mail_of_a_clock_that_was_ahead_is_sent(installation: Installation) -> None:
    """Its time would come in a year."""
    installation.add_account()
    installation.clock.advance(hours=24 * 365)
    installation.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    installation.clock.advance(hours=-24 * 365)
    assert len(send(installation)) == 1
