"""What a use case answers. An expected refusal is one of these values; an exception means a bug or a dead dependency."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Generic, TypeVar

from xpressbot.foundation.tokens import Token


class Reason(StrEnum):
    """Why something was refused. Each use case has an enum of what it refuses; the words for a person are the entrypoint's.

    A value stands for one reason over all enums: logs, events, metrics and addresses of pages have it without its enum.
    """


R_co = TypeVar("R_co", bound=Reason, covariant=True)
R = TypeVar("R", bound=Reason)


@dataclass(frozen=True, slots=True)
class Denied(Generic[R_co]):
    """A refusal.

    retry_at: from when on a new try may succeed. clock_offset_seconds: positive when the device's clock is
    ahead. tries_left: how many more before this way is closed. bucket: which count had no room for the try; it is for the
    operator's figures, no part of what is told, and does not make two refusals differ.
    """

    reason: R_co
    retry_at: int | None = None
    clock_offset_seconds: int | None = None
    tries_left: int | None = None
    bucket: str | None = field(default=None, compare=False)

    def narrowed(self, reason: R) -> "Denied[R]":
        """The same refusal, for a reason whose type a match has narrowed."""
        return Denied(reason, self.retry_at, self.clock_offset_seconds, self.tries_left, self.bucket)


@dataclass(frozen=True, slots=True)
class StepUpRequired:
    """The person must confirm who they are first."""


@dataclass(frozen=True, slots=True)
class SecondFactorRequired:
    """The password was right; this token is the pending sign-in, good for the second factor and nothing else.

    kinds: the primary kinds of factors that the account has.
    """

    pending: Token
    kinds: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class EnrolmentRequired:
    """The password was right, and 2FA is to be set up first; this token is the pending sign-in, good for that and nothing else.

    by_policy: whether because the team requires it; else 2FA was reset.
    """

    pending: Token
    by_policy: bool = False


@dataclass(frozen=True, slots=True)
class NewPasswordRequired:
    """Everything was proven, and the password is to be replaced first; this token is the pending sign-in, good for that alone.

    pending_id names its row.
    """

    pending: Token
    pending_id: str


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session has begun. device is the browser's new device token; session_id names the session's row.

    shows_codes: whether a set of recovery codes that is not saved yet is to be seen first.
    """

    session: Token
    device: Token
    next_path: str
    session_id: str
    shows_codes: bool = False


@dataclass(frozen=True, slots=True)
class SessionRenewed:
    """The session goes on under a new token; the old one opens nothing."""

    session: Token


@dataclass(frozen=True, slots=True)
class Done:
    """It is done, and there is nothing more to say."""
