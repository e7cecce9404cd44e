"""What a restored database must not bring back: whatever was open when its backup was made, and may have been closed since."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Open(StrEnum):
    """A kind of rows that let a person in, or that wait for a person to go on."""

    SESSION = "session"
    PENDING_SIGN_IN = "pending_sign_in"
    LINK = "link"
    ENROLMENT = "enrolment"
    PREPARED_CODES = "prepared_codes"
    """A set of recovery codes that takes the place of the one in force once its owner says to have saved it."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored database holds: how many accounts, and when its newest record was made, 0 where none says so.

    ended: how many rows of each kind are gone. without_link: of how many accounts 2FA was reset and is not set up again,
    so that they need another link.
    """

    accounts: int
    newest_record: int
    without_link: int
    ended: Mapping[Open, int]
