"""The unit of work: one connection, and the records that speak through it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from functools import cached_property, partial
from types import TracebackType

from sqlalchemy import Connection

from xpressbot.foundation.crypto.encryption import DecryptionError, Encryption
from xpressbot.foundation.crypto.key_state import active_key_id, hold_active_key, keep_only_active, switch_key
from xpressbot.foundation.database.engine import UNAVAILABLE, Database, Readable
from xpressbot.foundation.database.leases import take_lease
from xpressbot.foundation.entropy import Entropy
from xpressbot.foundation.metrics import stopwatch
from xpressbot.identity.accounts.installation import Installation, Links
from xpressbot.identity.accounts.store import Accounts
from xpressbot.identity.administration.store import InstallationQueries
from xpressbot.identity.audit.notices import Notices
from xpressbot.identity.audit.store import SecurityEvents
from xpressbot.identity.expiry.store import OutdatedRows
from xpressbot.identity.factors.recovery_codes.store import RecoveryCodes
from xpressbot.identity.factors.store import Authenticators
from xpressbot.identity.re_encryption.store import StoredBoxes
from xpressbot.identity.restore.store import RestoredRows
from xpressbot.identity.sessions.known_browsers import Devices
from xpressbot.identity.sessions.store import Sessions
from xpressbot.identity.sign_in.store import PendingSignIns
from xpressbot.identity.throttling.store import ThrottleBuckets


class Secrets:
    """Fulfils SecretBox: seals with the key that the database names active, read in the same transaction."""

    def __init__(self, connection: Connection, boxes: Encryption) -> None:
        self._connection = connection
        self._boxes = boxes

    def seal(self, purpose: str, row: str, plaintext: bytes) -> bytes:
        return self._boxes.seal(self._active_key_id, purpose, row, plaintext)

    def open(self, purpose: str, row: str, box: bytes) -> bytes:
        return self._boxes.open(purpose, row, box)

    def opens(self, purpose: str, row: str, box: bytes) -> bool:
        try:
            self._boxes.open(purpose, row, box)
        except DecryptionError:
            return False
        return True

    @cached_property
    def _active_key_id(self) -> str:
        return active_key_id(self._connection)


class Keys:
    """Fulfils KeyRecord."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def switch_to(self, key_id: str) -> bool:
        return switch_key(self._connection, key_id)

    def hold_active(self) -> str:
        return hold_active_key(self._connection)

    def keep_only_active(self) -> None:
        keep_only_active(self._connection)


