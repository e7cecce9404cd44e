"""Published scripts as values. A version never changes: what was read of it once is kept."""

from collections import OrderedDict
from threading import Lock
from typing import Final

from xpressbot.chat.bots.store import Version, find_version
from xpressbot.chat.scripts.reading import read_script
from xpressbot.chat.scripts.script import Script
from xpressbot.foundation.database.transaction import Reading

MOST_KEPT: Final = 32
"""Versions that a process keeps in memory, those that it used last."""


class UnreadableScriptError(Exception):
    """A published version is not there, or is no script that this program knows."""


class PublishedScripts:
    """Reads versions of scripts, each once as long as it is in use. Threads may share one."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._kept = OrderedDict[tuple[str, int], Script]()

    def find(self, tx: Reading, bot_id: str, number: int) -> Script:
        """The script of a version.

        Raises UnreadableScriptError, or what the database driver raises.
        """
        with self._lock:
            if script := self._kept.get((bot_id, number)):
                self._kept.move_to_end((bot_id, number))
                return script
        script = _read(find_version(tx, bot_id, number), f"version {number} of bot {bot_id}")
        with self._lock:
            self._kept[bot_id, number] = script
            if len(self._kept) > MOST_KEPT:
                self._kept.popitem(last=False)
        return script


def _read(version: Version | None, name: str) -> Script:
    if version is None:
        raise UnreadableScriptError(f"{name} is not there")
    script = read_script(version.document)
    if not isinstance(script, Script):
        raise UnreadableScriptError(f"{name}: {script.problem} at {script.place}")
    return script
