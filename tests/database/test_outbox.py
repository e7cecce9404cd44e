"""The statements of the outbox on both engines: mails and what they tell are written together, and each is sent by one process."""

import threading
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from tests.support.child_processes import fork_together
from tests.support.crashes import crash_everywhere
from tests.support.installation import CLIENT, Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from tests.support.mails import links
from tests.support.people import protected, signed_in
from tests.support.races import race_in_threads
from xpressbot.bootstrap import build
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.mail import claims, outbox, outbox_overview
from xpressbot.foundation.mail.claims import LOW_MAILS, LOW_WINDOW
from xpressbot.foundation.mail.delivery import CLAIM_TERM
from xpressbot.foundation.mail.outbox import OUTBOX, MailState, NewMail, Priority
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.tables import LINK

ANNA = "anna@example.com"


@pytest.fixture
def received() -> Received:
    return Received()


@pytest.fixture
def mailing(tmp_path: Path, database_url: str, received: Received) -> Iterator[Installation]:
    """An installation with a mail server that runs."""
    port = free_port()
    installation = install(tmp_path, database_url, smtp_url=f"smtp://localhost:{port}?starttls=no", mail_from="bot@example.com")
    with mail_server(port, received=received):
        yield installation
    installation.close()


def column(installation: Installation, name: str) -> list[object]:
    with installation.services.database.read() as connection:
        return list(connection.execute(select(OUTBOX.c[name]).order_by(OUTBOX.c.due_at, OUTBOX.c.id)).scalars())


def event(installation: Installation, account_id: str, kind: EventKind, *, commits: bool = True) -> None:
    with Transactions(installation.services.database).writing() as tx:
        append_event(tx, installation.entropy, account_id, NewEvent(kind, {}), installation.clock.now())
        if commits:
            tx.commit()


def test_a_mail_stands_and_falls_with_its_event(installation: Installation) -> None:
    """What is rolled back leaves none."""
    account = installation.add_account()
    event(installation, account.id, EventKind.TWO_FACTOR_DISABLED, commits=False)
    assert column(installation, "kind") == []
    event(installation, account.id, EventKind.TWO_FACTOR_DISABLED)
    assert column(installation, "kind") == ["notice"]


def test_a_mail_holds_no_text_and_no_secret(installation: Installation) -> None:
    """Whose and which notice, and nothing else. (PEOPLE 16)."""
    person = protected(installation.services)
    assert set(column(installation, "account_id")) == {person.account.id}
    assert all(str(value).startswith('{"first_seq": ') and len(str(value)) < 20 for value in column(installation, "parameters"))


def test_one_process_sends_each_mail(mailing: Installation, received: Received) -> None:
    """Of two that begin at once, with many mails due: none is sent twice, and none stays. (PEOPLE 16)."""
    accounts = [signed_in(mailing.services, f"person{number}@example.com").account for number in range(4)]
    for account in accounts:
        for kind in (EventKind.TWO_FACTOR_DISABLED, EventKind.BACKUPS_REVEALED, EventKind.BACKUPS_REPLACED):
            event(mailing, account.id, kind)

    def work(_number: int, meet: Callable[[], None]) -> int:
        services = build(mailing.services.settings, system=System(mailing.clock, SystemEntropy()), durable=False)
        meet()
        while "waiting" in states_of(services):
            services.mail.next_round()
        services.close()
        return 0

    assert fork_together(2, work, beside=mailing.services.database) == [0, 0]
    assert Counter(received.ids).most_common(1)[0][1] == 1
    assert Counter(received.recipients) == {f"person{number}@example.com": 3 for number in range(4)}


def states_of(services: Services) -> set[str]:
    with services.database.read() as connection:
        return set(connection.execute(select(OUTBOX.c.state)).scalars())


def test_of_many_claims_at_once_each_takes_another_mail(installation: Installation) -> None:
    """The row count decides, also where no lease keeps them apart."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()
    with transactions.writing() as tx:
        for number in range(3):
            outbox.add(tx, f"{number:032}", NewMail("notice", Priority.URGENT, None, {}, now))
        tx.commit()

    def claim(tx: Writing, _number: int) -> int:
        return claims.claim(tx, now, now + CLAIM_TERM) is not None

    claimed = sum(race_in_threads(installation, 6, claim))
    assert column(installation, "tries").count(1) == claimed >= 1


def test_a_claim_that_has_ended_marks_nothing(installation: Installation) -> None:
    """Another process may have it by then."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()
    with transactions.writing() as tx:
        outbox.add(tx, "0" * 32, NewMail("notice", Priority.URGENT, None, {}, now))
        first = claims.claim(tx, now, now + CLAIM_TERM)
        assert claims.claim(tx, now, now + CLAIM_TERM) is None
        second = claims.claim(tx, now + CLAIM_TERM, now + 2 * CLAIM_TERM)
        assert first is not None
        assert second is not None
        assert claims.postpone(tx, first, now, "timed_out") is False
        assert claims.end(tx, first, MailState.SENT, now) is False
        assert claims.end(tx, second, MailState.SENT, now) is True


