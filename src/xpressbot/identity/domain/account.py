"""An account: who somebody is, apart from how they prove it."""

import re
import unicodedata
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

MAX_EMAIL_LENGTH: Final = 254
MAX_NAME_LENGTH: Final = 100
_MOST_TYPED: Final = 1024
"""Longer text is refused unread: composing it takes time that grows with the square of its length."""
_EMAIL: Final = re.compile(r"[^\s@\"(),:;<>\[\]\\]+@[^\s@\"(),:;<>\[\]\\]+\.[^\s@\"(),:;<>\[\]\\.]+")


class AccountStatus(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True)
class Account:
    """security_version rises with every change of password, factor or status; what was decided on an older one is void."""

    id: str
    email: str
    name: str
    status: AccountStatus
    security_version: int
    password_hash: str = field(repr=False)
    notices_seen: int
    """The sequence number of the last security event the person has acknowledged."""
    must_enrol: bool = False
    """2FA was reset: the password alone opens nothing but the way to set it up again, by a link from the operator."""


def normalise_email(text: str) -> str | None:
    """Return the address as it is shown and kept (NFC, trimmed), or None if no mail server could take it."""
    if len(text) > _MOST_TYPED:
        return None
    email = unicodedata.normalize("NFC", text.strip())
    return email if len(email) <= MAX_EMAIL_LENGTH and _is_printable(email) and _EMAIL.fullmatch(email) else None


def email_key(email: str) -> str:
    """The form in which two spellings of one address are the same account.

    Unicode's compatibility case folding, so that look-alike spellings cannot be registered beside each other.
    """
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", email.strip()).casefold())


def normalise_name(text: str, *, max_length: int = MAX_NAME_LENGTH) -> str | None:
    """Return the name as it is kept (NFC, white space collapsed), or None if it shows nothing, is too long or has control characters."""
    if len(text) > _MOST_TYPED:
        return None
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    return name if len(name) <= max_length and _is_printable(name) and _shows_something(name) else None


def _is_printable(text: str) -> bool:
    """No control, surrogate, unassigned or private-use character, and none that turns the reading direction about."""
    return not any(
        unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"} or unicodedata.bidirectional(character) in _TURNS for character in text
    )


def _shows_something(text: str) -> bool:
    """Whether there is more in it than spaces and characters that only join or mark others."""
    return any(unicodedata.category(character) not in {"Zs", "Cf", "Mn", "Me"} for character in text)


_TURNS: Final = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
