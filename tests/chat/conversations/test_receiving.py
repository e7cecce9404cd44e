"""What came in is durable before it is acknowledged, once, and whatever came beside it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Table, func, insert, select, text, update

from tests.support.chats import Chats
from xpressbot.chat.conversations.events import MAX_EXTERNAL_ID_LENGTH, EventKind, NewEvent, message_body
from xpressbot.chat.conversations.receiving import EventRefusal, Received
from xpressbot.chat.tables import CHAT_EVENT, CONTACT

BATCH = 300
WAITING = select(func.count()).select_from(text("pg_locks WHERE NOT granted"))
"""Who waits for a lock, as PostgreSQL knows it."""


def counts(chats: Chats) -> tuple[int, int]:
    """Contacts and events."""
    with chats.transactions.reading() as tx:
        contacts, events = (tx.select(select(func.count()).select_from(table)).scalar_one() for table in (CONTACT, CHAT_EVENT))
    return contacts, events


def receive(chats: Chats, *events: NewEvent) -> list[Received | EventRefusal]:
    return list(chats.services.chat.receiving.receive(chats.channel_id, events))


def test_an_event_that_comes_again_is_the_same(shop: Chats) -> None:
    """In the same batch and in a later one; another text with another id is another."""
    event, other = shop.event("hours"), shop.event("hours")
    first, again, second = receive(shop, event, event, other)
    assert isinstance(first, Received)
    assert [first.is_new, again, second] == [True, Received(first.contact_id, is_new=False), Received(first.contact_id, is_new=True)]
    assert receive(shop, event) == [Received(first.contact_id, is_new=False)]
    assert counts(shop) == (1, 2)


def test_two_channels_know_a_person_by_the_same_name_and_do_not_mix_them(shop: Chats) -> None:
    """The same ids on another channel are another person and another event."""
    event = shop.event("hours")
    receive(shop, event)
    other = shop.services.chat.receiving.receive(shop.add_channel(shop.bot_id), [event])
    assert [isinstance(outcome, Received) and outcome.is_new for outcome in other] == [True]
    assert counts(shop) == (2, 2)


def test_what_cannot_be_kept_is_refused_and_harms_no_other(shop: Chats) -> None:
    """Each stands between two that are stored."""
    body = message_body("hours")
    broken = [
        NewEvent("", "ana", "", EventKind.MESSAGE, body),
        NewEvent("x" * (MAX_EXTERNAL_ID_LENGTH + 1), "ana", "", EventKind.MESSAGE, body),
        NewEvent("nul\0", "ana", "", EventKind.MESSAGE, body),
        NewEvent("surrogate", "\ud800", "", EventKind.MESSAGE, body),
        NewEvent("no body", "ana", "", EventKind.MESSAGE, b""),
        NewEvent("another body", "ana", "", EventKind.MESSAGE, b'{"text": "hours"}'),
        NewEvent("no text", "ana", "", EventKind.MESSAGE, b'["", null]'),
        NewEvent("long text", "ana", "", EventKind.MESSAGE, b'["' + b"x" * 5000 + b'", null]'),
        NewEvent("nul in text", "ana", "", EventKind.MESSAGE, b'["\\u0000", null]'),
        NewEvent("deep", "ana", "", EventKind.MESSAGE, b"[" * 100_000),
        NewEvent("not a channel's", "ana", "", EventKind.TIMER, body),
    ]
    outcomes = receive(shop, shop.event("hours"), *broken, shop.event("hours"))
    assert outcomes[1:-1] == [EventRefusal.BROKEN] * len(broken)
    assert [isinstance(outcome, Received) and outcome.is_new for outcome in (outcomes[0], outcomes[-1])] == [True, True]
    assert counts(shop) == (1, 2)


def test_a_name_is_kept_as_others_may_see_it(shop: Chats) -> None:
    """What shows nothing of its own is taken out, and a name that is none is no reason to lose the message."""
    for contact, name in (("ana", " Ana\u200b  Ruiz "), ("nul", "A\0B"), ("long", "x" * 5000)):
        receive(shop, NewEvent(f"id-{contact}", contact, name, EventKind.MESSAGE, message_body("hours")))
    with shop.transactions.reading() as tx:
        rows = tx.select(select(CONTACT)).all()
    assert {row.external_id: row.name for row in rows} == {"ana": "Ana Ruiz", "nul": "", "long": "x" * 100}


def test_a_blocked_contact_grows_no_row(shop: Chats) -> None:
    """Others of the same batch are stored."""
    shop.write("hours")
    with shop.services.database.write() as connection:
        connection.execute(update(CONTACT).values(blocked_at=1))
        connection.commit()
    before = counts(shop)
    outcomes = receive(shop, shop.event("hours"), shop.event("hours", contact="luis"))
    assert outcomes[0] is EventRefusal.BLOCKED
    assert isinstance(outcomes[1], Received)
    assert counts(shop) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("contacts", [1, BATCH])
def test_the_same_batch_at_once_is_stored_once(shop: Chats, contacts: int) -> None:
    """From four threads, two of which have it the other way round."""
    events = [shop.event("hours", contact=f"person-{number % contacts}") for number in range(BATCH)]
    with ThreadPoolExecutor(4) as threads:
        stored = threads.map(lambda number: receive(shop, *events[:: 1 if number % 2 else -1]), range(4))
    assert sum(isinstance(outcome, Received) and outcome.is_new for outcomes in stored for outcome in outcomes) == len(events)
    assert counts(shop) == (contacts, len(events))


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("table", [CONTACT, CHAT_EVENT], ids=lambda table: table.name)
def test_two_that_store_the_same_do_not_wait_for_each_other_in_a_circle(shop: Chats, table: Table) -> None:
    """The second has the batch the other way round. Both wait for a third in its midst, until that one gives up."""
    events = [shop.event("hours", contact=f"person-{number}", external_id=f"id-{number}") for number in range(9)]
    if table is CHAT_EVENT:
        receive(shop, *(replace(event, external_id=f"before {event.external_id}") for event in events))
    row: dict[str, object] = {
        "id": "0" * 32,
        "channel_id": shop.channel_id,
        "external_id": "person-4" if table is CONTACT else "id-4",
        "name": "",
        "search": "",
    }
    row |= {"fields": "{}", "last_seq": 0, "changed_at": 0, "kind": "message", "received_at": 0, "state": "handled"}
    row["contact_id"] = shop.contact_id("person-0") if table is CHAT_EVENT else ""
    with ThreadPoolExecutor(2) as threads:
        with shop.transactions.writing() as third:
            third.execute(insert(table), {name: value for name, value in row.items() if name in table.c})
            both = [threads.submit(receive, shop, *events[::step]) for step in (1, -1)]
            while third.select(WAITING).scalar_one() < len(both):
                assert not any(one.done() for one in both)
        stored = [outcome for one in both for outcome in one.result(timeout=60)]
    assert sum(isinstance(outcome, Received) and outcome.is_new for outcome in stored) == len(events)


def test_no_event_is_a_transaction(shop: Chats) -> None:
    """A request of a platform may hold nothing for chat."""
    assert receive(shop) == []
