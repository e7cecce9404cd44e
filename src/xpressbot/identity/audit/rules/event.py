"""Security events: the closed list of what is recorded, and the rule that chains them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

SALT_BYTES: Final = 16
GENESIS: Final = bytes(32)
"""What stands for the previous hash of an account's first event."""

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""Of whatever is hashed: one spelling for each value."""

DetailValue = str | int | bool | None


class EventKind(StrEnum):
    """Everything that can happen to an account's security."""

    ACCOUNT_CREATED = "account.created"
    ACCOUNT_DISABLED = "account.disabled"
    ACCOUNT_ENABLED = "account.enabled"
    ACCOUNT_CLOSED = "account.closed"
    NAME_CHANGED = "account.name_changed"
    CLOCK_RESET = "account.clock_reset"
    SIGNED_IN = "sign_in.completed"
    SIGNED_IN_WITH_BACKUP = "sign_in.completed_with_backup"
    SIGNED_IN_AFTER_WAITS = "sign_in.completed_after_waits"
    SIGNED_IN_IN_NEW_BROWSER = "sign_in.completed_in_new_browser"
    STOPPED_AT_SECOND_FACTOR = "sign_in.stopped_at_second_factor"
    SECOND_FACTOR_REFUSED = "sign_in.second_factor_refused"
    SECOND_FACTOR_SUSPENDED = "sign_in.second_factor_suspended"
    ENROLMENT_AWAITED = "sign_in.enrolment_awaited"
    PASSWORD_GUESSING = "sign_in.password_guessing"
    SIGNED_OUT = "session.signed_out"
    SESSION_ENDED_ELSEWHERE = "session.ended_elsewhere"
    OTHER_SESSIONS_ENDED = "session.others_ended"
    SESSIONS_ENDED_BY_OPERATOR = "session.ended_by_operator"
    SESSION_ENDED_BY_FAILURES = "session.ended_by_failed_step_up"
    IDENTITY_CONFIRMED = "step_up.completed"
    IDENTITY_CONFIRMED_WITH_BACKUP = "step_up.completed_with_backup"
    SESSION_UNLOCKED = "session.unlocked"
    IDENTITY_REFUSED = "step_up.refused"
    ENROLMENT_STARTED = "authenticator.enrolment_started"
    ENROLMENT_REFUSED = "authenticator.enrolment_refused"
    ENROLMENT_DISCARDED = "authenticator.enrolment_discarded"
    TWO_FACTOR_ENABLED = "two_factor.enabled"
    AUTHENTICATOR_MOVED = "authenticator.moved"
    AUTHENTICATOR_ADDED = "authenticator.added"
    AUTHENTICATOR_RENAMED = "authenticator.renamed"
    AUTHENTICATOR_REMOVED = "authenticator.removed"
    TWO_FACTOR_RESET = "two_factor.reset"
    TWO_FACTOR_DISABLED = "two_factor.disabled"
    BACKUPS_REVEALED = "backups.revealed"
    BACKUP_CHECKED = "backups.checked"
    BACKUPS_PREPARED = "backups.prepared"
    BACKUPS_REPLACED = "backups.replaced"
    NOTICES_SEEN = "notices.seen"
    NEW_PASSWORD_AWAITED = "sign_in.new_password_awaited"
    PASSWORD_EXPOSED = "password.counts_as_known"
    EMAIL_CONFIRMED = "account.email_confirmed"
    EMAIL_CHANGED = "account.email_changed"
    EMAIL_CHANGE_STOPPED = "account.email_change_stopped"
    ACCOUNT_EXPORTED = "account.exported"
    THIS_WASNT_ME = "account.this_wasnt_me"
    PASSWORD_CHANGED = "password.changed"
    PASSWORD_RESET = "password.reset"
    PASSWORD_LINK_ISSUED = "password.link_issued"


