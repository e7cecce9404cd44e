"""What a kind of factor has to state. Kinds are values that bootstrap hands over: nothing else of identity knows one by its name.

The caller charges the try, locks the account and reads the session or sign-in by its token, before it calls a kind; it records the event
and commits afterwards. A kind begins no transaction, never hashes slowly, and consumes a proof by a conditional write.
"""

from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol

from xpressbot.diagnostics.check import Check
from xpressbot.foundation.crypto.encrypted_columns import EncryptedColumn
from xpressbot.foundation.database.expiry import ExpiringRows
from xpressbot.foundation.database.rows_at_restore import AtRestore
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.assurance import PASSWORD
from xpressbot.identity.throttling.rules import Bucket, second_factor


class Proof(Protocol):
    """What a person has given to prove a factor, parsed to the shape that its kind takes."""

    kind: ClassVar[str]


class ProofRefusal(Reason):
    """Why a proof is refused, of whichever kind."""

    WRONG_CODE = "wrong_code"
    CODE_ALREADY_USED = "code_already_used"
    CLOCK_IS_OFF = "clock_is_off"
    """The person's."""
    CLOCK_WAS_AHEAD = "clock_was_ahead"
    """The server's, when an earlier proof was used."""


@dataclass(frozen=True, slots=True)
class Proven:
    """The proof was right, and is used up."""

    method: str


@dataclass(frozen=True, slots=True)
class Challenge:
    """What a person must be shown before they can prove a factor; shown is None where nothing is needed."""

    shown: object


class FactorKind(ABC):
    """A kind of factor.

    name: what rows, events, counts and forms call it. method: its authentication method reference (RFC 8176, or a word of our own).
    encrypted_columns: those that hold its secrets.
    expiring_rows: which rows of its tables are removed some time after they have ended. at_restore: what becomes of its tables when an
    older copy of the database is put in place. doctor_checks: what the doctor looks at besides what is common to all kinds.
    """

    name: ClassVar[str]
    method: ClassVar[str]
    encrypted_columns: ClassVar[Sequence[EncryptedColumn]] = ()
    expiring_rows: ClassVar[Sequence[ExpiringRows]] = ()
    at_restore: ClassVar[Sequence[AtRestore]] = ()
    doctor_checks: ClassVar[Sequence[Check]] = ()

    @property
    def bucket_names(self) -> Sequence[str]:
        """The counts that the kind keeps; the first is that of its proofs at sign-in."""
        return (self.name,)

    def bucket(self, account_id: str) -> Bucket:
        """The count that a proof at sign-in is charged to."""
        return second_factor(self.name, account_id)

    def buckets(self, account_id: str) -> Sequence[str]:
        """The keys of all counts of an account."""
        return [second_factor(name, account_id).key for name in self.bucket_names]

    def after_restore(self, tx: Writing, now: int) -> None:
        """Of what stays when an older copy of the database is put in place: refuse proofs that may have been used since."""
        del tx, now

    def reset_clock(self, tx: Writing, account_id: str, now: int) -> int:
        """Take the present clock for right: end what proofs of this account are dated in the future, and say how many there were."""
        del tx, account_id, now
        return 0

    @abstractmethod
    def check(self, tx: Writing, account_id: str, proof: Proof, client: Client, now: int) -> Proven | Denied[ProofRefusal]:
        """Verify a proof and consume it. A refusal says why, as far as that helps no guesser."""


class ChallengingKind(FactorKind):
    """A kind that a person can prove only once they were shown something."""

    @abstractmethod
    def challenge(self, tx: Writing, account_id: str, now: int) -> object:
        """What the person must be shown. It may be stored; how many are open at a time, the kind limits."""


class PrimaryKind(FactorKind):
    """A kind that turns 2FA on. An account may have several authenticators of it."""

    @abstractmethod
    def prepare(self, tx: Writing, authenticator: Authenticator) -> None:
        """Store what the kind has of its own for a pending authenticator."""

    @abstractmethod
    def set_up_view(self, tx: Reading, authenticator: Authenticator) -> object:
        """What its set-up page shows of a pending authenticator."""

    @abstractmethod
    def confirm(self, tx: Writing, authenticator: Authenticator, proof: Proof, now: int) -> Proven | Denied[ProofRefusal]:
        """Check the first proof of a pending authenticator, and consume it."""

    @abstractmethod
    def revoke(self, tx: Writing, authenticator_id: str) -> None:
        """Forget what the kind has of its own."""