class Leases:
    """Fulfils LeaseRecords."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def take(self, name: str, holder: str, now: int, term: int) -> bool:
        return take_lease(self._connection, name, holder, now, term)


def _ignore(*_what: object) -> None:
    """Nobody asks for it."""


class UnitOfWork:
    """Fulfils the port of that name."""

    # Records are made at each use. To keep one (functools.cached_property) takes a lock, which costs more than the record; only
    # secrets have something to remember, the active key.

    def __init__(self, connection: Connection, boxes: Encryption, entropy: Entropy, before_commit: Callable[[], None] = _ignore) -> None:
        self._connection = connection
        self._boxes = boxes
        self._entropy = entropy
        self._before_commit = before_commit

    def commit(self) -> None:
        self._before_commit()
        self._connection.commit()

    @property
    def accounts(self) -> Accounts:
        return Accounts(self._connection)

    @property
    def installation(self) -> Installation:
        return Installation(self._connection)

    @property
    def links(self) -> Links:
        return Links(self._connection)

    @property
    def sessions(self) -> Sessions:
        return Sessions(self._connection)

    @property
    def pending_sign_ins(self) -> PendingSignIns:
        return PendingSignIns(self._connection)

    @property
    def devices(self) -> Devices:
        return Devices(self._connection)

    @property
    def authenticators(self) -> Authenticators:
        return Authenticators(self._connection)

    @property
    def recovery_codes(self) -> RecoveryCodes:
        return RecoveryCodes(self._connection)

    @property
    def throttle(self) -> ThrottleBuckets:
        return ThrottleBuckets(self._connection)

    @property
    def events(self) -> SecurityEvents:
        return SecurityEvents(self._connection, self._entropy)

    @property
    def notices(self) -> Notices:
        return Notices(self._connection)

    @property
    def keys(self) -> Keys:
        return Keys(self._connection)

    @property
    def stored_boxes(self) -> StoredBoxes:
        return StoredBoxes(self._connection)

    @cached_property
    def secrets(self) -> Secrets:
        return Secrets(self._connection, self._boxes)

    @property
    def queries(self) -> InstallationQueries:
        return InstallationQueries(self._connection)

    @property
    def outdated(self) -> OutdatedRows:
        return OutdatedRows(self._connection)

    @property
    def leases(self) -> Leases:
        return Leases(self._connection)

    @property
    def restored(self) -> RestoredRows:
        return RestoredRows(self._connection)


_Connect = Callable[[], AbstractContextManager[Connection]]


@dataclass(frozen=True, slots=True)
class UnitTimes:
    """Takes the seconds of each unit of work: the wait for a connection and for locks, the statements, and the commit."""

    reading: Callable[[float], object] = _ignore
    writing: Callable[[float], object] = _ignore


class ReadingUnits:
    """Fulfils the port of that name."""

    def __init__(self, database: Readable, boxes: Encryption, entropy: Entropy, note: Callable[[float], object] = _ignore) -> None:
        """Take the database, and what takes the seconds of each unit."""
        self._reads_from = database
        self._boxes = boxes
        self._entropy = entropy
        self._note = note

    def read(self) -> AbstractContextManager[UnitOfWork]:
        return _Unit(self._reads_from.read, self._boxes, self._entropy, self._note)


class UnitsOfWork(ReadingUnits):
    """Fulfils the port of that name."""

    def __init__(
        self,
        database: Database,
        boxes: Encryption,
        entropy: Entropy,
        times: UnitTimes | None = None,
        before_disk: Callable[[], None] = _ignore,
    ) -> None:
        """before_disk: called before a commit that waits for the disk, during which others may run Python (docs/adr/0021).

        It is called within the transaction, and must not raise.
        """
        self._times = times or UnitTimes()
        super().__init__(database, boxes, entropy, self._times.reading)
        self._database = database
        self._before_disk = before_disk

    def write(self, *, durable: bool = True, optional: bool = False) -> AbstractContextManager[UnitOfWork]:
        connect = partial(self._database.write, durable=durable, optional=optional)
        return _Unit(connect, self._boxes, self._entropy, self._times.writing, self._before_disk if durable else _ignore)

    def write_if_possible(self, operation: Callable[[UnitOfWork], None]) -> None:
        with suppress(*UNAVAILABLE), self.write(durable=False, optional=True) as uow:
            operation(uow)
            uow.commit()


class _Unit:
    """What `read` and `write` give. Every request begins one: a generator would take three times as long."""

    __slots__ = ("_before_commit", "_began", "_boxes", "_connect", "_connecting", "_entropy", "_note")

    def __init__(
        self,
        connect: _Connect,
        boxes: Encryption,
        entropy: Entropy,
        note: Callable[[float], object],
        before_commit: Callable[[], None] = _ignore,
    ) -> None:
        self._connect = connect
        self._boxes = boxes
        self._entropy = entropy
        self._note = note
        self._before_commit = before_commit

    def __enter__(self) -> UnitOfWork:
        self._began = stopwatch()
        try:
            self._connecting = self._connect()
            return UnitOfWork(self._connecting.__enter__(), self._boxes, self._entropy, self._before_commit)
        except BaseException:
            self._note(stopwatch() - self._began)
            raise

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        try:
            self._connecting.__exit__(kind, error, trace)
        finally:
            self._note(stopwatch() - self._began)
