"""Published scripts, read once: a version never changes, so that what was read of it stays true."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Final

from xpressbot.chat.flows.script import Script
from xpressbot.chat.flows.store import document_of_version
from xpressbot.foundation.database.transaction import Reading

MOST_KEPT: Final = 32
"""Versions kept in memory by a process: those that run, of some bots."""


class UnreadableScriptError(Exception):
    """A published version is not there, or is no script that this program knows."""


class PublishedScripts:
    """Reads versions of scripts, and keeps those that were used last. Threads may share one."""

    def __init__(self, read: Callable[[str], Script]) -> None:
        """read: makes a script of a document. Raises UnreadableScriptError."""
        self._read = read
        self._lock = Lock()
        self._kept = OrderedDict[tuple[str, int], Script]()

    def document(self, tx: Reading, bot_id: str, number: int) -> str | None:
        """The document of a version, where script_of will need it; None where it is kept, or is not there."""
        with self._lock:
            is_kept = (bot_id, number) in self._kept
        return None if is_kept else document_of_version(tx, bot_id, number)

    def script_of(self, bot_id: str, number: int, document: str | None) -> Script:
        """The script of a version. document: what `document` gave.

        Raises UnreadableScriptError.
        """
        key = bot_id, number
        with self._lock:
            if key in self._kept:
                self._kept.move_to_end(key)
                return self._kept[key]
        if document is None:
            raise UnreadableScriptError(f"version {number} of bot {bot_id} is not there")
        script = self._read(document)
        with self._lock:
            self._kept[key] = script
            while len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return script
