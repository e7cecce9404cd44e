"""Recovery codes as they are stored: a keyed digest that verifies, and an encrypted copy that can be shown."""

from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encrypted_columns import EncryptedColumn
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.crypto.key_state import active_key_id
from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.factors.recovery_codes.rules import CODES_IN_A_SET, ENTROPY_BYTES, RecoveryCode, RecoveryCodeSet, code_from
from xpressbot.identity.tables import RECOVERY_CODE, RECOVERY_CODE_SET

_DIGEST_PURPOSE: Final = "recovery code"
COPY_TO_SHOW: Final = EncryptedColumn(
    "recovery code", RECOVERY_CODE.c.shown_copy, RECOVERY_CODE_SET.c.account_id, RECOVERY_CODE_SET.c.id == RECOVERY_CODE.c.set_id
)


def recovery_code_digest(digests: KeyedDigests, account_id: str, code: str) -> bytes:
    """What verifies a code: the same code of two accounts has two digests."""
    return digests.digest(_DIGEST_PURPOSE, f"{account_id}:{code}".encode())


def draw_codes(
    tx: Writing, system: System, encryption: Encryption, digests: KeyedDigests, account_id: str, session_id: str
) -> RecoveryCodeSet:
    """Draw a set for a session."""
    key_id, codes = active_key_id(tx), []
    for position in range(1, CODES_IN_A_SET + 1):
        code, code_id = code_from(system.entropy.token_bytes(ENTROPY_BYTES)), system.new_id()
        copy = COPY_TO_SHOW.encrypt(encryption, key_id, account_id, code_id, code.encode())
        codes.append(RecoveryCode(code_id, position, recovery_code_digest(digests, account_id, code), copy, None, None))
    return RecoveryCodeSet(system.new_id(), session_id, None, tuple(codes))


def decrypt_codes(encryption: Encryption, account_id: str, code_set: RecoveryCodeSet) -> tuple[str, ...]:
    """The codes of a set; empty when the installation has dropped the copies.

    Raises DecryptionError.
    """
    return tuple(
        COPY_TO_SHOW.decrypt(encryption, account_id, code.id, code.shown_copy).decode()
        for code in code_set.codes
        if code.shown_copy is not None
    )
