"""What a use case answers. An expected refusal is one of these values; an exception means a bug or a dead dependency."""

from dataclasses import dataclass, field
from enum import StrEnum

from xpressbot.foundation.tokens import Token


class Reason(StrEnum):
    """Why something was refused. The words for a person are the entrypoint's."""

    WRONG_CREDENTIALS = "wrong_credentials"
    THROTTLED = "throttled"
    ADDRESS_THROTTLED = "address_throttled"
    LINK_THROTTLED = "link_throttled"
    SUSPENDED = "suspended"
    WRONG_CODE = "wrong_code"
    CODE_ALREADY_USED = "code_already_used"
    CLOCK_IS_OFF = "clock_is_off"
    CLOCK_WAS_AHEAD = "clock_was_ahead"
    CLOCK_WAS_CHANGED = "clock_was_changed"
    NOTHING_IN_THE_FUTURE = "nothing_in_the_future"
    START_AGAIN = "start_again"
    JUST_SIGNED_IN = "just_signed_in"
    NOT_SIGNED_IN = "not_signed_in"
    SESSION_ENDED = "session_ended"
    TOKEN_SUPERSEDED = "token_superseded"
    NO_ENROLMENT = "no_enrolment"
    ENROLMENT_DISCARDED = "enrolment_discarded"
    NOT_PROTECTED = "not_protected"
    TOO_MANY_AUTHENTICATORS = "too_many_authenticators"
    NAME_TAKEN = "name_taken"
    NO_SUCH_AUTHENTICATOR = "no_such_authenticator"
    LAST_AUTHENTICATOR = "last_authenticator"
    NOT_VIEWABLE = "not_viewable"
    CODES_NOT_KEPT = "codes_not_kept"
    EMAIL_TAKEN = "email_taken"
    LINK_GONE = "link_gone"
    MUST_ENROL = "must_enrol"
    LINK_OF_ANOTHER = "link_of_another"
    STATUS_UNKNOWN = "status_unknown"


@dataclass(frozen=True, slots=True)
class Denied:
    """A refusal.

    retry_at: from when on a new try may succeed. clock_offset_seconds: positive when the device's clock is
    ahead. tries_left: how many more before this way is closed. bucket: which count had no room for the try; it is for the
    operator's figures, no part of what is told, and does not make two refusals differ.
    """

    reason: Reason
    retry_at: int | None = None
    clock_offset_seconds: int | None = None
    tries_left: int | None = None
    bucket: str | None = field(default=None, compare=False)


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
    """The password was right, and 2FA was reset; this token is the pending sign-in, good for setting it up and nothing else."""

    pending: Token


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
