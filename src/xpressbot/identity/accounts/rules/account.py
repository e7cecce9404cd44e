"""An account: who a person is, apart from how they prove it."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from xpressbot.foundation.text import normalise_line

MAX_NAME_LENGTH: Final = 100


class AccountStatus(StrEnum):
    """Whether an account may be used."""

    ACTIVE = "active"
    DISABLED = "disabled"
    CLOSED = "closed"
    """By its person, for good. The row stays, so that the record can be read; the address is free for another account."""


@dataclass(frozen=True, slots=True)
class Account:
    """security_version rises with every change of password, factor or status; what was decided on an older one is void."""

    id: str
    email: str
    name: str
    status: AccountStatus | None
    """None for one that a newer version of this program gave it: whatever it means, the account is not active."""
    security_version: int
    password_hash: str = field(repr=False)
    must_enrol: bool = False
    """2FA was reset: the password alone opens nothing but the way to set it up again, by a link from the operator."""
    language: str | None = None
    """The tag of the language that the person has chosen (BCP 47). None: the browser's. A newer version may know more languages."""


def normalise_name(text: str) -> str | None:
    """Return the name as it is kept, or None if it is empty, longer than MAX_NAME_LENGTH or not printable."""
    return normalise_line(text, max_length=MAX_NAME_LENGTH)
