"""Customers write to a server of two workers, each send up to three times, and workers are killed meanwhile."""

import asyncio
import os
import random
import signal
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import select

from tests.processes.conftest import TwoWorkers
from tests.support.chats import Chats
from tests.support.customers import channel_of
from xpressbot.chat.channels.web.visitor import contact_of
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.scripts.script import On, Say, Script, Starts, Topic
from xpressbot.chat.tables import CONTACT
from xpressbot.foundation.tokens import Token

VISITORS, MESSAGES, TIMES, KILLS = 84, 6, 3, 20
AT_ONCE = 12
ANSWER = "Noted."
SCRIPT = Script("Notes", "en", (Topic("all", "All", Starts(On.NOTHING_MATCHED), (Say("s1", ANSWER),)),))


@dataclass
class Crowd:
    """The visitors, their sends in random order, and who kills workers by how much is answered."""

    two_workers: TwoWorkers
    path: str
    chance: random.Random
    answered: int = 0
    killed: int = 0
    kill_at: list[int] = field(default_factory=list)

    async def write(self) -> None:
        """Have every send acknowledged as often as it is sent."""
        sends = [(visitor, message) for visitor in range(VISITORS) for message in range(MESSAGES)] * TIMES
        self.chance.shuffle(sends)
        self.kill_at = sorted(self.chance.sample(range(1, len(sends)), KILLS), reverse=True)
        # Without TLS: to read the system's authorities takes each client 26 ms.
        clients = [httpx.AsyncClient(base_url=self.two_workers.server.url, timeout=60, verify=False) for _visitor in range(VISITORS)]
        places = asyncio.Semaphore(AT_ONCE)

        async def send(visitor: int, message: int) -> None:
            async with places:
                await self._acknowledged(clients[visitor], visitor, message)
                self._maybe_kill()

        async with asyncio.timeout(600), asyncio.TaskGroup() as tasks:
            for visitor, message in sends:
                tasks.create_task(send(visitor, message))
        for client in clients:
            await client.aclose()

    async def _acknowledged(self, client: httpx.AsyncClient, visitor: int, message: int) -> None:
        """Again until it is: a customer whose page did not come presses the button again."""
        fields = {"visitor": token_of(visitor).text, "send": f"{message:032x}", "text": text_of(visitor, message)}
        headers = {"Accept": "application/json", "Sec-Fetch-Site": "same-origin", "X-Forwarded-For": f"10.2.0.{visitor}"}
        while True:
            try:
                response = await client.post(self.path, data=fields, headers=headers)
            except httpx.TransportError:
                continue
            if response.status_code == 200:
                return
            assert response.status_code == 503, response.text

    def _maybe_kill(self) -> None:
        self.answered += 1
        if self.kill_at and self.answered >= self.kill_at[-1] and (workers := workers_of(self.two_workers)):
            self.kill_at.pop()
            os.kill(self.chance.choice(workers), signal.SIGKILL)
            self.killed += 1


def workers_of(two_workers: TwoWorkers) -> list[int]:
    """The processes that serve; beside them multiprocessing has one that tracks resources."""
    children = two_workers.server.children()
    return [child for child in children if b"spawn_main" in Path(f"/proc/{child}/cmdline").read_bytes()]


def token_of(visitor: int) -> Token:
    return Token(visitor.to_bytes(32, "big"))


def text_of(visitor: int, message: int) -> str:
    return f"message {message} of visitor {visitor}"


def test_every_acknowledged_post_stands_once_in_its_thread_with_one_answer(two_workers: TwoWorkers) -> None:
    """500 sends, each three times, in random order, on several connections; 20 workers are killed and come again."""
    chats = Chats(two_workers.services, SCRIPT)
    crowd = Crowd(two_workers, f"/chat/{channel_of(chats).public_id}", random.Random(1))

    asyncio.run(crowd.write())

    assert crowd.killed >= KILLS // 2, "too few were killed for this to say anything"
    with chats.transactions.reading() as tx:
        found = tx.select(select(CONTACT.c.external_id, CONTACT.c.id).where(CONTACT.c.channel_id == chats.channel_id))
        contacts = {row.external_id: row.id for row in found}
    assert len(contacts) == VISITORS
    for visitor in range(VISITORS):
        contact_id = contacts[contact_of(token_of(visitor))]
        assert two_workers.services.chat.answering.drain(contact_id, patience_seconds=60)
        thread = chats.thread(contact_id)
        written = Counter(message.text for message in thread if message.author is Author.CUSTOMER)
        assert written == Counter(text_of(visitor, message) for message in range(MESSAGES))
        assert [message.text for message in thread if message.author is Author.BOT] == [ANSWER] * MESSAGES
        assert len(chats.conversations(contact_id)) == 1