class BackupKind(FactorKind):
    """A kind for the day on which no authenticator is at hand. It never protects an account alone.

    set_size: how many proofs a new set has. few: from this many left on, people are warned.
    """

    set_size: ClassVar[int]
    few: ClassVar[int]

    @abstractmethod
    def issue(self, tx: Writing, account_id: str, session_id: str, now: int) -> None:
        """Put a new set in force, and show it in this session."""

    @abstractmethod
    def remove(self, tx: Writing, account_id: str) -> None:
        """Remove what the account has of it."""

    @abstractmethod
    def show_unsaved(self, tx: Writing, account_id: str, session_id: str, now: int) -> bool:
        """Show, in a session that has just begun, what was issued lately and not saved; whether there was something."""

    @abstractmethod
    def count_left(self, tx: Reading, account_id: str) -> int:
        """How many proofs are left."""

    @abstractmethod
    def is_saved(self, tx: Reading, account_id: str) -> bool:
        """Whether the person has said to have saved what is in force."""

    @abstractmethod
    def count_left_of(self, tx: Reading, account_ids: Sequence[str]) -> Mapping[str, int]:
        """How many proofs several accounts have left, by their ids, in one statement. An account that has none may be missing."""


@dataclass(frozen=True, slots=True)
class Kinds:
    """All kinds of factors, primary ones in the order of preference."""

    primary: Sequence[PrimaryKind]
    backup: Sequence[BackupKind]

    def __iter__(self) -> Iterator[FactorKind]:
        yield from self.primary
        yield from self.backup

    @property
    def encrypted_columns(self) -> Sequence[EncryptedColumn]:
        """The columns that hold secrets of all kinds."""
        return [column for kind in self for column in kind.encrypted_columns]

    @property
    def expiring_rows(self) -> Sequence[ExpiringRows]:
        """The rows of all kinds that are removed some time after they have ended."""
        return [rows for kind in self for rows in kind.expiring_rows]

    @property
    def at_restore(self) -> Sequence[AtRestore]:
        """What a restore does to the tables of all kinds."""
        return [table for kind in self for table in kind.at_restore]

    @property
    def doctor_checks(self) -> Sequence[Check]:
        """The checks of all kinds."""
        return [check for kind in self for check in kind.doctor_checks]

    @property
    def backup_set_size(self) -> int:
        """How many backup proofs of all kinds an account has at first."""
        return sum(kind.set_size for kind in self.backup)

    @property
    def methods(self) -> frozenset[str]:
        """All authentication methods that a session can rest on."""
        return frozenset({PASSWORD, *(kind.method for kind in self)})

    def find(self, name: str) -> FactorKind | None:
        """The kind of this name; None for one that only a newer version of this program knows."""
        return next((kind for kind in self if kind.name == name), None)

    def find_primary(self, name: str) -> PrimaryKind | None:
        """The primary kind of this name."""
        return next((kind for kind in self.primary if kind.name == name), None)

    def is_backup_method(self, method: str) -> bool:
        """Whether a proof by this method is a backup's."""
        return any(kind.method == method for kind in self.backup)

    def count_backups_left(self, tx: Reading, account_id: str) -> int:
        """How many backup proofs of all kinds are left."""
        return sum(kind.count_left(tx, account_id) for kind in self.backup)

    def are_backups_saved(self, tx: Reading, account_id: str) -> bool:
        """Whether the person has said to have saved the backup proofs of all kinds."""
        return all(kind.is_saved(tx, account_id) for kind in self.backup)

    def count_backups_left_of(self, tx: Reading, account_ids: Sequence[str]) -> Mapping[str, int]:
        """How many backup proofs of all kinds several accounts have left, by their ids, in a statement for each kind."""
        left: Counter[str] = Counter()
        for kind in self.backup:
            left.update(kind.count_left_of(tx, account_ids))
        return left

    def are_few_backups(self, left: int) -> bool:
        """Whether so many backup proofs of all kinds are few enough to warn of."""
        return left <= sum(kind.few for kind in self.backup)
