"""Records what use cases do, and runs code between two of their steps."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Connection, Select, make_url, select

from tests.support.engine_events import listening
from tests.support.installation import Installation
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_state import attach_key_ring
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.identity.audit.rules.chain import GENESIS, chained_hash, details_hash
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.registry import all_kinds
from xpressbot.identity.passwords.hasher import PasswordHasher
from xpressbot.identity.sign_in.session_start import SessionStart
from xpressbot.identity.tables import ACCOUNT, SECURITY_EVENT, THROTTLE_BUCKET

LOOKED_AND_CHARGED = 1
"""The transaction of a second step after which its code is looked at."""


@dataclass
class ObservedHasher(PasswordHasher):
    """A real hasher, and a note of each call. `meanwhile` runs once, while the next hash is being computed."""

    inner: PasswordHasher
    calls: list[str] = field(default_factory=list)
    meanwhile: Callable[[], object] | None = None

    def hash(self, password: str) -> str:
        self._note("hash")
        return self.inner.hash(password)

    def verify(self, password_hash: str, password: str) -> bool:
        self._note("verify")
        return self.inner.verify(password_hash, password)

    def verify_without_account(self, password: str) -> None:
        self._note("verify")
        self.inner.verify_without_account(password)

    def needs_renewal(self, password_hash: str) -> bool:
        return self.inner.needs_renewal(password_hash)

    def _note(self, call: str) -> None:
        self.calls.append(call)
        operation, self.meanwhile = self.meanwhile, None
        if operation is not None:
            operation()


@dataclass(frozen=True)
class Parts:
    """What the use cases of an installation are made of, to build another one."""

    transactions: Transactions
    system: System
    encryption: Encryption
    digest: KeyedDigests
    kinds: Kinds
    session_start: SessionStart


def parts_of(installation: Installation) -> Parts:
    services = installation.services
    ring = attach_key_ring(services.database, services.settings.key_file, installation.entropy)
    system, encryption, digest = (
        System(installation.clock, installation.entropy),
        Encryption(ring, installation.entropy, lambda: ring),
        KeyedDigests(ring),
    )
    return Parts(
        Transactions(services.database),
        system,
        encryption,
        digest,
        all_kinds(encryption, digest, system),
        SessionStart(system, digest, all_kinds(encryption, digest, system)),
    )


@contextmanager
def statements(installation: Installation) -> Iterator[list[str]]:
    """The statements that are sent to the database, but for the BEGIN that SQLite is sent as one: PostgreSQL's driver adds its own."""
    sent: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        if not statement.startswith("BEGIN"):
            sent.append(statement)

    with listening(installation.services.database, "before_cursor_execute", note):
        yield sent


@contextmanager
def after_transaction(installation: Installation, number: int, operation: Callable[[], object]) -> Iterator[None]:
    """Do something when the numbered transaction, counted from 1, has given back its connection and whatever it held."""
    database, ended = installation.services.database, 0

    def counted(begin: Callable[..., AbstractContextManager[Connection]]) -> Callable[..., AbstractContextManager[Connection]]:
        @contextmanager
        def transaction(**options: bool) -> Iterator[Connection]:
            nonlocal ended
            try:
                with begin(**options) as connection:
                    yield connection
            finally:
                ended += 1
                if ended == number:
                    operation()

        return transaction

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "read", counted(database.read))
        patch.setattr(database, "write", counted(database.write))
        yield
    assert ended >= number, f"there were {ended} transactions of work"


@contextmanager
def while_waiting_for_the_account(installation: Installation, operation: Callable[[], object]) -> Iterator[None]:
    """Do something once, after the lock of an account was asked for and before it is granted."""
    waited = False

    def wait(_connection: object, statement: object, *_rest: object) -> None:
        nonlocal waited
        if not waited and _locks_an_account(statement):
            waited = True
            operation()

    with listening(installation.services.database, "before_execute", wait):
        yield
    assert waited, "no account was locked"


def _locks_an_account(statement: object) -> bool:
    """As PostgreSQL would read it: SQLite has no locks of rows, and no words for them."""
    if not isinstance(statement, Select) or statement.get_final_froms() != [ACCOUNT]:
        return False
    return str(statement.compile(dialect=make_url("postgresql+psycopg://").get_dialect()())).endswith("FOR UPDATE")


@contextmanager
def before_statement(installation: Installation, beginning: str, operation: Callable[[], object]) -> Iterator[None]:
    """Do something once, just before the first statement that begins so."""
    seen = False

    def watch(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        nonlocal seen
        if statement.startswith(beginning) and not seen:
            seen = True
            operation()

    with listening(installation.services.database, "before_cursor_execute", watch):
        yield
    assert seen, f"nothing began with {beginning}"


@contextmanager
def activations_without_a_row(installation: Installation) -> Iterator[None]:
    """With SQLite: the conditional write that puts an authenticator in force meets no row, whatever was read before it."""
    database = installation.services.database
    with database.write() as connection:
        connection.exec_driver_sql("CREATE TRIGGER lost_race BEFORE UPDATE OF state ON authenticator BEGIN SELECT RAISE(IGNORE); END")
        connection.commit()
    yield
    with database.write() as connection:
        connection.exec_driver_sql("DROP TRIGGER lost_race")
        connection.commit()


def events(installation: Installation, account_id: str) -> list[NewEvent]:
    """The account's events in their order, after having verified their chain."""
    with installation.services.database.read() as connection:
        rows = connection.execute(select(SECURITY_EVENT).where(SECURITY_EVENT.c.subject == account_id).order_by(SECURITY_EVENT.c.seq)).all()
    previous, recorded = GENESIS, []
    for number, row in enumerate(rows, start=1):
        assert number == row.seq
        assert row.details_hash == details_hash(row.salt, row.details)
        event = NewEvent(EventKind(row.kind), json.loads(row.details), row.factor, row.actor, row.target)
        expected = chained_hash(previous, event, subject=account_id, seq=row.seq, at=row.at, details_digest=row.details_hash)
        assert expected == row.hash
        previous = row.hash
        recorded.append(event)
    return recorded


def kinds(installation: Installation, account_id: str) -> list[EventKind]:
    """The kinds of the account's events, in their order."""
    return [event.kind for event in events(installation, account_id)]


def tries(installation: Installation) -> Counter[str]:
    """The tries in all throttle buckets, by the kind of their keys."""
    counted: Counter[str] = Counter()
    with installation.services.database.read() as connection:
        for row in connection.execute(select(THROTTLE_BUCKET.c.key, THROTTLE_BUCKET.c.tries)):
            counted[row.key.partition(":")[0]] += row.tries
    return +counted
