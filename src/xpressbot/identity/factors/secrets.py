"""How secrets lie in the database: what each is sealed for and bound to."""

from typing import Final

from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.system import System
from xpressbot.identity.factors.recovery_codes.rules import CODES_IN_A_SET, ENTROPY_BYTES, RecoveryCode, RecoveryCodeSet, code_from
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.ports import UnitOfWork
from xpressbot.identity.re_encryption.rules import BoxTable, StoredBox

_TOTP_SECRET: Final = "totp secret"  # a purpose, not a secret
_RECOVERY_CODE: Final = "recovery code"
_PURPOSES: Final = {BoxTable.AUTHENTICATOR: _TOTP_SECRET, BoxTable.RECOVERY_CODE: _RECOVERY_CODE}


def seal_totp_secret(uow: UnitOfWork, authenticator_id: str, account_id: str, secret: bytes) -> bytes:
    """Seal a seed into its row (NIST SP 800-63B-4 section 3.1.4.2)."""
    return uow.secrets.seal(_TOTP_SECRET, _row(BoxTable.AUTHENTICATOR, account_id, authenticator_id), secret)


def totp_secret(uow: UnitOfWork, authenticator: Authenticator) -> bytes:
    """Open an authenticator's seed."""
    return uow.secrets.open(
        _TOTP_SECRET, _row(BoxTable.AUTHENTICATOR, authenticator.account_id, authenticator.id), authenticator.secret_box
    )


def recovery_code_digest(digest: KeyedDigests, account_id: str, code: str) -> bytes:
    """What verifies a code: the same code of two accounts has two digests."""
    return digest.digest(_RECOVERY_CODE, f"{account_id}:{code}".encode())


def new_recovery_codes(uow: UnitOfWork, system: System, digest: KeyedDigests, account_id: str, session_id: str) -> RecoveryCodeSet:
    """Draw a set: digests to verify, sealed copies to show."""
    codes = []
    for position in range(1, CODES_IN_A_SET + 1):
        code, code_id = code_from(system.entropy.token_bytes(ENTROPY_BYTES)), system.new_id()
        box = uow.secrets.seal(_RECOVERY_CODE, _row(BoxTable.RECOVERY_CODE, account_id, code_id), code.encode())
        codes.append(RecoveryCode(code_id, position, recovery_code_digest(digest, account_id, code), box, None, None))
    return RecoveryCodeSet(system.new_id(), session_id, None, tuple(codes))


def opened_recovery_codes(uow: UnitOfWork, account_id: str, code_set: RecoveryCodeSet) -> tuple[str, ...]:
    """Open the copies of a set; empty when the installation has dropped them."""
    return tuple(
        uow.secrets.open(_RECOVERY_CODE, _row(BoxTable.RECOVERY_CODE, account_id, code.id), code.box).decode()
        for code in code_set.codes
        if code.box is not None
    )


def reseal(uow: UnitOfWork, box: StoredBox) -> bool:
    """Seal a stored secret anew, with the key that is active now; False when somebody else has just changed it."""
    purpose = _PURPOSES[box.table]
    row = _row(box.table, box.account_id, box.row_id)
    plaintext = uow.secrets.open(purpose, row, box.box)
    return uow.stored_boxes.replace(box, uow.secrets.seal(purpose, row, plaintext))


def opens(uow: UnitOfWork, box: StoredBox) -> bool:
    """Whether a stored secret can be opened with the keys at hand."""
    return uow.secrets.opens(_PURPOSES[box.table], _row(box.table, box.account_id, box.row_id), box.box)


def _row(table: BoxTable, account_id: str, row_id: str) -> str:
    return f"{table}:{account_id}:{row_id}"
