"""FAQ 12 of the guide: 2FA touches no conversation. Whatever is done to accounts, not one message is lost or doubled."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.http.conftest import Protected, both_engines
from tests.support.chats import Chats
from tests.support.installation import Installation
from tests.support.people import protected as protected_person
from tests.support.people import reset
from tests.support.policies import require_two_factor
from xpressbot.chat.channels.web.visiting import Send
from xpressbot.chat.conversations.answering_at_once import Answered
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.scripts.script import On, Say, Script, Starts, Topic
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.roles import Role

ANSWER = "Noted."
SCRIPT = Script("Notes", "en", (Topic("all", "All", Starts(On.NOTHING_MATCHED), (Say("s1", ANSWER),)),))
VISITORS = 4


@pytest.fixture
def chats(installation: Installation) -> Chats:
    """A bot that answers everything."""
    return Chats(installation.services, SCRIPT)


class Visitors:
    """People who write while something else is done, each in a thread."""

    def __init__(self, chats: Chats) -> None:
        self._chats = chats
        self._tokens = [Token(bytes([number]) * 32) for number in range(VISITORS)]
        (self._channel,) = [one.channel for one in chats.services.chat.channels.channels()]
        self.written: dict[int, list[str]] = {number: [] for number in range(VISITORS)}
        self.contacts: dict[int, str] = {}

    def write_during(self, done: Callable[[], object]) -> None:
        """Have each of them write three messages while it is done."""
        with ThreadPoolExecutor(VISITORS) as threads:
            writing = [threads.submit(self._write, number) for number in range(VISITORS)]
            done()
            for one in writing:
                one.result()

    def _write(self, number: int) -> None:
        for _ in range(3):
            text = f"message {len(self.written[number])} of visitor {number}"
            send = Send(f"00000000-0000-4000-8000-{len(self.written[number]):012}", text)
            outcome = self._chats.services.chat.visiting.write(self._channel.public_id, self._tokens[number], send, f"192.0.2.{number}")
            assert isinstance(outcome, Answered), outcome
            self.written[number].append(text)
            self.contacts[number] = outcome.contact_id

    def expect_all_once(self) -> None:
        """Every message stands in its thread once, in order, and each is followed by one answer."""
        for number, texts in self.written.items():
            thread = self._chats.thread(self.contacts[number])
            assert [one.text for one in thread if one.author is Author.CUSTOMER] == texts
            assert [one.text for one in thread if one.author is Author.BOT] == [ANSWER] * len(texts)
            assert [one.author for one in thread] == [Author.CUSTOMER, Author.BOT] * len(texts)


@both_engines
def test_whatever_is_done_to_accounts_no_message_is_lost_or_doubled(chats: Chats, protected: Protected, installation: Installation) -> None:
    """Enabling, disabling, requiring and resetting 2FA, suspending a member, and signing everybody out."""
    owner, visitors = protected.browser, Visitors(chats)
    member = protected_person(installation.services, "berta@example.com", role=Role.AGENT)

    def go_on() -> None:
        installation.clock.advance(minutes=1)  # else the visitors would have written too much in one minute

    visitors.write_during(lambda: owner.post("/account/2fa/disable"))
    assert owner.me()["aal"] == 1
    go_on()
    visitors.write_during(owner.enable_2fa)
    go_on()
    visitors.write_during(lambda: require_two_factor(installation))
    go_on()
    visitors.write_during(lambda: owner.post(f"/team/members/{member.account.id}/suspend"))
    go_on()
    visitors.write_during(lambda: owner.post("/account/password", password="another-violet-anchor-kettle"))
    go_on()
    visitors.write_during(lambda: reset(installation.services))
    assert owner.who() is None

    visitors.expect_all_once()
