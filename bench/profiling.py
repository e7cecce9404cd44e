"""Runs the server under py-spy and tells which functions take most time of their own.

Samples are of the thread that holds the interpreter lock: waiting for a lock, a disk or work to do counts for nothing.
"""

import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tests.support.server import free_port

from bench.errors import BenchError
from bench.load_client import Load
from bench.peers import FOLDER
from bench.people import Person, spread
from bench.seeding import CHEAPEST_HASH_KIB
from bench.stage import QUICK, Stage
from bench.systems.bare_chat import BareChat
from bench.systems.xpressbot import XpressBot
from bench.workloads.conversation import Chat, chat_installation
from bench.workloads.right_code import after_password, right_code

_PROFILER = "py-spy==0.4.3"
_SECONDS = 10
_PEOPLE = 2000
_MESSAGES = 4000
_SAMPLES_A_SECOND = 250
_PARTS = {
    "SQLAlchemy and the driver": ("sqlalchemy/",),
    "log line": ("structlog/", "foundation/logging.py"),
    "metrics": ("prometheus_client/",),
    "Starlette and anyio": ("starlette/", "anyio/"),
    "Jinja, MarkupSafe and Babel": ("jinja2/", "markupsafe/", "babel/", "/templates/"),
    "uvicorn": ("uvicorn/", "xpressbot/entrypoints/http/server/protocol.py"),
    "our pages and layers": ("xpressbot/entrypoints/",),
    "our use cases, rules and statements": ("xpressbot/identity/", "xpressbot/chat/"),
    "our database and threads": ("xpressbot/foundation/",),
}
"""Parts of a request's work, by where a function's file lies."""


class Subject(StrEnum):
    """What the server is asked."""

    WHO = "who"
    PASSWORD = "password"
    CODE = "code"
    WRONG = "wrong"
    PAGE = "page"
    MESSAGE = "message"


def profile(subject: Subject, lines: int) -> None:
    """Ask as fast as the server answers, sample it meanwhile, and print the lines."""
    program = _installed_profiler()
    with Stage.built(QUICK) as stage:
        again = subject in {Subject.WHO, Subject.PAGE}  # what may be asked any number of times
        system: XpressBot | BareChat
        if subject is Subject.MESSAGE:
            chat = chat_installation(stage, "SQLite", "", protected=True)
            system, ask = chat.system, partial(_messages, chat)
        else:
            count = 100 if again else _PEOPLE
            system = signing_in = XpressBot(stage.installation("profile", count, argon2_memory_kib=CHEAPEST_HASH_KIB), free_port())
            ask = partial(_requests, subject, stage, signing_in, spread(count, count))
        with stage.serving(system) as (server,):
            running = stage.client.begin(system.port, ask(), Load(seconds=_SECONDS) if again else Load())
            stacks = _sampled(program, server.pid, stage.folder / "stacks")
            measured = running.measurement()
    print(f"{measured.rate:,.0f} answers a second under the profiler: {dict(measured.statuses)}")
    _print(stacks, lines)


def _messages(chat: Chat) -> list[bytes]:
    return [chat.message(number) for number in range(_MESSAGES)]


def _requests(subject: Subject, stage: Stage, system: XpressBot, people: Sequence[Person]) -> list[bytes]:
    """What is to be asked, after what must come before it."""
    if subject is Subject.PASSWORD:
        return [system.password(person) for person in people]
    pending = after_password(stage, system, people)
    if subject is Subject.CODE:
        return [system.code(person, answer, person.code()) for person, answer in zip(people, pending, strict=True)]
    if subject is Subject.WRONG:
        return [system.code(person, answer, person.wrong_code()) for person, answer in zip(people, pending, strict=True)]
    _seen, signed_in = right_code(stage, system, people, pending)
    if subject is Subject.PAGE:
        return [system.page(person, answer) for person, answer in zip(people, signed_in, strict=True)]
    return [system.session(answer) for answer in signed_in]


def _installed_profiler() -> Path:
    folder = FOLDER / "tools"
    program = folder / "bin" / "py-spy"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", "--disable-pip-version-check", _PROFILER], check=True)
    return program


def _sampled(program: Path, process: int, file: Path) -> Counter[tuple[str, ...]]:
    command = [program, "record", "--pid", process, "--format", "raw", "--output", file, "--rate", _SAMPLES_A_SECOND]
    options = ["--duration", _SECONDS, "--gil", "--nonblocking"]
    done = subprocess.run([str(part) for part in [*command, *options]], capture_output=True, text=True, check=False)
    if done.returncode or not file.exists():
        raise BenchError(f"py-spy: {done.stderr.strip()}")
    stacks: Counter[tuple[str, ...]] = Counter()
    for line in file.read_text().splitlines():
        stack, _space, count = line.rpartition(" ")
        if count.isdigit():
            stacks[tuple(stack.split(";"))] += int(count)
    return stacks


def _print(stacks: Counter[tuple[str, ...]], lines: int) -> None:
    own: Counter[str] = Counter()
    below: Counter[str] = Counter()
    for stack, count in stacks.items():
        own[stack[-1].rpartition(":")[0]] += count
        below.update(dict.fromkeys({frame.rpartition(":")[0] for frame in stack}, count))
    total = stacks.total()
    table = Table("Own time", "With what it calls", "Function")
    for function, count in own.most_common(lines):
        table.add_row(f"{count / total:.1%}", f"{below[function] / total:.1%}", f"{function})")
    parts: Counter[str] = Counter()
    for stack, count in stacks.items():
        parts[_part(stack)] += count
    by_part = Table("Share", "Part")
    for part, count in parts.most_common():
        by_part.add_row(f"{count / total:.1%}", part)
    Console(width=160).print(by_part, table)


def _part(stack: tuple[str, ...]) -> str:
    """Whose innermost frame it is. What a library calls of the standard library, or of C, is the library's."""
    for frame in reversed(stack):
        for part, folders in _PARTS.items():
            if any(folder in frame for folder in folders):
                return part
    return "the interpreter and its library"
