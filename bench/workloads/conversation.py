"""M10: a customer's message, from its POST to the answer that holds what the bot says, on both engines, with and without 2FA."""

import itertools
import tempfile
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import delete, insert, update
from tests.support.postgres import new_database, start_postgres
from tests.support.server import free_port

from bench.load_client import Load
from bench.messages import post_form
from bench.seeding import CHEAPEST_HASH_KIB, Installation, seed
from bench.stage import Stage
from bench.systems.bare_chat import BareChat
from bench.systems.xpressbot import XpressBot
from bench.workloads import Bar, Chapter
from bench.workloads.rounds import Scales, Seen
from xpressbot.chat.actor import OPERATOR
from xpressbot.chat.bots.store import Bot, Version, add_bot, add_version
from xpressbot.chat.channels.administration import make_web_channel
from xpressbot.chat.channels.web.visitor import contact_of
from xpressbot.chat.scripts.script import On, Say, Script, Starts, Topic
from xpressbot.chat.scripts.writing import written
from xpressbot.chat.tables import CONTACT
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import open_database
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.entropy import SystemEntropy
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import ACCOUNT, AUTHENTICATOR, RECOVERY_CODE, RECOVERY_CODE_SET, TOTP_AUTHENTICATOR

PEOPLE = 100
_VISITORS = 4000
_CONNECTIONS = 8
_OF_BARE = 0.4
_UNCHANGED = 0.9
_WORKLOAD = "M10"
_TEXT = """Visitors who have written before write to a bot that greets them, on 8 connections that each wait for their answer, which
is JSON and holds the bot's. Each message is another one, and each visitor is at an address of their own. One worker, with its default
settings, log lines included. In one installation nobody has 2FA on, in the other everybody has; nothing should differ. Beside them, in
the same rounds, a bare Starlette handler that stores message and answer in one commit on SQLite, as durable as ours, and does nothing
else."""


@dataclass(frozen=True)
class Chat:
    """A server, and what makes the next message to it."""

    system: XpressBot | BareChat
    message: Callable[[int], bytes]


def conversation(stage: Stage) -> Chapter:
    """Both engines, without and with 2FA, and the bare handler, in turn."""
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="xpressbot-postgres-"))
        server = stack.enter_context(start_postgres(Path(folder)))
        bare = BareChat(free_port(), stage.folder)
        chats = [
            *(chat_installation(stage, "SQLite", "", protected=protected) for protected in (False, True)),
            *(
                chat_installation(stage, "PostgreSQL", new_database(server, f"chat_{protected:d}"), protected=protected)
                for protected in (False, True)
            ),
            Chat(bare, lambda number: bare.message(f"visitor{number % _VISITORS}", f"Hello {number}")),
        ]
        seen = _rounds(stage, chats)
    names = {(engine, protected): _name(engine, protected=protected) for engine in ("SQLite", "PostgreSQL") for protected in (False, True)}
    bars = [
        Bar(
            "M10 a message to a bot, against a bare handler",
            _OF_BARE,
            seen.rate(names["SQLite", True], _WORKLOAD) / seen.rate(bare.name, _WORKLOAD),
            at_least=True,
            unit="times",
        ),
        *(
            Bar(
                f"M10 on {engine}, everybody with 2FA against nobody",
                _UNCHANGED,
                seen.rate(names[engine, True], _WORKLOAD) / seen.rate(names[engine, False], _WORKLOAD),
                at_least=True,
                unit="times",
            )
            for engine in ("SQLite", "PostgreSQL")
        ),
    ]
    return Chapter("M10: a message to a bot", _TEXT, bars, [("", seen.table(_WORKLOAD))])


def _rounds(stage: Stage, chats: Sequence[Chat]) -> Seen:
    seen, step, numbers = Seen(), stage.step("M10 a message to a bot", stage.effort.rounds * len(chats)), itertools.count()
    with stage.serving(*(chat.system for chat in chats)) as servers:
        for chat in chats:
            stage.client.run(chat.system.port, list(_messages(chat, numbers, 100)), Load(_CONNECTIONS)).only(200, chat.system.name)
        for _round in range(stage.effort.rounds):
            for chat, server in zip(chats, servers, strict=True):
                messages, load = list(_messages(chat, numbers, _VISITORS)), Load(_CONNECTIONS, seconds=stage.effort.seconds)
                scales = Scales(server)
                measured = stage.client.run(chat.system.port, messages, load).only(200, chat.system.name)
                seen.of[chat.system.name][_WORKLOAD].append(scales.round(measured))
                step.advance()
    return seen


def _messages(chat: Chat, numbers: Iterator[int], count: int) -> Iterator[bytes]:
    return (chat.message(number) for number in itertools.islice(numbers, count))


def chat_installation(stage: Stage, engine: str, url: str, *, protected: bool) -> Chat:
    """An installation with a bot on a web chat, and visitors who have written before. url: of its database, where that is PostgreSQL."""
    name = f"{engine.lower()}_{'with' if protected else 'without'}_2fa"
    directory = stage.folder / name
    directory.mkdir()
    installation = Installation(directory, url, CHEAPEST_HASH_KIB)
    seed(installation, range(PEOPLE), stage.step(f"Seeding {name}", PEOPLE).advance)
    system = XpressBot(installation, free_port(), name=_name(engine, protected=protected))
    tokens = [SystemEntropy().token_bytes(32) for _visitor in range(_VISITORS)]
    public_id = _seed_chat(installation, [Token(token) for token in tokens], protected=protected)

    def message(number: int) -> bytes:
        visitor = number % _VISITORS
        fields = {"visitor": Token(tokens[visitor]).text, "send": uuid.uuid4().hex, "text": f"Hello {number}", "option": "", "after": ""}
        headers = {"X-Forwarded-For": f"10.1.{visitor >> 8 & 255}.{visitor & 255}"}
        return post_form(system.port, f"/chat/{public_id}", fields, headers).replace(b"Accept: */*", b"Accept: application/json", 1)

    return Chat(system, message)


def _seed_chat(installation: Installation, tokens: Sequence[Token], *, protected: bool) -> str:
    """A published bot, its channel and the visitors; the channel's address. Without 2FA everybody's authenticators go."""
    system = System(SystemClock(), SystemEntropy())
    script = Script("Greeting", "en", (Topic("hello", "Hello", Starts(On.NOTHING_MATCHED), (Say("s1", "Hello, I am a bot."),)),))
    database = open_database(installation.settings.url, pool_size=1, durable=False, patient=True)
    try:
        with Transactions(database).writing() as tx:
            bot = Bot(system.new_id(), "Greeting", "en", live=1, restart_below=0, draft_revision=0, archived_at=None)
            add_bot(tx, bot)
            add_version(tx, Version(bot.id, 1, written(script), OPERATOR, system.now()))
            channel = make_web_channel(tx, system, OPERATOR, "Website", bot.id)
            contact = {"channel_id": channel.id, "name": "", "search": "", "fields": "{}", "last_seq": 0, "changed_at": system.now()}
            tx.execute(insert(CONTACT), [contact | {"id": system.new_id(), "external_id": contact_of(token)} for token in tokens])
            if not protected:
                for table in (RECOVERY_CODE, RECOVERY_CODE_SET, TOTP_AUTHENTICATOR, AUTHENTICATOR):
                    tx.execute(delete(table))
                tx.execute(update(ACCOUNT).values(protected_since=None))
            tx.commit()
    finally:
        database.dispose()
    return channel.public_id


def _name(engine: str, *, protected: bool) -> str:
    return f"{engine}, {'everybody' if protected else 'nobody'} with 2FA"
