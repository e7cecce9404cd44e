"""Two processes store and answer what a platform delivers, each delivery up to three times, and are killed at any moment."""

import random
import selectors
import socket
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.conftest import ENGINES
from tests.support.chats import Chats
from tests.support.child_processes import die, fork, wait
from tests.support.crashes import at_each_moment
from tests.support.databases import fresh_database
from tests.support.installation import make_settings
from tests.support.settable_system import SettableClock
from tests.support.shop_script import SHOP
from xpressbot.bootstrap import build
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.conversations.events import NewEvent
from xpressbot.chat.conversations.receiving import Received
from xpressbot.chat.use_cases import Chat, ChatFigures, build_chat
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.times import MINUTE

EVENTS, CONTACTS, TIMES, KILLS = 500, 25, 3, 20
MOST_IN_A_DELIVERY = 4
LATEST_MOMENT = 120
"""A process that is to be killed is killed before one of its next so many statements, or before or after a commit."""
MOST_ROUNDS = 50


@dataclass
class Worker:
    """A process, and the delivery that it has not acknowledged yet."""

    process: int
    line: socket.socket
    delivery: Sequence[int] = ()


@dataclass
class Platform:
    """Delivers until everything is acknowledged, and starts another process where one was killed."""

    services: Services
    chats: Chats
    chance: random.Random
    events: Sequence[NewEvent]
    waiting: deque[Sequence[int]]
    kills_left: int = KILLS
    killed: int = 0
    workers: "selectors.DefaultSelector" = field(default_factory=selectors.DefaultSelector)

    def deliver_all(self) -> None:
        """Two at a time, until none is left."""
        for _process in range(2):
            self._start()
        while self.workers.get_map():
            for key, _ready in self.workers.select(timeout=60):
                self._heard(key.data)

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        moment = 0
        if self.kills_left:
            self.kills_left -= 1
            moment = self.chance.randrange(1, LATEST_MOMENT)
        url, channel_id, events = self.services.settings.url, self.chats.channel_id, self.events

        def work() -> int:
            ours.close()
            return answer(theirs, url, channel_id, events, moment)

        process = fork(work, beside=self.services.database)
        theirs.close()
        worker = Worker(process, ours)
        self.workers.register(ours, selectors.EVENT_READ, worker)
        self._next(worker)

    def _next(self, worker: Worker) -> None:
        """The next delivery; a process for which there is none ends."""
        worker.delivery = self.waiting.popleft() if self.waiting else ()
        if worker.delivery:
            with suppress(BrokenPipeError):  # it was killed after it had acknowledged the last one
                worker.line.send(bytes(" ".join(map(str, worker.delivery)), "ascii"))
        else:
            worker.line.shutdown(socket.SHUT_WR)

    def _heard(self, worker: Worker) -> None:
        heard = b""
        with suppress(ConnectionResetError):  # it was killed with a delivery unread
            heard = worker.line.recv(1)
        if heard:
            self._next(worker)
            return
        self.workers.unregister(worker.line)
        worker.line.close()
        if wait(worker.process) != 0:
            self.killed += 1
            if worker.delivery:
                self.waiting.append(worker.delivery)
            self._start()


def answer(line: socket.socket, url: str, channel_id: str, events: Sequence[NewEvent], killed_at: int) -> int:
    """What a process does: store a delivery and have it answered. Some are acknowledged between the two, and some after.

    killed_at: 0 for never.
    """
    database = open_database(url, pool_size=2, durable=False)
    moments = 0

    def moment() -> None:
        nonlocal moments
        moments += 1
        if moments == killed_at:
            die()

    at_each_moment(database, moment)
    chat = build_chat(Transactions(database), System(SystemClock(), SystemEntropy()), ChatFigures(lambda _messages: None, lambda: None))
    while delivery := line.recv(4096):
        outcomes = chat.receiving.receive(channel_id, [events[int(number)] for number in delivery.split()])
        contacts = {outcome.contact_id for outcome in outcomes if isinstance(outcome, Received)}
        if len(contacts) % 2:
            line.send(b"a")
        for contact_id in sorted(contacts):
            chat.answering.drain(contact_id, patience_seconds=0.5)
        if not len(contacts) % 2:
            line.send(b"a")
    return 0


@pytest.fixture(params=ENGINES)
def services(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Services]:
    """On a database of its own."""
    services = build(make_settings(tmp_path, fresh_database(request, request.param, tmp_path)), durable=False)
    yield services
    services.close()


def test_whatever_is_killed_each_message_stands_once_in_its_thread_and_has_one_answer(services: Services) -> None:
    """500 events, each delivered three times and shuffled, to two processes of which 20 are killed. The sweep does the rest."""
    chats, chance = Chats(services, SHOP), random.Random(15)
    events = [chats.event(f"hours {number}", contact=f"person-{number % CONTACTS}") for number in range(EVENTS)]
    platform = Platform(services, chats, chance, events, deque(deliveries(chance)))
    platform.deliver_all()
    assert platform.killed == KILLS
    sweep(services)

    threads = [chats.thread(conversation.contact_id) for conversation in chats.conversations()]
    assert len(threads) == CONTACTS
    for thread in threads:
        assert [message.author for message in thread] == [Author.CUSTOMER, Author.BOT] * (EVENTS // CONTACTS)
        assert [message.seq for message in thread] == list(range(1, len(thread) + 1))
    written = Counter(message.text for thread in threads for message in thread if message.author is Author.CUSTOMER)
    assert written == Counter(f"hours {number}" for number in range(EVENTS))


def deliveries(chance: random.Random) -> list[Sequence[int]]:
    """All events three times, in any order, some together."""
    numbers = [*range(EVENTS)] * TIMES
    chance.shuffle(numbers)
    made: list[Sequence[int]] = []
    while numbers:
        count = chance.randint(1, MOST_IN_A_DELIVERY)
        made.append(numbers[:count])
        del numbers[:count]
    return made


def sweep(services: Services) -> None:
    """A minute later, round after round until nothing is pending."""
    later = System(SettableClock(services.clock.now() + MINUTE), services.entropy)
    chat: Chat = build_chat(Transactions(services.database), later, ChatFigures(lambda _messages: None, lambda: None))
    for _round in range(MOST_ROUNDS):
        chat.sweeping.next_round()
        if not chat.sweeping.backlog().lanes:
            return
    pytest.fail("the sweep does not come to its end")