NOTABLE: Final = frozenset(
    {
        EventKind.ACCOUNT_DISABLED,
        EventKind.ACCOUNT_ENABLED,
        EventKind.ACCOUNT_CLOSED,
        EventKind.CLOCK_RESET,
        EventKind.SIGNED_IN_WITH_BACKUP,
        EventKind.SIGNED_IN_AFTER_WAITS,
        EventKind.SIGNED_IN_IN_NEW_BROWSER,
        EventKind.STOPPED_AT_SECOND_FACTOR,
        EventKind.SECOND_FACTOR_REFUSED,
        EventKind.SECOND_FACTOR_SUSPENDED,
        EventKind.ENROLMENT_AWAITED,
        EventKind.PASSWORD_GUESSING,
        EventKind.SESSION_ENDED_ELSEWHERE,
        EventKind.OTHER_SESSIONS_ENDED,
        EventKind.SESSIONS_ENDED_BY_OPERATOR,
        EventKind.SESSION_ENDED_BY_FAILURES,
        EventKind.IDENTITY_CONFIRMED_WITH_BACKUP,
        EventKind.TWO_FACTOR_ENABLED,
        EventKind.AUTHENTICATOR_MOVED,
        EventKind.AUTHENTICATOR_ADDED,
        EventKind.AUTHENTICATOR_REMOVED,
        EventKind.TWO_FACTOR_RESET,
        EventKind.TWO_FACTOR_DISABLED,
        EventKind.BACKUPS_REVEALED,
        EventKind.BACKUPS_REPLACED,
        EventKind.NEW_PASSWORD_AWAITED,
        EventKind.PASSWORD_EXPOSED,
        EventKind.EMAIL_CHANGED,
        EventKind.EMAIL_CHANGE_STOPPED,
        EventKind.ACCOUNT_EXPORTED,
        EventKind.THIS_WASNT_ME,
        EventKind.PASSWORD_CHANGED,
        EventKind.PASSWORD_RESET,
        EventKind.PASSWORD_LINK_ISSUED,
    }
)
"""Events the person is told of until they have acknowledged them (NIST SP 800-63B-4 section 4.6)."""


TEAM: Final = "team"
"""The subject of the team's own record."""
OPERATOR: Final = "operator"
"""The actor of what is done on the server's command line."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a use case says happened. Details name the circumstances and may be erased later without breaking the chain.

    factor: the kind of factor that it is about. actor: an account, or OPERATOR; None where nothing proves who it was, or the program
    did it by itself. target: the authenticator or the session, where it is about a single one that did not do it itself.
    """

    kind: EventKind
    details: Mapping[str, DetailValue]
    factor: str | None = None
    actor: str | None = None
    target: str | None = None


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """A recorded event of a subject: an account, or TEAM. kind is None for one that a newer version of this program recorded."""

    subject: str
    seq: int
    kind: EventKind | None
    at: int
    details: Mapping[str, DetailValue]
    factor: str | None = None
    actor: str | None = None
    target: str | None = None


def encode_details(details: Mapping[str, DetailValue]) -> str:
    """The one spelling of details that is stored and hashed."""
    return _ENCODER.encode(details)


def details_hash(salt: bytes, encoded_details: str) -> bytes:
    """The commitment to the details: without them and their salt it tells nothing. Text that is no UTF-8 counts by its bytes."""
    return hashlib.sha256(salt + encoded_details.encode(errors="surrogateescape")).digest()


def chained_hash(previous: bytes, event: NewEvent, *, subject: str, seq: int, at: int, details_digest: bytes) -> bytes:
    """The hash of an event: over the previous one's, the closed fields, and the commitment to the details."""
    return hash_of_fields(previous, details_digest, (subject, seq, event.kind.value, event.factor, event.actor, event.target, at))


ClosedFields = tuple[str, int, str, str | None, str | None, str | None, int]
"""Subject, sequence number, kind, factor, actor, target and time, as they are stored."""


def hash_of_fields(previous: bytes, details_digest: bytes, fields: ClosedFields) -> bytes:
    """The same, of whatever kind: a newer version may have recorded one that has no name here."""
    return hashlib.sha256(previous + details_digest + _ENCODER.encode(fields).encode()).digest()
