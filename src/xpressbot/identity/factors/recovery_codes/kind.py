"""Recovery codes as a kind of factor: look-up secrets (ASVS 6.5), a backup that never protects an account alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.foundation.times import latest_credible
from xpressbot.identity.factors.kind import BackupKind, Proof, ProofRefusal, Proven
from xpressbot.identity.factors.recovery_codes import store
from xpressbot.identity.factors.recovery_codes.codes import COPY_TO_SHOW, draw_codes, recovery_code_digest
from xpressbot.identity.factors.recovery_codes.doctor_checks import CODES_LEFT
from xpressbot.identity.factors.recovery_codes.rules import CODES_IN_A_SET, FEW_CODES, SavedCode
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.rules.session import CODES_SHOWN_FOR
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import CODE_CHECK, Bucket

CHECK_COUNT: Final = "recovery_code_check"


@dataclass(frozen=True, slots=True)
class RecoveryCodeText:
    """A canonical recovery code."""

    kind: ClassVar[str] = "recovery_code"

    characters: str


def check_bucket(account_id: str) -> Bucket:
    """The count for checking saved codes in a session. It is apart from sign-in: a slip here holds up nothing there."""
    return Bucket(CHECK_COUNT, account_id, CODE_CHECK)


class RecoveryCodeKind(BackupKind):
    """Ten codes, each good for one proof."""

    name = RecoveryCodeText.kind
    method = "recovery_code"
    set_size = CODES_IN_A_SET
    few = FEW_CODES
    encrypted_columns = (COPY_TO_SHOW,)
    at_restore = store.AT_RESTORE
    doctor_checks = (CODES_LEFT,)

    def __init__(self, encryption: Encryption, digests: KeyedDigests, system: System) -> None:
        self._encryption = encryption
        self._digests = digests
        self._system = system

    @property
    def bucket_names(self) -> Sequence[str]:
        return (self.name, CHECK_COUNT)

    def check(self, tx: Writing, account_id: str, proof: Proof, client: Client, now: int) -> Proven | Denied[ProofRefusal]:
        """Use up a code."""
        if not isinstance(proof, RecoveryCodeText):
            return Denied(ProofRefusal.WRONG_CODE)
        digest = recovery_code_digest(self._digests, account_id, proof.characters)
        if store.consume(tx, account_id, digest, client.user_agent, now):
            return Proven(self.method)
        was_used = store.look_up(tx, account_id, digest) is SavedCode.USED
        return Denied(ProofRefusal.CODE_ALREADY_USED if was_used else ProofRefusal.WRONG_CODE)

    def issue(self, tx: Writing, account_id: str, session_id: str, now: int) -> None:
        """Put a new set in force at once, and lift a suspension of the old one."""
        codes = draw_codes(tx, self._system, self._encryption, self._digests, account_id, session_id)
        store.remove_all(tx, account_id)
        store.add(tx, account_id, codes, now, in_force=True)
        throttle_store.clear(tx, [self.bucket(account_id).key])
        session_store.show_codes(tx, session_id, codes.id, now + CODES_SHOWN_FOR)

    def remove(self, tx: Writing, account_id: str) -> None:
        store.remove_all(tx, account_id)

    def show_unsaved(self, tx: Writing, account_id: str, session_id: str, now: int) -> bool:
        """Show a new set once more whose page may have been lost with its session's token, for the rest of its time."""
        unsaved = store.hand_over_unsaved(tx, account_id, session_id, now - CODES_SHOWN_FOR, latest_credible(now))
        if unsaved is None:
            return False
        set_id, made_at = unsaved
        session_store.show_codes(tx, session_id, set_id, made_at + CODES_SHOWN_FOR)
        return True

    def count_left(self, tx: Reading, account_id: str) -> int:
        return store.count_unused(tx, account_id)

    def is_saved(self, tx: Reading, account_id: str) -> bool:
        return store.is_saved(tx, account_id)

    def count_left_of(self, tx: Reading, account_ids: Sequence[str]) -> Mapping[str, int]:
        return store.count_unused_of(tx, account_ids)
