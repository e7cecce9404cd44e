"""One database, on SQLite or PostgreSQL: what each needs stands in a file of its own."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Final, NamedTuple, cast

from sqlalchemy import Connection, Engine, MetaData, make_url, text
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from xpressbot.foundation.database.single_writer import SingleWriter
from xpressbot.foundation.database.sqlite import reading_engine

if TYPE_CHECKING:
    from sqlalchemy.pool import QueuePool

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


class Connections(NamedTuple):
    """How many connections work, how many wait for work, and how many there may be."""

    in_use: int
    idle: int
    most: int


class Database:
    """Hands out connections: `write()` is one transaction, `read()` sees each statement committed by itself, and cannot write."""

    def __init__(self, engine: Engine, reading: Engine | None = None, *, single_writer: SingleWriter | None = None) -> None:
        """Take the engine, and how it is configured.

        reading: an engine that begins no transactions; made from `engine` where that can be switched. single_writer: what writes,
        where only one connection may.
        """
        self._single_writer = single_writer
        self.engine = engine
        self.reading = reading or engine.execution_options(isolation_level="AUTOCOMMIT")

    @property
    def connections(self) -> Connections:
        """How many are open, and how many may be, of those that threads ask for: the event loop has its own."""
        pool = cast("QueuePool", self.reading.pool)
        in_use, idle, most = pool.checkedout(), pool.checkedin(), pool.size()
        if self._single_writer is not None:
            writes = self._single_writer.lock.is_held
            in_use, idle, most = in_use + writes, idle + (self._single_writer.is_open and not writes), most + 1
        return Connections(in_use, idle, most)

    def write(self, *, durable: bool = True, optional: bool = False) -> AbstractContextManager[Connection]:
        """A connection in a transaction that is rolled back unless its holder commits.

        Its commit is safe from a power cut. With durable=False it is seen by all processes and safe from a crash of the program,
        but from a power cut only once a later, durable one has been made: it does not wait for the disk.

        With SQLite one write at a time: a thread that begins another before this one has ended waits for itself, and is
        refused. One that is optional waits for those before it for a moment only (single_writer.py).
        """
        if self._single_writer is None:
            return self._write(durable=durable)
        return self._single_writer.write(durable=durable, optional=optional)

    @contextmanager
    def _write(self, *, durable: bool) -> Iterator[Connection]:
        with self.engine.connect() as connection:
            if not durable:
                connection.execute(_UNSYNCHRONISED)
            yield connection

    def read(self) -> AbstractContextManager[Connection]:
        """A connection that holds no transaction open. The database refuses writes on it."""
        return self.reading.connect()

    def dispose(self) -> None:
        """Close the connections that are at rest, and the single writer's once it has written. Later calls open new ones."""
        self.engine.dispose()
        self.reading.dispose()
        if self._single_writer is not None:
            self._single_writer.dispose()

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
    if not has_single_writer(url):
        from xpressbot.foundation.database import postgres  # noqa: PLC0415  # its driver takes 9 MB that SQLite need not hold

        return Database(postgres.engine(parsed, patient=patient, **pool))
    reading, writer = reading_engine(parsed, **pool), SingleWriter(parsed, durable=durable)
    return Database(writer.engine, reading, single_writer=writer)


def has_single_writer(url: str) -> bool:
    """Whether the database behind `url` lets one connection write at a time."""
    return make_url(url).get_backend_name() == "sqlite"
