"""TOTP secrets as they are stored: encrypted, each for its authenticator (NIST SP 800-63B-4 section 3.1.4.2)."""

from typing import Final

from xpressbot.foundation.crypto.encrypted_columns import EncryptedColumn
from xpressbot.foundation.crypto.encryption import Encryption
from xpressbot.foundation.crypto.key_state import active_key_id
from xpressbot.foundation.database.transaction import Writing
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.tables import AUTHENTICATOR

TOTP_SECRET: Final = EncryptedColumn("totp secret", AUTHENTICATOR.c.secret_box, AUTHENTICATOR.c.account_id)


def encrypt_totp_secret(tx: Writing, encryption: Encryption, authenticator_id: str, account_id: str, secret: bytes) -> bytes:
    """Encrypt a new secret with the key that is active in this transaction."""
    return TOTP_SECRET.encrypt(encryption, active_key_id(tx), account_id, authenticator_id, secret)


def totp_secret(encryption: Encryption, authenticator: Authenticator) -> bytes:
    """The secret of an authenticator.

    Raises DecryptionError.
    """
    return TOTP_SECRET.decrypt(encryption, authenticator.account_id, authenticator.id, authenticator.secret_box)
