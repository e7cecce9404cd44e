"""What the use cases keep: one Protocol a kind of record. Where a method decides a race, its answer says who won."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind, NewEvent, SecurityEvent
from xpressbot.identity.audit.rules.notice import Notice, Shown
from xpressbot.identity.factors.recovery_codes.rules import RecoveryCodeSet, SavedCode
from xpressbot.identity.factors.rules import Authenticator, ClockSighting, Enrolment
from xpressbot.identity.links.rules import Link, LinkKind, LinkState
from xpressbot.identity.re_encryption.rules import BoxTable, StoredBox
from xpressbot.identity.sessions.rules.assurance import Method
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.sign_in.rules.pending import Origin, PendingSignIn, StoppedSignIns
from xpressbot.identity.throttling.rules import Bucket, Charge, DelayReport, Refusal


class AccountRecords(Protocol):
    """Accounts."""

    def add(self, account: Account, now: int) -> bool:
        """False, and nothing written, when the address is taken."""

    def by_email(self, email: str) -> Account | None: ...

    def lock(self, account_id: str) -> Account | None:
        """Read the account and keep every other unit of work off it until this one ends."""

    def all(self) -> Sequence[Account]: ...

    def raise_security_version(self, account_id: str) -> int:
        """Return the new version. Sessions and pending sign-ins of an older one are void from this moment."""

    def set_status(self, account_id: str, status: AccountStatus) -> None: ...

    def set_must_enrol(self, account_id: str, *, must_enrol: bool) -> None: ...

    def renew_password_hash(self, account_id: str, old: str, new: str) -> None:
        """Store another hash of the same password, unless the password changed meanwhile."""


class InstallationRecord(Protocol):
    """The installation itself."""

    def owner(self) -> str | None: ...

    def claim(self, account_id: str) -> bool:
        """Make this account the owner; False when there is one already."""


class LinkRecords(Protocol):
    """Single-use links."""

    def add(self, link: Link, token_hash: bytes, now: int, expires_at: int) -> None: ...

    def find_open(self, kind: LinkKind, token_hash: bytes, now: int) -> Link | None: ...

    def state(self, kind: LinkKind, token_hash: bytes, now: int) -> LinkState: ...

    def consume(self, kind: LinkKind, token_hash: bytes, now: int) -> bool:
        """Use up a link; False when it is not open any more."""

    def void(self, link: Link, now: int) -> None:
        """Use up the open links of the same kind to the same account or address, those dated in the future as well."""


class SessionRecords(Protocol):
    """Sessions. Whatever makes, raises or ends one has locked the account before."""

    def add(self, session: Session, token_hash: bytes, security_version: int, address: str, user_agent: str) -> None: ...

    def resolve(self, token_hash: bytes) -> tuple[Session, Account] | None:
        """One statement: the session with its account, if that is active and nothing changed since."""

    def by_token(self, token_hash: bytes) -> Session | None:
        """The session that has this token now, if nothing changed its account since."""

    def is_previous(self, token_hash: bytes) -> bool:
        """Whether a session had this token before its last rise."""

    def touch(self, token_hash: bytes, now: int) -> None: ...

    def renew(self, session: Session, token_hash: bytes, security_version: int) -> None:
        """Write a session that has risen, under its new token. It keeps the hash of the one before, which tells a late request."""

    def show_codes(self, session_id: str, set_id: str | None, until: int) -> None:
        """Let this session see the codes of one set for a while; of none with set_id None."""

    def charge_step_up(self, session_id: str, limit: int) -> int | None:
        """Count one more try at a step-up; its number, or None when the limit is reached."""

    def end(self, session_id: str) -> None: ...

    def end_by_token(self, token_hash: bytes) -> Session | None:
        """End the session that a browser had before it signed in again, whosever it was; None when it had none."""

    def end_others(self, account_id: str, keep: str | None) -> None:
        """End the account's sessions, but for one to keep."""

    def end_from_the_future(self, account_id: str, now: int) -> int:
        """End the account's sessions that are dated in the future; how many."""

    def count_others(self, account_id: str, session_id: str, now: int) -> int: ...


