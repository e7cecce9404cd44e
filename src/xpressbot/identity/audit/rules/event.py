"""Security events: the closed list of what is recorded, and what is declared of each kind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Self

DetailValue = str | int | bool | None

CIRCUMSTANCES: Final = frozenset({"address", "user_agent"})
"""Details by which a person recognises a browser. An event of any kind may have them."""

TEAM: Final = "team"
"""The subject of the team's own record."""
OPERATOR: Final = "operator"
"""The actor of what is done on the server's command line."""


class EventGroup(StrEnum):
    """What a person may ask for in their history. The values stand in addresses."""

    SIGN_IN = "sign-in"
    CONFIRMATION = "confirmation"
    SECOND_FACTOR = "second-factor"
    RECOVERY_CODES = "recovery-codes"
    ACCOUNT = "account"
    TEAM = "team"
    """In the team's own record, and in no account's history."""


OF_ACCOUNTS: Final = tuple(group for group in EventGroup if group is not EventGroup.TEAM)
"""What an account's history can be asked for."""
WRONG_CODES_MAILED_FROM: Final = 3
"""So many wrong codes after the right password are mailed: one is a typing error more often than not (ASVS 6.3.5)."""


@dataclass(frozen=True, slots=True)
class NoticeRule:
    """How a person is told of an event until they have acknowledged it (NIST SP 800-63B-4 section 4.6).

    is_merged: one notice tells all events of the kind that are not acknowledged; for what can be repeated with no more than a password.
    is_first: it is shown before all else, so that nothing can push it out.
    told_to_doer: the session that did it itself is told, too.
    mailed_from: how often it must have happened before it is mailed.
    may_be_reported: the mail has the link "This wasn't me".
    concerns_password: whether it may mean that somebody else knows the person's password.
    """

    is_merged: bool = False
    is_first: bool = False
    told_to_doer: bool = False
    mailed_from: int = 1
    may_be_reported: bool = True
    concerns_password: bool = True


_NOTICE: Final = NoticeRule()
_MERGED: Final = NoticeRule(is_merged=True)
_MERGED_WRONG_CODES: Final = NoticeRule(is_merged=True, mailed_from=WRONG_CODES_MAILED_FROM)
_TOLD_TO_DOER: Final = NoticeRule(told_to_doer=True)
"""A spent recovery code is worth a word even to the one who spent it."""
_BY_OTHERS: Final = NoticeRule(is_first=True, may_be_reported=False)
"""The operator, or an owner or admin of the team: the event's actor says who."""
_IS_A_REPORT: Final = NoticeRule(may_be_reported=False)
_BY_TEAM: Final = NoticeRule(may_be_reported=False, concerns_password=False)
"""What others in the team have done: the person's own password has nothing to do with it."""


@dataclass(frozen=True, slots=True)
class _Declared:
    name: str
    group: EventGroup
    details: Sequence[str]
    notice: NoticeRule | None


def _kind(name: str, group: EventGroup, *details: str, notice: NoticeRule | None = None) -> _Declared:
    """Declare a kind of event. name: as it is stored and hashed, for ever. details: see EventKind."""
    return _Declared(name, group, details, notice)


