"""Servers under measurement: each a process group of its own, timed to its first answer, weighed, and stopped."""

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.errors import BenchError

_START_SECONDS = 60
_STOP_SECONDS = 35
_LOOK_EVERY_SECONDS = 0.005


@dataclass(frozen=True)
class Command:
    """How a server is started, where it listens, and the request that it answers with 200 as soon as it serves."""

    port: int
    first_request: bytes
    arguments: Sequence[str | Path]
    directory: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Memory:
    """What processes hold, in megabytes."""

    resident: float
    """RSS, as ps and top show it: pages that several processes share count in each."""
    proportional: float
    """PSS: such a page is divided among all processes of the machine that share it."""


class Server:
    """A running server. What it prints goes to a file."""

    def __init__(self, command: Command, log: Path) -> None:
        _refuse_busy(command.port)
        began = time.perf_counter()
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                [str(argument) for argument in command.arguments],
                cwd=command.directory,
                env=_clean_environment() | dict(command.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            self._wait_for_answer(command, log)
        except BaseException:
            self.stop()
            raise
        self._port = command.port
        self.seconds_to_first_answer = time.perf_counter() - began

    @property
    def pid(self) -> int:
        """The first process of the group."""
        return self._process.pid

    def processes(self) -> list[int]:
        """All processes of the group."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            fields = _stat(path)
            if fields and int(fields[2]) == self.pid:
                found.append(int(path.parent.name))
        return found

    def memory(self) -> Memory:
        """What the group holds."""
        kib = {name: sum(_kib(process, "smaps_rollup", name) for process in self.processes()) for name in ("Rss", "Pss")}
        return Memory(kib["Rss"] / 1024, kib["Pss"] / 1024)

    def most_resident(self) -> float:
        """The most megabytes that the processes of the group have held, each at its own time."""
        return sum(_kib(process, "status", "VmHWM") for process in self.processes()) / 1024

    def cpu_seconds(self) -> float:
        """What the group has computed so far."""
        stats = [_stat(Path(f"/proc/{process}/stat")) for process in self.processes()]
        return sum(int(fields[11]) + int(fields[12]) for fields in stats if fields) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        """End the whole group at once, in the middle of whatever it does; back when nothing of it listens any more."""
        self._signal(signal.SIGKILL)
        self._process.wait()
        deadline = time.monotonic() + _STOP_SECONDS
        while _is_served(self._port) and time.monotonic() < deadline:
            time.sleep(_LOOK_EVERY_SECONDS)

    def stop(self) -> None:
        """Ask it to stop; end what is left."""
        self._signal(signal.SIGTERM)
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            pass
        finally:
            self._signal(signal.SIGKILL)
            self._process.wait()

    def _signal(self, sent: signal.Signals) -> None:
        try:
            os.killpg(self.pid, sent)
        except ProcessLookupError:
            return

    def _wait_for_answer(self, command: Command, log: Path) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while not _answers(command):
            if self._process.poll() is not None:
                raise BenchError(f"{command.arguments[0]} ended at its start: {_last_lines(log)}")
            if time.monotonic() > deadline:
                raise BenchError(f"{command.arguments[0]} gives no good answer: {_last_lines(log)}")
            time.sleep(_LOOK_EVERY_SECONDS)


def _last_lines(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-10:])


def _answers(command: Command) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", command.port), 1) as connection:
            connection.settimeout(10)
            connection.sendall(command.first_request)
            return connection.recv(4096)[9:12] == b"200"
    except OSError:
        return False


def _refuse_busy(port: int) -> None:
    if _is_served(port):
        raise BenchError(f"Something serves port {port} already; it would answer in the place of what is to be measured.")


def _is_served(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("XPRESSBOT_", "WEB_CONCURRENCY", "PYTHON"))}


def _stat(path: Path) -> list[str]:
    """The fields of a process after its name, the state first; none when it has gone."""
    try:
        return path.read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _kib(process: int, file: str, field_name: str) -> int:
    try:
        found = re.search(rf"^{field_name}:\s+(\d+) kB", Path(f"/proc/{process}/{file}").read_text(), re.MULTILINE)
    except OSError:
        return 0
    return int(found[1]) if found else 0