class PendingSignInRecords(Protocol):
    """Sign-ins between the password and the session."""

    def add(self, pending: PendingSignIn, token_hash: bytes, now: int, to_tell: Origin | None) -> None:
        """to_tell: where it was begun, for an account that is to be told should it stop here."""

    def begin_anew(self, token_hash: bytes, account_id: str) -> None:
        """The browser with this token begins a sign-in to the same account anew: the earlier one has not stopped."""

    def stopped(self, account_id: str, expired_by: int | None) -> StoppedSignIns | None:
        """What is to be told and was not yet; with expired_by, of those only that had expired by then."""

    def mark_told(self, account_id: str, expired_by: int | None) -> None: ...

    def by_token(self, token_hash: bytes) -> PendingSignIn | None: ...

    def is_consumed(self, token_hash: bytes) -> bool: ...

    def consume(self, token_hash: bytes, now: int) -> bool:
        """Use up a sign-in; False when it was used, has expired, or is void."""

    def end_all(self, account_id: str) -> None:
        """None of the account's unfinished sign-ins goes on."""


class DeviceRecords(Protocol):
    """Known browsers."""

    def find(self, token_hash: bytes, account_id: str, now: int) -> str | None:
        """The id under which this browser is known for the account, if its last sign-in is not long ago."""

    def remember(self, old_hash: bytes | None, new_hash: bytes, account_id: str, new_id: str, now: int) -> None:
        """Know this browser for the account, under a new token, with all it was known for under the old one."""

    def forget_all(self, account_id: str) -> None: ...


class AuthenticatorRecords(Protocol):
    """Authenticators and enrolments."""

    def active(self, account_id: str) -> Sequence[Authenticator]:
        """Those in force, also of a kind or in a state that only a newer version of this program knows."""

    def protected_since(self, account_id: str) -> int | None: ...

    def has_had_one(self, account_id: str) -> bool:
        """Whether an authenticator of the account has ever been active."""

    def add_enrolment(self, enrolment: Enrolment) -> None: ...

    def enrolment_of(self, begun_in: str) -> Enrolment | None: ...

    def charge_enrolment(self, begun_in: str, now: int) -> bool:
        """Count one more try at a code; False when no enrolment is open."""

    def discard_enrolment(self, begun_in: str) -> None: ...

    def discard_enrolments(self, account_id: str, keep_session: str | None) -> None:
        """Discard the unfinished enrolments of all the account's sessions but one."""

    def activate(self, authenticator_id: str, name: str, step: int, now: int) -> bool:
        """Make a pending authenticator active, under this name and with its first step used; False when it is pending no more."""

    def rename(self, authenticator_id: str, name: str) -> None: ...

    def revoke(self, authenticator_id: str) -> None:
        """Revoke an authenticator in force; its secret goes."""

    def revoke_all(self, account_id: str, keep: str | None) -> None:
        """Revoke the authenticators in force, but for one to keep; their secrets go."""

    def consume_step(self, authenticator_id: str, step: int, now: int) -> bool:
        """Use up a time step; False when it, or a later one, was used before, or its code was hinted at."""

    def bring_back(self, account_id: str, latest_step: int, step: int, now: int) -> int:
        """Of the account's active authenticators, set those that have used a step after `latest_step` to `step`; how many.

        Never to none: whatever was used up to `step` stays used.
        """

    def remember_sighting(self, authenticator_id: str, sighting: ClockSighting) -> None: ...

    def refuse_steps(self, authenticator_id: str, steps: Sequence[int]) -> None: ...


class RecoveryCodeRecords(Protocol):
    """Recovery codes. An account has at most one set in force and one prepared to replace it."""

    def add(self, account_id: str, code_set: RecoveryCodeSet, now: int, *, in_force: bool) -> None:
        """Add a set; a prepared one takes the place of an earlier prepared one."""

    def in_force(self, account_id: str) -> RecoveryCodeSet | None: ...

    def prepared(self, account_id: str) -> RecoveryCodeSet | None: ...

    def put_in_force(self, account_id: str, set_id: str) -> None:
        """Replace the set in force by a prepared one."""

    def hand_over_unsaved(self, account_id: str, session_id: str, made_after: int, made_by: int) -> tuple[str, int] | None:
        """Make the set in force the one of another session, if it was made between these moments and nobody has saved it.

        Its id, and when it was made.
        """

    def mark_saved(self, account_id: str, now: int) -> None:
        """Note that the owner of the set in force says to have saved it."""

    def consume(self, account_id: str, digest: bytes, user_agent: str, now: int) -> bool:
        """Use up a code; False when the set in force has no such unused code."""

    def count_unused(self, account_id: str) -> int: ...

    def look_up(self, account_id: str, digest: bytes) -> SavedCode:
        """What a code is worth in the set in force, without using it."""

    def drop_boxes(self, account_id: str) -> None:
        """Forget the copies for viewing."""

    def next_sets(self, after: str, before: str, limit: int) -> Sequence[tuple[str, bool]]:
        """The sets whose ids follow, at most so many, each with whether it has copies for viewing."""

    def drop_boxes_of(self, set_ids: Sequence[str]) -> None:
        """Forget the copies of these sets."""

    def remove_all(self, account_id: str) -> None: ...