class EventKind(StrEnum):
    """Everything that can happen to an account's security, and in the team.

    group: where the history shows it; what a newer version recorded is in no group. details: the only keys that its events may have
    beside CIRCUMSTANCES. notice: how the person is told; None if they are not.
    """

    _value_: str
    group: EventGroup
    details: Sequence[str]
    notice: NoticeRule | None

    def __new__(cls, declared: _Declared) -> Self:
        """Make the member of what is declared of it. Its value is the name."""
        member = str.__new__(cls, declared.name)
        member._value_, member.group, member.details, member.notice = declared.name, declared.group, declared.details, declared.notice
        return member

    ACCOUNT_CREATED = _kind("account.created", EventGroup.ACCOUNT, "invited")
    ACCOUNT_DISABLED = _kind("account.disabled", EventGroup.ACCOUNT, notice=_BY_OTHERS)
    ACCOUNT_ENABLED = _kind("account.enabled", EventGroup.ACCOUNT, notice=_BY_OTHERS)
    ACCOUNT_CLOSED = _kind("account.closed", EventGroup.ACCOUNT, "session", notice=_NOTICE)
    NAME_CHANGED = _kind("account.name_changed", EventGroup.ACCOUNT, "session")
    CLOCK_RESET = _kind("account.clock_reset", EventGroup.ACCOUNT, "authenticators", "sessions_ended", notice=_BY_OTHERS)
    SIGNED_IN = _kind("sign_in.completed", EventGroup.SIGN_IN, "session", "aal", "amr")
    SIGNED_IN_WITH_BACKUP = _kind("sign_in.completed_with_backup", EventGroup.SIGN_IN, "session", "aal", "amr", notice=_TOLD_TO_DOER)
    SIGNED_IN_AFTER_WAITS = _kind("sign_in.completed_after_waits", EventGroup.SIGN_IN, "session", "aal", "amr", notice=_MERGED)
    SIGNED_IN_IN_NEW_BROWSER = _kind("sign_in.completed_in_new_browser", EventGroup.SIGN_IN, "session", "aal", "amr", notice=_MERGED)
    STOPPED_AT_SECOND_FACTOR = _kind(
        "sign_in.stopped_at_second_factor", EventGroup.SIGN_IN, "count", "first_at", "last_at", "after_waits", notice=_MERGED
    )
    SECOND_FACTOR_REFUSED = _kind("sign_in.second_factor_refused", EventGroup.SIGN_IN, "reason", notice=_MERGED_WRONG_CODES)
    SECOND_FACTOR_SUSPENDED = _kind("sign_in.second_factor_suspended", EventGroup.SIGN_IN, "reason", notice=_MERGED)
    REQUIRED_ENROLMENT_AWAITED = _kind("sign_in.required_enrolment_awaited", EventGroup.SIGN_IN, notice=_MERGED)
    ENROLMENT_AWAITED = _kind("sign_in.enrolment_awaited", EventGroup.SIGN_IN, notice=_MERGED)
    PASSWORD_GUESSING = _kind("sign_in.password_guessing", EventGroup.SIGN_IN, "count", "first_at", "last_at", "alarm", notice=_MERGED)
    SIGNED_OUT = _kind("session.signed_out", EventGroup.SIGN_IN, "session")
    SESSION_ENDED_ELSEWHERE = _kind("session.ended_elsewhere", EventGroup.SIGN_IN, "session", notice=_MERGED)
    OTHER_SESSIONS_ENDED = _kind("session.others_ended", EventGroup.SIGN_IN, "session", "sessions_ended", notice=_MERGED)
    SESSIONS_ENDED_BY_OPERATOR = _kind("session.ended_by_operator", EventGroup.SIGN_IN, "sessions_ended", notice=_BY_OTHERS)
    SESSION_ENDED_BY_FAILURES = _kind("session.ended_by_failed_step_up", EventGroup.SIGN_IN, "session", "reason", notice=_MERGED)
    IDENTITY_CONFIRMED = _kind("step_up.completed", EventGroup.CONFIRMATION, "session", "amr")
    IDENTITY_CONFIRMED_WITH_BACKUP = _kind("step_up.completed_with_backup", EventGroup.CONFIRMATION, "session", "amr", notice=_TOLD_TO_DOER)
    SESSION_UNLOCKED = _kind("session.unlocked", EventGroup.SIGN_IN, "session")
    IDENTITY_REFUSED = _kind("step_up.refused", EventGroup.CONFIRMATION, "session", "reason")
    ENROLMENT_STARTED = _kind("authenticator.enrolment_started", EventGroup.SECOND_FACTOR, "session")
    ENROLMENT_REFUSED = _kind("authenticator.enrolment_refused", EventGroup.SECOND_FACTOR, "session", "reason")
    ENROLMENT_DISCARDED = _kind("authenticator.enrolment_discarded", EventGroup.SECOND_FACTOR, "session", "reason")
    TWO_FACTOR_ENABLED = _kind("two_factor.enabled", EventGroup.SECOND_FACTOR, "session", "sessions_ended", "name", notice=_NOTICE)
    AUTHENTICATOR_MOVED = _kind(
        "authenticator.moved", EventGroup.SECOND_FACTOR, "session", "sessions_ended", "backups_renewed", "name", notice=_NOTICE
    )
    AUTHENTICATOR_ADDED = _kind("authenticator.added", EventGroup.SECOND_FACTOR, "session", "sessions_ended", "name", notice=_NOTICE)
    AUTHENTICATOR_RENAMED = _kind("authenticator.renamed", EventGroup.SECOND_FACTOR, "session", "name", "before")
    AUTHENTICATOR_REMOVED = _kind("authenticator.removed", EventGroup.SECOND_FACTOR, "session", "sessions_ended", "name", notice=_NOTICE)
    TWO_FACTOR_RESET = _kind("two_factor.reset", EventGroup.SECOND_FACTOR, "reason", "asked_by", notice=_BY_OTHERS)
    TWO_FACTOR_RESET_REQUESTED = _kind("two_factor.reset_requested", EventGroup.SECOND_FACTOR, "reason", "asked_by", notice=_BY_OTHERS)
    TWO_FACTOR_RESET_STOPPED = _kind("two_factor.reset_stopped", EventGroup.SECOND_FACTOR, "session", "cause", notice=_BY_OTHERS)
    TWO_FACTOR_RESET_LINK_SHOWN = _kind("two_factor.reset_link_shown", EventGroup.SECOND_FACTOR, notice=_BY_OTHERS)
    TWO_FACTOR_DISABLED = _kind("two_factor.disabled", EventGroup.SECOND_FACTOR, "session", "sessions_ended", notice=_NOTICE)
    BACKUPS_REVEALED = _kind("backups.revealed", EventGroup.RECOVERY_CODES, "session", notice=_NOTICE)
    BACKUP_CHECKED = _kind("backups.checked", EventGroup.RECOVERY_CODES, "session", "result")
    BACKUPS_PREPARED = _kind("backups.prepared", EventGroup.RECOVERY_CODES, "session")
    BACKUPS_REPLACED = _kind("backups.replaced", EventGroup.RECOVERY_CODES, "session", "sessions_ended", notice=_NOTICE)
    NOTICES_SEEN = _kind("notices.seen", EventGroup.ACCOUNT, "session", "notices")
    NEW_PASSWORD_AWAITED = _kind("sign_in.new_password_awaited", EventGroup.SIGN_IN, "amr", notice=_NOTICE)
    PASSWORD_EXPOSED = _kind("password.counts_as_known", EventGroup.ACCOUNT, notice=_NOTICE)
    EMAIL_CONFIRMED = _kind("account.email_confirmed", EventGroup.ACCOUNT, "session", "email")
    EMAIL_CHANGED = _kind("account.email_changed", EventGroup.ACCOUNT, "session", "sessions_ended", "email", "email_before", notice=_NOTICE)
    EMAIL_CHANGE_STOPPED = _kind(
        "account.email_change_stopped", EventGroup.ACCOUNT, "sessions_ended", "password", "email", "email_before", notice=_NOTICE
    )
    ACCOUNT_EXPORTED = _kind("account.exported", EventGroup.ACCOUNT, "session", notice=_MERGED)
    THIS_WASNT_ME = _kind("account.this_wasnt_me", EventGroup.ACCOUNT, "password", "sessions_ended", notice=_IS_A_REPORT)
    PASSWORD_CHANGED = _kind("password.changed", EventGroup.ACCOUNT, "session", "sessions_ended", notice=_NOTICE)
    PASSWORD_RESET = _kind("password.reset", EventGroup.ACCOUNT, "sessions_ended", notice=_NOTICE)
    PASSWORD_LINK_ISSUED = _kind("password.link_issued", EventGroup.ACCOUNT, notice=_BY_OTHERS)
    ROLE_CHANGED = _kind("account.role_changed", EventGroup.ACCOUNT, "session", "role", "role_before", notice=_BY_TEAM)
    ACCOUNT_REMOVED = _kind("account.removed", EventGroup.ACCOUNT, notice=_BY_TEAM)
    SESSIONS_ENDED_BY_TEAM = _kind("session.ended_by_team", EventGroup.SIGN_IN, "sessions_ended", notice=_BY_TEAM)
    MEMBER_JOINED = _kind("team.member_joined", EventGroup.TEAM, "email", "role")
    RECORD_EXPORTED = _kind("team.record_exported", EventGroup.TEAM, "session")
    MEMBER_ROLE_CHANGED = _kind("team.role_changed", EventGroup.TEAM, "session", "email", "role", "role_before")
    OWNERSHIP_HANDED_OVER = _kind("team.ownership_handed_over", EventGroup.TEAM, "session", "email", "role_before")
    MEMBER_SUSPENDED = _kind("team.member_suspended", EventGroup.TEAM, "session", "email")
    MEMBER_REINSTATED = _kind("team.member_reinstated", EventGroup.TEAM, "session", "email")
    MEMBER_REMOVED = _kind("team.member_removed", EventGroup.TEAM, "session", "email", "role")
    MEMBER_LEFT = _kind("team.member_left", EventGroup.TEAM, "session", "email", "role")
    MEMBER_SESSIONS_ENDED = _kind("team.sessions_ended", EventGroup.TEAM, "session", "email", "sessions_ended")
    RESET_REQUESTED = _kind("team.reset_requested", EventGroup.TEAM, "session", "email", "reason")
    RESET_APPROVED = _kind("team.reset_approved", EventGroup.TEAM, "session", "email", "reason", "asked_by")
    RESET_STOPPED = _kind("team.reset_stopped", EventGroup.TEAM, "session", "email")
    RESET_VOIDED = _kind("team.reset_voided", EventGroup.TEAM, "email", "cause")
    RESET_DONE = _kind("team.reset_done", EventGroup.TEAM, "email", "reason", "asked_by")
    RESET_LINK_SHOWN = _kind("team.reset_link_shown", EventGroup.TEAM, "session", "email")
    MEMBER_INVITED = _kind("team.member_invited", EventGroup.TEAM, "session", "email", "role")
    INVITATION_REVOKED = _kind("team.invitation_revoked", EventGroup.TEAM, "session", "email", "role")
    MEMBERS_REMINDED = _kind("team.reminded", EventGroup.TEAM, "session", "members")
    EXEMPTED = _kind("two_factor.exempted", EventGroup.SECOND_FACTOR, "until", "reason", notice=_BY_TEAM)
    EXEMPTION_ENDED = _kind("two_factor.exemption_ended", EventGroup.SECOND_FACTOR, notice=_BY_TEAM)
    MEMBER_ENROLLED_BY_PASSWORD = _kind("member.enrolled_by_password", EventGroup.ACCOUNT, "email", notice=_BY_TEAM)
    ASKED_RESET_DONE = _kind("member.reset_done", EventGroup.ACCOUNT, "email", notice=_BY_TEAM)
    ASKED_RESET_ENDED = _kind("member.reset_ended", EventGroup.ACCOUNT, "email", "cause", notice=_BY_TEAM)
    POLICY_CHANGED = _kind("team.policy_changed", EventGroup.TEAM, "session", "policy", "policy_before", "required_from")
    MEMBER_EXEMPTED = _kind("team.member_exempted", EventGroup.TEAM, "session", "email", "until", "reason")
    MEMBER_EXEMPTION_ENDED = _kind("team.exemption_ended", EventGroup.TEAM, "session", "email")
    TEAM_ENROLLED_BY_PASSWORD = _kind("team.enrolled_by_password", EventGroup.TEAM, "email")


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a use case says happened. Details name the circumstances and may be erased later without breaking the chain.

    factor: the kind of factor that it is about. actor: an account, or OPERATOR; None where nothing proves who it was, or the program
    did it by itself. target: the authenticator, the session, the request or the member, where it is about a single one that did not do
    it itself.
    A detail that its kind does not declare is a ValueError.
    """

    kind: EventKind
    details: Mapping[str, DetailValue]
    factor: str | None = None
    actor: str | None = None
    target: str | None = None

    def __post_init__(self) -> None:
        undeclared = self.details.keys() - CIRCUMSTANCES - set(self.kind.details)
        if undeclared:
            raise ValueError(f"{self.kind.value} declares no detail {', '.join(sorted(undeclared))}")


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
