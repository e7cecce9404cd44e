"""SQLite's checkpoints: what was written to the log goes into the database's file, beside those who write (docs/adr/0020)."""

import sqlite3
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Final

WRITES_BETWEEN_CHECKPOINTS: Final = 100
MOST_LOG_PAGES: Final = 4000
"""With as many in the log, whoever commits makes the checkpoint: the log ends, also where nobody makes one beside it."""


class Checkpointer:
    """Makes a checkpoint after so many writes, on a thread and a connection of its own. Used by one thread at a time."""

    def __init__(self, file: str) -> None:
        self._existing = f"{Path(file).resolve().as_uri()}?mode=rw"
        self._writes = 0
        self._thread: ThreadPoolExecutor | None = None
        self._last: Future[None] | None = None
        self._connection: sqlite3.Connection | None = None

    def note_write(self) -> None:
        """A write has ended. This waits for nothing, and never fails."""
        self._writes += 1
        if self._writes < WRITES_BETWEEN_CHECKPOINTS or (self._last is not None and not self._last.done()):
            return
        self._writes = 0
        if self._thread is None:
            self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        with suppress(RuntimeError):  # the interpreter ends
            self._last = self._thread.submit(self._checkpoint)

    def close(self) -> None:
        """Let a checkpoint that is under way finish. A later write may begin another."""
        thread, self._thread, self._last = self._thread, None, None
        if thread is not None:
            thread.shutdown()
        self._disconnect()

    def _checkpoint(self) -> None:
        # It stops nobody and waits for nobody. What it cannot do, on a full disk say, stays in the log, where it is as safe.
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(self._existing, uri=True, timeout=0, isolation_level=None, check_same_thread=False)
            self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        except sqlite3.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()
