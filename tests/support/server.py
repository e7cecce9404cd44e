"""Real servers: `xpressbot serve` as a process of its own, spoken to over HTTP."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.support.command_line import Shell

_START_TIMEOUT_SECONDS = 60
_STOP_TIMEOUT_SECONDS = 60


@dataclass
class Server:
    """A running server and what it has written so far."""

    process: subprocess.Popen[bytes]
    port: int
    stdout: Path
    stderr: Path
    seconds_to_first_answer: float = 0.0

    @property
    def url(self) -> str:
        """Its origin."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def logs(self) -> bytes:
        """Both streams."""
        return self.stdout.read_bytes() + self.stderr.read_bytes()

    @property
    def welcome_tokens(self) -> list[str]:
        """The one-time links' tokens that it printed."""
        return re.findall(r"/welcome\?token=(\S+)", self.stdout.read_text())

    def children(self) -> list[int]:
        """The process ids of its workers, and of what else it started."""
        return _children(self.process.pid)

    def stop(self, sent: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to stop, and give its exit code. Whatever of it is left after that is ended."""
        family = [self.process.pid, *self.children()]
        self.process.send_signal(sent)
        try:
            return self.process.wait(_STOP_TIMEOUT_SECONDS)
        finally:
            for process in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            self.process.wait()


@contextmanager
def serving(shell: Shell, *, workers: int | None = 1, arguments: tuple[str, ...] = (), port: int = 0) -> Iterator[Server]:
    """A server on a free port or on the one given, from its first good answer at /readyz to the end of the block.

    workers: None leaves their number to the environment.
    """
    port = port or free_port()
    out, err = shell.directory / f"server-{port}.out", shell.directory / f"server-{port}.err"
    options = () if workers is None else ("--workers", str(workers))
    began = time.monotonic()
    with out.open("wb") as stdout, err.open("wb") as stderr:
        process = subprocess.Popen(
            [*shell.command, "serve", "--port", str(port), *options, *arguments],
            cwd=shell.directory,
            env=shell.environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=stderr,
        )
    server = Server(process, port, out, err)
    try:
        _wait_until_ready(server)
        server.seconds_to_first_answer = time.monotonic() - began
        yield server
    finally:
        if process.poll() is None:
            server.stop()


def _wait_until_ready(server: Server) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    with httpx.Client(base_url=server.url, verify=False) as client:
        while True:
            with contextlib.suppress(httpx.TransportError):
                if client.get("/readyz").status_code == 200:
                    return
            assert server.process.poll() is None, f"the server ended at its start: {server.logs.decode()}"
            assert time.monotonic() < deadline, f"the server does not answer: {server.logs.decode()}"
            with contextlib.suppress(subprocess.TimeoutExpired):
                server.process.wait(0.02)


def free_port() -> int:
    """A port of the loopback interface on which no process listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def _children(process: int) -> list[int]:
    found = []
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, path.read_text().split()):
            found += [child, *_children(child)]
    return found


def resident_kib(process: int) -> int:
    """How much memory a process holds."""
    found = re.search(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{process}/status").read_text())
    assert found is not None
    return int(found[1])
