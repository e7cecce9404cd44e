"""The xpressbot command, in processes of its own with an environment of its own."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.support.child_processes import fork, wait
from xpressbot.__main__ import main

SOURCE = Path(__file__).parents[2] / "src"
COMMAND = (sys.executable, "-m", "xpressbot")
NOT_INHERITED = ("XPRESSBOT_", "WEB_CONCURRENCY", "PYTHONPATH")
_TIMEOUT_SECONDS = 60


@dataclass(frozen=True)
class Answer:
    """How a command ended, and what it said."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Shell:
    """A directory to call xpressbot in, and the settings it gets there.

    command: the program, where it is not this tree's; it must find its modules by itself.
    become: what a command of this tree is before it begins: another user, say.
    """

    directory: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    command: tuple[str, ...] = COMMAND
    become: Callable[[], None] = lambda: None

    @property
    def environment(self) -> dict[str, str]:
        """What the command sees: nothing of our own XPRESSBOT_ names, the cheapest hash, and the settings given."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(NOT_INHERITED)}
        modules = {"PYTHONPATH": str(SOURCE)} if self.command == COMMAND else {}
        return inherited | modules | {"XPRESSBOT_ARGON2_MEMORY_KIB": "8", **self.settings}

    def with_settings(self, **settings: str) -> "Shell":
        """The same directory with more settings."""
        return replace(self, settings={**self.settings, **settings})

    def run(self, *arguments: str, stdin: str | bytes = "") -> Answer:
        """Run a command of this tree to its end, in a child that has the program imported already."""
        assert self.command == COMMAND
        paths = [self.directory / name for name in ("stdin", "stdout", "stderr")]
        paths[0].write_bytes(stdin if isinstance(stdin, bytes) else stdin.encode())
        code = wait(fork(lambda: self._child(arguments, paths)))
        return Answer(code, paths[1].read_text(), paths[2].read_text())

    def run_fresh(self, *arguments: str, stdin: str = "") -> Answer:
        """Run a command to its end in an interpreter of its own."""
        done = subprocess.run(
            [*self.command, *arguments],
            cwd=self.directory,
            env=self.environment,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
        return Answer(done.returncode, done.stdout, done.stderr)

    def _child(self, arguments: Sequence[str], paths: Sequence[Path]) -> int:
        flags = (os.O_RDONLY, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
        for descriptor, (path, flag) in enumerate(zip(paths, flags, strict=True)):
            os.dup2(os.open(path, flag, 0o600), descriptor)
        sys.stdin, sys.stdout, sys.stderr = (os.fdopen(number, mode, encoding="utf-8") for number, mode in enumerate("rww"))
        os.environ.clear()
        os.environ.update(self.environment)
        os.chdir(self.directory)
        sys.argv = ["xpressbot", *arguments]
        self.become()
        signal.alarm(_TIMEOUT_SECONDS)  # a command that should have refused to start must not serve for ever
        try:
            main()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
        return 0