class ThrottleRecords(Protocol):
    """Counts of tries."""

    def charge(self, buckets: Sequence[Bucket], now: int) -> list[Charge] | Refusal:
        """Charge one try to all the buckets. The caller commits charges at once, and rolls a refusal back."""

    def cut(self, bucket: Bucket, next_allowed_at: int) -> None:
        """Bring a wait forward."""

    def give_back(self, charges: Sequence[Charge]) -> None:
        """Take tries back that turned out to be no guesses."""

    def clear(self, keys: Sequence[str]) -> Mapping[str, DelayReport]:
        """Forget the counts. Gives, by their keys, what those of passwords had not told yet."""

    def lift_suspension(self, bucket: Bucket) -> None:
        """Clear the bucket if no waiting would."""

    def report_delays(self, bucket: Bucket) -> DelayReport | None:
        """What was delayed since the last report, if anything; it counts as reported from here on."""


class SecurityEventRecords(Protocol):
    """The accounts' chains of events."""

    def begin_chain(self, account_id: str) -> None: ...

    def append(self, account_id: str, event: NewEvent, now: int) -> int:
        """Record an event as the last lock of this unit of work; its sequence number."""

    def latest(self, account_id: str, limit: int) -> Sequence[SecurityEvent]: ...


class NoticeRecords(Protocol):
    """What the accounts' persons are told of. Recording an event of that kind makes or lengthens its notice."""

    def shown_to(self, account_id: str, session_id: str, limit: int) -> Sequence[Notice]:
        """What is not acknowledged yet and this session did not do itself: what the operator did, then the newest."""

    def acknowledged_after(self, account_id: str, since: int, limit: int) -> Sequence[Notice]:
        """What was acknowledged later than that, by whichever session: what the operator did, then the newest."""

    def acknowledge(self, account_id: str, session_id: str, shown: Sequence[Shown], now: int) -> int:
        """Those of these notices that are as they were shown, and may be shown to this session, are seen; how many."""

    def last_told(self, account_id: str, kind: EventKind) -> int | None:
        """When the last event of this kind was made a notice."""


class KeyRecord(Protocol):
    """Which key seals, and which are needed."""

    def switch_to(self, key_id: str) -> bool:
        """Seal with this key from the end of this unit of work on; False when it is so already."""

    def hold_active(self) -> str:
        """The key that seals, with everybody who seals kept waiting until this unit of work ends."""

    def keep_only_active(self) -> None:
        """Declare that no box needs another key."""


class StoredBoxRecords(Protocol):
    """All sealed secrets, whatever they are."""

    def outdated(self, limit: int) -> Sequence[StoredBox]:
        """Some boxes that another key than the active one has sealed, and that nobody is busy with."""

    def count_outdated(self) -> int: ...

    def replace(self, box: StoredBox, new_box: bytes) -> bool:
        """Put a box in the place of the one that was read; False when that one is there no more."""

    def newest(self, table: BoxTable, before: str, limit: int) -> Sequence[StoredBox]:
        """Boxes of one table, whichever key sealed them, from the newest row backwards; `before` a row, which "" stands after."""

    def count(self, most: int | None) -> int:
        """How many there are; in no table are more than `most` counted."""


class InstallationQueryRecords(Protocol):
    """What an operator should know of all accounts. Reads only."""

    def count_expired_enrolments(self, now: int) -> int: ...

    def short_of_codes(self, few: int, among: int | None) -> Sequence[tuple[str, int]]:
        """Address and unused codes of the active accounts with 2FA on that have no more than this many, fewest first.

        among: how many authenticators' accounts are looked at, the oldest ones'; None for all.
        """

    def suspended(self, most: int | None) -> Sequence[tuple[str, Method]]:
        """Address of the active accounts in which a second factor is suspended, and which one; at most so many of them."""

    def ahead_of(self, latest_step: int, among: int | None) -> Sequence[str]:
        """Address of the active accounts of which an app has used a step after this one.

        among: how many authenticators are looked at, the newest ones; None for all.
        """

    def sightings(self, since: int, until: int, among: int | None) -> Mapping[str, ClockSighting]:
        """The last refused code of each account that would have been right on a wrong clock, by the account's id.

        Those of set-ups that are still open count, too. among: as for `ahead_of`.
        """

    def newest_moment(self, among: int | None) -> int:
        """The latest time at which a session or an app was used, or an account's last event was recorded; 0 when none was.

        among: how many sessions are looked at, the newest ones, and nothing else; None for all records.
        """
