"""One database, on SQLite or PostgreSQL: what each needs stands in a file of its own."""

from collections.abc import Callable, Collection, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Final, Protocol, cast

from sqlalchemy import Connection, Engine, MetaData, Table, make_url, text
from sqlalchemy.dialects import postgresql as postgresql_dialect
from sqlalchemy.dialects import sqlite as sqlite_dialect
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.pool import QueuePool

from xpressbot.foundation.database import sqlite

METADATA: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)
POOL_TIMEOUT_SECONDS: Final = 10
"""How long a thread waits for a connection. Of those that read there are as many as threads, so that none should."""
_UNSYNCHRONISED: Final = text("SET LOCAL synchronous_commit = off")

UNAVAILABLE: Final = (OperationalError, InterfaceError, PoolTimeoutError)
"""What the database raises when it is away, full or overloaded, rather than asked something wrong."""


class Readable(Protocol):
    """What hands out connections to read from."""

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that holds no transaction open."""


class Database:
    """Hands out connections: `write()` is one transaction, `read()` sees each statement committed by itself."""

    def __init__(
        self,
        engine: Engine,
        reading: Engine | None = None,
        *,
        syncs: bool = True,
        turn: AbstractContextManager[None] | None = None,
        at_once: sqlite.OneReader | None = None,
    ) -> None:
        """Take the engine, and how it is configured.

        reading: an engine that begins no transactions; made from `engine` where that can be switched. syncs: whether commits
        wait for the disk at all. turn: what whoever writes must have. at_once: the same database, for an event loop.
        """
        self.at_once = at_once
        self._syncs = syncs
        self._turn = turn or nullcontext()
        self.engine = engine
        self.reading = reading or engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def pools(self) -> Collection[QueuePool]:
        """Where the connections of writes and reads come from: one pool for both, or one each."""
        return cast("set[QueuePool]", {self.engine.pool, self.reading.pool})

    @contextmanager
    def write(self, *, durable: bool = True) -> Iterator[Connection]:
        """A connection in a transaction that is rolled back unless its holder commits.

        Its commit is safe from a power cut. With durable=False it is seen by everybody and safe from a crash of the program,
        but from a power cut only once a later, durable one has been made: it does not wait for the disk.

        With SQLite one write at a time: a thread that begins another before this one has ended waits for itself, and is refused.
        """
        with self._turn, self.engine.connect() as connection:
            if durable or not self._syncs:
                yield connection
            elif connection.dialect.name == "postgresql":
                connection.execute(_UNSYNCHRONISED)
                yield connection
            else:
                with sqlite.not_waiting_for_the_disk(connection):
                    yield connection

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that holds no transaction open."""
        return self.reading.connect()

    def dispose(self) -> None:
        """Close what is open and idle; whoever asks again gets new connections."""
        self.engine.dispose()
        self.reading.dispose()
        if self.at_once is not None:
            self.at_once.dispose()

    def ping(self) -> None:
        """Ask the database for a sign of life.

        Raises one of UNAVAILABLE.
        """
        with self.read() as connection:
            connection.execute(text("SELECT 1"))


def open_database(url: str, *, pool_size: int = 5, durable: bool = True, patient: bool = False) -> Database:
    """Open the database behind `url` without connecting yet.

    durable=False gives up the last commits at a power cut in exchange for speed; only tests want that.
    patient=True lets a server take as long as it takes for a statement, as commands need it for whole tables. Otherwise
    people wait, and a server that is silent counts as gone.
    """
    parsed = make_url(url)
    pool = {"pool_size": pool_size, "max_overflow": 0, "pool_timeout": POOL_TIMEOUT_SECONDS}
    if parsed.get_backend_name() != "sqlite":
        from xpressbot.foundation.database import postgres  # noqa: PLC0415  # its driver takes 9 MB that SQLite need not hold

        return Database(postgres.engine(parsed, patient=patient, **pool))
    writing, reading = sqlite.engines(parsed, durable=durable, **pool)
    return Database(writing, reading, syncs=durable, turn=sqlite.Turn(), at_once=sqlite.OneReader(parsed))


def insert_for(connection: Connection) -> Callable[[Table], sqlite_dialect.Insert | postgresql_dialect.Insert]:
    """The INSERT of this connection's engine, which knows ON CONFLICT."""
    return postgresql_dialect.insert if connection.dialect.name == "postgresql" else sqlite_dialect.insert
