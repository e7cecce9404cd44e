"""What the use cases need from outside. Adapters fulfil these; nothing here knows how.

The records stand in records.py and upkeep_records.py.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol

from xpressbot.identity.background_records import LeaseRecords, OutdatedRecords, RestoredRecords
from xpressbot.identity.records import (
    AccountRecords,
    AuthenticatorRecords,
    DeviceRecords,
    InstallationQueryRecords,
    InstallationRecord,
    KeyRecord,
    LinkRecords,
    NoticeRecords,
    PendingSignInRecords,
    RecoveryCodeRecords,
    SecurityEventRecords,
    SessionRecords,
    StoredBoxRecords,
    ThrottleRecords,
)


class PasswordHasher(Protocol):
    """Slow, salted hashing of normalised passwords. Never called while a transaction is open."""

    def hash(self, password: str) -> str: ...

    def verify(self, password_hash: str, password: str) -> bool: ...

    def verify_nobody(self, password: str) -> None:
        """Take as long as `verify` does, for an address that has no account."""

    def needs_renewal(self, password_hash: str) -> bool:
        """Whether the hash was made with other parameters than those in force."""


class SecretBox(Protocol):
    """Seals secrets into the row they belong to, with the key that is active in this transaction."""

    def seal(self, purpose: str, row: str, plaintext: bytes) -> bytes: ...

    def open(self, purpose: str, row: str, box: bytes) -> bytes: ...

    def opens(self, purpose: str, row: str, box: bytes) -> bool:
        """Whether `open` would return something; what it is stays closed to the caller."""


class UnitOfWork(Protocol):
    """One transaction: nothing of it stays unless its use case commits."""

    @property
    def accounts(self) -> AccountRecords: ...
    @property
    def installation(self) -> InstallationRecord: ...
    @property
    def links(self) -> LinkRecords: ...
    @property
    def sessions(self) -> SessionRecords: ...
    @property
    def pending_sign_ins(self) -> PendingSignInRecords: ...
    @property
    def devices(self) -> DeviceRecords: ...
    @property
    def authenticators(self) -> AuthenticatorRecords: ...
    @property
    def recovery_codes(self) -> RecoveryCodeRecords: ...
    @property
    def throttle(self) -> ThrottleRecords: ...
    @property
    def events(self) -> SecurityEventRecords: ...
    @property
    def notices(self) -> NoticeRecords: ...
    @property
    def keys(self) -> KeyRecord: ...
    @property
    def stored_boxes(self) -> StoredBoxRecords: ...
    @property
    def secrets(self) -> SecretBox: ...
    @property
    def queries(self) -> InstallationQueryRecords: ...
    @property
    def outdated(self) -> OutdatedRecords: ...
    @property
    def leases(self) -> LeaseRecords: ...
    @property
    def restored(self) -> RestoredRecords: ...

    def commit(self) -> None: ...


class ReadingUnits(Protocol):
    """Begins units of work that only read."""

    def read(self) -> AbstractContextManager[UnitOfWork]:
        """No transaction: each statement sees what is committed."""


class UnitsOfWork(ReadingUnits, Protocol):
    """Begins units of work."""

    def write(self, *, durable: bool = True) -> AbstractContextManager[UnitOfWork]:
        """One transaction.

        With durable=False its commit does not wait for the disk: everybody sees it, and a power cut may take it back as long
        as no durable one has followed.
        """

    def write_if_possible(self, operation: Callable[[UnitOfWork], None]) -> None:
        """Do `operation` in one transaction and commit it. Where storage takes no writes, or is busy for long, it is left out.

        For what is safe to be missing, after a power cut as well.
        """
