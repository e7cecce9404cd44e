"""The steps of an enrolment: one way for a session, and for a sign-in that must enrol before there is a session."""

from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Writing
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store
from xpressbot.identity.factors.kind import FactorKind, Kinds, PrimaryKind, Proof, ProofRefusal
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.factors.reset import revoke
from xpressbot.identity.factors.rules import (
    ENROLMENT_LIFETIME,
    ENROLMENT_TRIES,
    Addition,
    Authenticator,
    AuthenticatorState,
    Enrolment,
    Plan,
    Replacement,
)
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Bucket


class EnrolmentRefusal(Reason):
    """Why a set-up cannot go on."""

    NO_ENROLMENT = "no_enrolment"
    ENROLMENT_DISCARDED = "enrolment_discarded"


@dataclass(frozen=True, slots=True)
class OpenEnrolment:
    """What the set-up page shows. view: what its kind has to show, secrets in clear among it."""

    kind: str
    name: str
    plan: Plan
    begun_at: int
    expires_at: int
    tries_left: int
    follows_another: bool
    """Whether the account has, or has had, another authenticator."""
    moving: bool
    """Whether an authenticator that still works will go."""
    other_sessions: int
    view: object

    @property
    def renews_backups(self) -> bool:
        """Whether the backups go with the old authenticator."""
        return isinstance(self.plan, Replacement) and self.plan.renews_backups

    @property
    def adding(self) -> bool:
        """Whether it is one authenticator more."""
        return isinstance(self.plan, Addition)


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The proof was right, and is used up; the authenticator is to be activated."""

    enrolment: Enrolment
    method: str


@dataclass(frozen=True, slots=True)
class RefusedProof:
    """The proof was not right: what to answer, and which event to record."""

    denied: Denied[EnrolmentRefusal | ProofRefusal]
    event: EventKind
    factor: str


class EnrolmentSteps:
    """Works on the enrolment that was begun in a session or in a pending sign-in, named by `begun_in`."""

    def __init__(self, system: System, kinds: Kinds) -> None:
        self._system = system
        self._kinds = kinds

    def begin(
        self, tx: Writing, account: Account, begun_in: str, kind: str, name: str, plan: Plan, *, at_most_until: int | None = None
    ) -> bool:
        """Prepare an authenticator for a plan, unless one is open there for the same; whether it did.

        It is good for ENROLMENT_LIFETIME, and no longer than `at_most_until`.
        """
        primary, now = self._kinds.find_primary(kind), self._system.now()
        if primary is None:
            raise LookupError(f"{kind} is no kind that turns 2FA on")
        open_one = store.enrolment_of(tx, begun_in)
        same = open_one is not None and (open_one.authenticator.kind, open_one.plan, open_one.authenticator.name) == (kind, plan, name)
        if open_one is not None and same and open_one.is_open(now):
            return False
        expires_at = now + ENROLMENT_LIFETIME
        until = expires_at if at_most_until is None else min(expires_at, at_most_until)
        self.prepare(tx, account, begun_in, primary, name, plan, until)
        return True

    def find_open(self, tx: Reading, begun_in: str, now: int) -> tuple[Enrolment, PrimaryKind] | None:
        """The enrolment that may still be confirmed, and its kind; None, too, for one of a kind that only a newer version knows."""
        enrolment = store.enrolment_of(tx, begun_in)
        kind = None if enrolment is None else self._kinds.find_primary(enrolment.authenticator.kind)
        return None if enrolment is None or kind is None or not enrolment.is_open(now) else (enrolment, kind)

    def prepare(self, tx: Writing, account: Account, begun_in: str, kind: PrimaryKind, name: str, plan: Plan, expires_at: int) -> None:
        """Store a pending authenticator, in the place of an earlier one that was begun there."""
        authenticator = Authenticator(
            id=self._system.new_id(),
            account_id=account.id,
            kind=kind.name,
            name=name,
            state=AuthenticatorState.PENDING,
            created_at=self._system.now(),
            confirmed_at=None,
            last_used_at=None,
        )
        store.discard_enrolment(tx, begun_in)
        store.add_enrolment(tx, Enrolment(authenticator, begun_in, plan, expires_at), account.security_version)
        kind.prepare(tx, authenticator)

    def view(self, tx: Reading, account_id: str, begun_in: str) -> OpenEnrolment | None:
        """The open enrolment; None when there is none, or it is over."""
        now = self._system.now()
        found = self.find_open(tx, begun_in, now)
        if found is None:
            return None
        enrolment, kind = found
        return OpenEnrolment(
            kind=kind.name,
            name=enrolment.authenticator.name,
            plan=enrolment.plan,
            begun_at=enrolment.authenticator.created_at,
            expires_at=enrolment.expires_at,
            tries_left=ENROLMENT_TRIES - throttle_store.count_tries(tx, enrolment.bucket),
            follows_another=store.has_had_one(tx, account_id),
            moving=isinstance(enrolment.plan, Replacement) and protection_of(tx, account_id).is_on,
            other_sessions=session_store.count_others(tx, account_id, begun_in, now),
            view=kind.set_up_view(tx, enrolment.authenticator),
        )

    def count(self, tx: Reading, begun_in: str, now: int) -> Bucket | Denied[EnrolmentRefusal]:
        """What a try at the open enrolment is charged to."""
        found = self.find_open(tx, begun_in, now)
        return Denied(EnrolmentRefusal.NO_ENROLMENT) if found is None else found[0].bucket

    def confirm(self, tx: Writing, begun_in: str, proof: Proof, now: int, *, charged: bool = True) -> Confirmed | RefusedProof | None:
        """Check a try. After ENROLMENT_TRIES wrong ones the enrolment is discarded; None when it is gone or over.

        charged: whether the count had room for it. Where it had none, an earlier try was charged and could not be checked.
        """
        found = self.find_open(tx, begun_in, now)
        if found is None:
            return None
        enrolment, kind = found
        if not charged:
            # An enrolment that was started over meanwhile has all its tries left.
            is_spent = throttle_store.count_tries(tx, enrolment.bucket) >= ENROLMENT_TRIES
            return self._discarded(tx, begun_in, kind) if is_spent else None
        result = kind.confirm(tx, enrolment.authenticator, proof, now)
        if not isinstance(result, Denied):
            return Confirmed(enrolment, result.method)
        left = ENROLMENT_TRIES - throttle_store.count_tries(tx, enrolment.bucket)
        if left <= 0:
            return self._discarded(tx, begun_in, kind)
        refusal = Denied(result.reason, clock_offset_seconds=result.clock_offset_seconds, tries_left=left)
        return RefusedProof(refusal, EventKind.ENROLMENT_REFUSED, kind.name)

    def put_in_place(self, tx: Writing, confirmed: Confirmed, name: str, now: int) -> bool:
        """Make the new authenticator active under a name, and revoke those that it replaces; False when it is gone."""
        authenticator, plan = confirmed.enrolment.authenticator, confirmed.enrolment.plan
        if not store.activate(tx, authenticator.id, name, now):
            return False
        if isinstance(plan, Replacement):
            for one in protection_of(tx, authenticator.account_id).authenticators:
                if one.id != authenticator.id and plan.replaces in {None, one.id}:
                    revoke(tx, self._kinds, one.id, one.kind)
            throttle_store.clear(tx, [kind.bucket(authenticator.account_id).key for kind in self._kinds.primary])
        throttle_store.clear(tx, [confirmed.enrolment.bucket.key])
        return True

    def discard(self, tx: Writing, begun_in: str) -> None:
        """End the enrolment that was begun there, if there is one."""
        enrolment = store.enrolment_of(tx, begun_in)
        store.discard_enrolment(tx, begun_in)
        if enrolment is not None:
            throttle_store.clear(tx, [enrolment.bucket.key])

    def _discarded(self, tx: Writing, begun_in: str, kind: FactorKind) -> RefusedProof:
        self.discard(tx, begun_in)
        return RefusedProof(Denied(EnrolmentRefusal.ENROLMENT_DISCARDED), EventKind.ENROLMENT_DISCARDED, kind.name)

    def issue_backups(self, tx: Writing, account_id: str, session_id: str, now: int) -> None:
        """Put new backups of all kinds in force, and show them in this session."""
        for backup in self._kinds.backup:
            backup.issue(tx, account_id, session_id, now)