def test_of_mails_about_the_same_one_waits(installation: Installation) -> None:
    """Also of those that are added at once; when it was sent, another one may wait."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()

    def add(tx: Writing, number: int) -> int:
        return outbox.add(tx, f"{number:032}", NewMail("notice", Priority.URGENT, None, {}, now, about="this"))

    assert sorted(race_in_threads(installation, 4, add)) == [False, False, False, True]
    with transactions.writing() as tx:
        mail = claims.claim(tx, now, now + CLAIM_TERM)
        assert mail is not None
        claims.end(tx, mail, MailState.SENT, now)
        assert add(tx, 9) is True


def test_a_mail_that_is_put_beside_one_about_the_same_brings_it_up_to_date(installation: Installation) -> None:
    """Of those that are put at once one row waits, with the parameters of the last; a claim of it goes on."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()

    def put(tx: Writing, number: int) -> int:
        outbox.put(tx, f"{number:032}", NewMail("password", Priority.LOW, None, {"asked_at": number}, now, about="this"))
        return number

    race_in_threads(installation, 4, put)
    with transactions.writing() as tx:
        mail = claims.claim(tx, now, now + CLAIM_TERM)
        assert mail is not None
        put(tx, 9)
        assert claims.end(tx, mail, MailState.SENT, now) is True
        put(tx, 8)
        tx.commit()
    assert column(installation, "parameters") == ['{"asked_at": 8}', '{"asked_at": 9}']


def test_a_mail_that_is_delayed_is_due_and_late_then_only(installation: Installation) -> None:
    """And a claim that has ended delays nothing."""
    with Transactions(installation.services.database).writing() as tx:
        outbox.add(tx, "0" * 32, NewMail("notice", Priority.URGENT, None, {}, 100))
        mail = claims.claim(tx, 100, 200)
        assert mail is not None
        assert claims.delay(tx, mail, 300) is True
        assert [claims.is_due(tx, at) for at in (299, 300)] == [False, True]
        assert outbox_overview.look(tx, 299).oldest is None
        assert claims.claim(tx, 300, 400) is not None
        assert claims.delay(tx, mail, 900) is False


def test_an_event_beside_a_mail_that_is_marked_is_told_by_one_of_the_two(mailing: Installation, received: Received) -> None:
    """They meet at the notice's row: whichever is first, the event's mail waits afterwards."""
    account = mailing.add_account()
    event(mailing, account.id, EventKind.PASSWORD_GUESSING)
    for _round in range(5):
        before = len(received.mails)
        race = threading.Thread(target=event, args=(mailing, account.id, EventKind.PASSWORD_GUESSING))
        race.start()
        mailing.services.mail.next_round()
        race.join()
        assert column(mailing, "state").count("waiting") <= 1
        assert len(received.mails) - before <= 1
        mailing.clock.advance(hours=25)
    mailing.services.mail.next_round()
    mailing.clock.advance(hours=25)
    mailing.services.mail.next_round()
    assert "6 times since" in received.mails[-1].get_content()


def test_a_kill_between_acceptance_and_our_commit_doubles_one_mail_and_no_other_kill_does(
    mailing: Installation, received: Received
) -> None:
    """The second copy has the same Message-ID. Nothing is lost, wherever the process dies. (PEOPLE 16)."""
    signed_in(mailing.services)
    mailing.services.identity.administration.set_status(ANNA, AccountStatus.DISABLED)
    copies, began = [], mailing.clock.now()

    def afterwards() -> None:
        was_taken, was_marked = len(received.mails), column(mailing, "state") == ["sent"]
        mailing.clock.advance(minutes=11)
        mailing.services.mail.next_round()
        assert column(mailing, "state") == ["sent"]
        assert len(set(received.ids)) == 1
        assert len(received.mails) == 1 + (was_taken == 1 and not was_marked)
        copies.append(len(received.mails))
        received.mails.clear()
        mailing.clock.set(began)
        mailing.services.database.dispose()

    crash_everywhere(mailing, lambda services: services.mail.next_round(), afterwards=afterwards)
    doubled = [number for number, times in enumerate(copies) if times == 2]
    assert doubled == list(range(doubled[0], doubled[0] + len(doubled)))
    assert set(copies) == {1, 2}


@pytest.mark.parametrize("reply", ["250 OK", "450 busy"])
def test_wherever_a_kill_comes_a_link_for_a_new_password_arrives_and_works(mailing: Installation, received: Received, reply: str) -> None:
    """Also where the try that was killed was to fail. A kill leaves at most one link more, whose token nobody has."""
    anna, forgotten, began = mailing.add_account(), mailing.services.identity.forgotten, mailing.clock.now()
    forgotten.ask(ANNA, CLIENT)
    received.replies["DATA"] = reply

    def afterwards() -> None:
        mailing.entropy.token_bytes(1)  # the process that was killed drew what this one would draw
        received.replies.clear()
        mailing.clock.advance(minutes=11)
        mailing.services.mail.next_round()
        tokens = links(received.mails, LinkKind.PASSWORD)
        assert len(set(tokens)) == len(tokens) in {1, 2}
        assert all(mailing.services.identity.password_reset.account_of(token) == anna for token in tokens)
        assert len(links_of(mailing)) <= 2
        assert column(mailing, "state") == ["sent"]
        received.mails.clear()
        received.replies["DATA"] = reply
        mailing.clock.set(began)
        mailing.services.database.dispose()

    crash_everywhere(mailing, lambda services: services.mail.next_round(), afterwards=afterwards)


