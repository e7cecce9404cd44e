"""The provisioning URI that a QR code carries (Key Uri Format)."""

import base64
from urllib.parse import quote

from xpressbot.identity.factors.totp.rules.hotp import DIGITS
from xpressbot.identity.factors.totp.rules.totp import PERIOD_SECONDS


def base32_key(secret: bytes) -> str:
    """The key for typing: base32, upper case, without padding."""
    return base64.b32encode(secret).decode("ascii").rstrip("=")


def groups_of_four(key: str) -> list[str]:
    """The key as a person reads it out."""
    return [key[start : start + 4] for start in range(0, len(key), 4)]


def provisioning_uri(secret: bytes, *, issuer: str, account: str) -> str:
    """Return the otpauth URI of a TOTP secret.

    Colons are dropped from both parts of the label, which they separate. Everything else is percent-encoded, a space as
    %20: some apps show a "+" as it stands or refuse the code.
    """
    issuer_part, account_part = (quote(part.replace(":", ""), safe="") for part in (issuer, account))
    return (
        f"otpauth://totp/{issuer_part}:{account_part}?secret={base32_key(secret)}"
        f"&issuer={issuer_part}&algorithm=SHA1&digits={DIGITS}&period={PERIOD_SECONDS}"
    )
