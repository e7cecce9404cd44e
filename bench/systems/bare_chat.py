"""bench/bare_chat.py as a server."""

import sys
from collections.abc import Mapping
from pathlib import Path

import starlette

from bench.messages import get, post_form
from bench.servers import Command

_REPOSITORY = Path(__file__).parents[2]


class BareChat:
    """A Starlette handler that stores a message and its answer, with nothing else."""

    name = "bare Starlette, SQLite"

    def __init__(self, port: int, folder: Path) -> None:
        self.port = port
        self._file = folder / "bare_chat.sqlite3"

    def command(self) -> Command:
        arguments = [sys.executable, "-m", "bench.bare_chat", str(self.port), str(self._file)]
        return Command(self.port, get(self.port, "/healthz"), arguments, _REPOSITORY)

    def versions(self) -> Mapping[str, str]:
        return {"Starlette": starlette.__version__}

    def message(self, visitor: str, text: str) -> bytes:
        """A message, as XpressBot gets it."""
        return post_form(self.port, "/chat", {"visitor": visitor, "text": text})
