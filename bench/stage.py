"""What all workloads need: the load client, a folder to throw away, free ports, servers that are stopped in the end, progress."""

import compileall
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

import xpressbot
from bench.load_client import LoadClient
from bench.seeding import Installation, seed
from bench.servers import Server
from bench.systems import Served

_PROGRAM = Path(xpressbot.__file__).parent


@dataclass(frozen=True)
class Effort:
    """How much is done: rounds, people in each round and system, seconds of each steady load, sizes of an installation."""

    rounds: int
    people: int
    seconds: float
    sizes: tuple[int, ...]


FULL = Effort(rounds=7, people=400, seconds=4, sizes=(1_000, 10_000, 100_000, 1_000_000))
QUICK = Effort(rounds=2, people=100, seconds=1.5, sizes=())


@dataclass
class Step:
    """A line of the progress bar."""

    progress: Progress
    task: TaskID

    def advance(self, count: int = 1) -> None:
        """So much is done."""
        self.progress.advance(self.task, count)


@dataclass
class Stage:
    """Stands while a run lasts."""

    effort: Effort
    client: LoadClient
    folder: Path
    progress: Progress
    versions: dict[str, str] = field(default_factory=dict)

    @classmethod
    @contextmanager
    def built(cls, effort: Effort) -> Iterator[Self]:
        """Compile the client, and the program as installing it does; show the progress."""
        columns = (TextColumn("{task.description:44}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with ExitStack() as stack:
            compileall.compile_dir(_PROGRAM, quiet=2)
            client = LoadClient()
            stack.callback(client.close)
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="xpressbot-bench-")))
            folder.chmod(0o755)  # PostgreSQL runs as another user
            yield cls(effort, client, folder, stack.enter_context(Progress(*columns)))

    def step(self, what: str, total: int) -> Step:
        """Begin a line of the progress bar."""
        return Step(self.progress, self.progress.add_task(what, total=total))

    def installation(self, name: str, people: int, **options: object) -> Installation:
        """A new installation of ours on SQLite, with people in it."""
        directory = self.folder / name
        directory.mkdir()
        step = self.step(f"Seeding {name.replace('_', ' ')}", people)
        return seed(Installation(directory, **options), range(people), step.advance)  # type: ignore[arg-type]

    @contextmanager
    def serving(self, *systems: Served) -> Iterator[list[Server]]:
        """Start systems one after the other, and stop all of them in the end."""
        with ExitStack() as stack:
            servers = []
            for system in systems:
                self.versions |= system.versions()
                servers.append(Server(system.command(), self.folder / f"{system.name.replace(' ', '_')}.log"))
                stack.callback(servers[-1].stop)
            yield servers
