"""Runs load_client.c, which is compiled when it is needed."""

import json
import shutil
import struct
import subprocess
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import count as counting
from pathlib import Path
from typing import Self

from bench.errors import BenchError
from bench.messages import Answer

_SOURCE = Path(__file__).with_name("load_client.c")
_NUMBERS = counting()
_ANSWER = struct.Struct("<Idd")
"""What stands before each answer: its length, and when it was sent and answered."""
_PATIENCE_SECONDS = 300.0
_MOST_REQUESTS = 5_000_000
_MOST_OF_A_CORE = 0.8


@dataclass(frozen=True, slots=True)
class Load:
    """How to send: so many connections, each waiting for its answer before it sends again.

    Without `seconds` each request is sent once; with it, one after the other and again, until they are over. With `every_ms` each
    connection has a request due that often, and its time counts from when it was due, even if the one before was slow.
    """

    connections: int = 8
    seconds: float | None = None
    every_ms: float = 0


@dataclass(frozen=True, slots=True)
class Measurement:
    """What one run of the client saw. Times are milliseconds."""

    answered: int
    dropped: int
    seconds: float
    p50: float
    p99: float
    worst: float
    cpu_seconds: float
    """Of the client itself."""
    bare_503: int
    """Answers with status 503 that do not say when to come back."""
    statuses: Mapping[int, int]

    @property
    def rate(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds if self.seconds else 0.0

    def failed_rudely(self, expected: int) -> int:
        """Requests that got neither the expected status nor a 503 that says when to come back."""
        return self.dropped + self.bare_503 + sum(count for status, count in self.statuses.items() if status not in {expected, 503})

    def only(self, status: int, what: str) -> Self:
        """This measurement, if each answer had this status and the client had time to spare: refusals make good numbers.

        Raises BenchError.
        """
        if self.cpu_seconds > _MOST_OF_A_CORE * max(self.seconds, 1.0):
            raise BenchError(f"{what}: the load client was busy itself, for {self.cpu_seconds:.1f} of {self.seconds:.1f} seconds")
        if self.dropped or set(self.statuses) != {status}:
            raise BenchError(f"{what}: expected {status} only, got {dict(self.statuses)} and {self.dropped} without an answer")
        return self


class Running:
    """A client at work."""

    def __init__(self, process: subprocess.Popen[str], requests: Path, answers: Path | None) -> None:
        self._process = process
        self._requests = requests
        self._answers = answers

    def go_on_for(self, seconds: float) -> None:
        """Wait so long: what is done next is done in mid-load.

        Raises BenchError if everything has been answered by then.
        """
        time.sleep(seconds)
        if self._process.poll() is not None:
            self.measurement()
            raise BenchError("Everything had been answered before the middle of the load: more people are needed")

    def measurement(self) -> Measurement:
        """Wait for the end, and what was seen.

        Raises BenchError.
        """
        out, err = self._process.communicate()
        self._requests.unlink()
        if self._process.returncode or not out:
            raise BenchError(err.strip())
        seen = json.loads(out)
        return Measurement(**{**seen, "statuses": {int(status): number for status, number in seen["statuses"].items()}})

    def answers(self) -> list[Answer]:
        """The answer to each request, in order; only after the end."""
        assert self._answers is not None
        content, found, at = self._answers.read_bytes(), [], 0
        self._answers.unlink()
        while at < len(content):
            length, sent_at, answered_at = _ANSWER.unpack_from(content, at)
            at += _ANSWER.size
            found.append(Answer(content[at : at + length], sent_at / 1000, answered_at / 1000))
            at += length
        return found


class LoadClient:
    """The compiled client, in a folder that goes with it."""

    def __init__(self) -> None:
        compiler = shutil.which("cc")
        if compiler is None:
            raise BenchError("The load client is written in C, and there is no C compiler (cc). On Debian: apt-get install gcc libc6-dev")
        self._folder = tempfile.TemporaryDirectory(prefix="xpressbot-load-")
        self._program = Path(self._folder.name) / "load_client"
        made = subprocess.run([compiler, "-O2", "-o", self._program, _SOURCE], capture_output=True, text=True, check=False)
        if made.returncode:
            self.close()
            raise BenchError(f"cc could not compile {_SOURCE.name}: {made.stderr}")

    def close(self) -> None:
        """Remove what was compiled."""
        self._folder.cleanup()

    def run(self, port: int, requests: Sequence[bytes], load: Load) -> Measurement:
        """Send, and measure."""
        return self.begin(port, requests, load).measurement()

    def ask(self, port: int, requests: Sequence[bytes], load: Load) -> tuple[Measurement, list[Answer]]:
        """Send each request once, measure, and give the answers too."""
        running = self.begin(port, requests, load, keep_answers=True)
        return running.measurement(), running.answers()

    def begin(self, port: int, requests: Sequence[bytes], load: Load, *, keep_answers: bool = False) -> Running:
        """Begin to send, and do not wait."""
        number = next(_NUMBERS)
        file = Path(self._folder.name) / f"requests-{number}"
        answers = Path(self._folder.name) / f"answers-{number}" if keep_answers else None
        file.write_bytes(b"".join(struct.pack("<I", len(request)) + request for request in requests))
        count, seconds = (len(requests), _PATIENCE_SECONDS) if load.seconds is None else (_MOST_REQUESTS, load.seconds)
        arguments = [port, load.connections, count, seconds, load.every_ms, file, *([] if answers is None else [answers])]
        process = subprocess.Popen([self._program, *map(str, arguments)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        return Running(process, file, answers)