def links_of(installation: Installation) -> list[bytes]:
    with installation.services.database.read() as connection:
        return list(connection.execute(select(LINK.c.token_hash)).scalars())


def test_what_tells_of_an_account_leaves_before_what_was_asked_for(installation: Installation) -> None:
    """However long that is due: links for a new password, which anybody can ask for, come last. (PEOPLE 12)."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()
    with transactions.writing() as tx:
        for wait, priority in enumerate((Priority.LOW, Priority.NORMAL, Priority.URGENT, Priority.URGENT)):
            outbox.add(tx, f"{wait:032}", NewMail("mail", priority, None, {}, now + wait))
        outbox.add(tx, "9" * 32, NewMail("of a clock that was ahead", Priority.URGENT, None, {}, now + 365 * DAY))
        taken = [claims.claim(tx, now + 9, now + CLAIM_TERM) for _time in range(6)]
    assert [None if mail is None else mail.priority for mail in taken] == [
        Priority.URGENT,
        Priority.URGENT,
        Priority.URGENT,
        Priority.NORMAL,
        Priority.LOW,
        None,
    ]


def sent(number: int, priority: Priority, state: MailState, at: int) -> dict[str, object]:
    return {
        "id": f"{number:032}",
        "kind": "mail",
        "priority": priority.value,
        "parameters": "{}",
        "state": state.value,
        "wanted_at": at,
        "due_at": at,
        "tries": 1,
        "ended_at": at,
    }


def test_of_low_priority_so_many_leave_in_an_hour_and_the_others_wait(installation: Installation) -> None:
    """Only those are counted that were sent, lately; and no other mail waits for it. (PEOPLE 12)."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()
    ended = [(Priority.LOW, MailState.SENT, now)] * (LOW_MAILS - 1)
    ended += [
        (Priority.LOW, MailState.VOID, now),
        (Priority.LOW, MailState.SENT, now + 1),
        (Priority.LOW, MailState.SENT, now - LOW_WINDOW),
    ]
    ended += [(Priority.URGENT, MailState.SENT, now)]
    with transactions.writing() as tx:
        tx.execute(OUTBOX.insert(), [sent(number, *one) for number, one in enumerate(ended)])
        for number in range(2):
            outbox.add(tx, f"b{number:031}", NewMail("password", Priority.LOW, None, {}, now))
        last = claims.claim(tx, now, now + CLAIM_TERM)
        assert last is not None
        assert claims.end(tx, last, MailState.SENT, now)
        assert (claims.is_due(tx, now), claims.claim(tx, now, now + CLAIM_TERM)) == (False, None)
        outbox.add(tx, "c" * 32, NewMail("notice", Priority.URGENT, None, {}, now))
        notice = claims.claim(tx, now, now + CLAIM_TERM)
        assert notice is not None
        assert notice.kind == "notice"
        assert claims.end(tx, notice, MailState.SENT, now)
        assert not claims.is_due(tx, now + LOW_WINDOW - 1)
        assert claims.claim(tx, now + LOW_WINDOW, now + LOW_WINDOW + CLAIM_TERM) is not None


@pytest.mark.parametrize(
    ("failure", "is_told"), [(None, False), ("recipient_refused", False), ("message_refused", False), ("connection_refused", True)]
)
def test_of_low_priority_only_what_is_wrong_with_the_server_is_told(installation: Installation, failure: str | None, is_told: bool) -> None:
    """Strangers can ask for many, and for a recipient who is refused: they must not be able to raise an alarm."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()
    with transactions.writing() as tx:
        outbox.add(tx, "0" * 32, NewMail("password", Priority.LOW, None, {}, now - DAY))
        if failure is not None:
            mail = claims.claim(tx, now, now)
            assert mail is not None
            claims.postpone(tx, mail, now, failure)
        found = outbox_overview.look(tx, now)
    assert (found.waiting, found.oldest is not None) == (1, is_told)


def test_the_oldest_that_is_late_is_told(installation: Installation) -> None:
    """Not one that is planned for tomorrow."""
    transactions, now = Transactions(installation.services.database), installation.clock.now()
    with transactions.writing() as tx:
        outbox.add(tx, "0" * 32, NewMail("notice", Priority.URGENT, None, {}, now + DAY))
        assert outbox_overview.look(tx, now) == outbox_overview.Outbox(waiting=1, dead=0)
        outbox.add(tx, "1" * 32, NewMail("notice", Priority.URGENT, None, {}, now - 5))
        assert outbox_overview.look(tx, now) == outbox_overview.Outbox(waiting=2, dead=0, oldest=now - 5)
        assert outbox_overview.has_dead_letters(tx) is False
