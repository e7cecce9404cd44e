"""Setting up 2FA before there is a session: after an operator's reset, and where the team requires it of a person who has none.

After a reset it takes the password and the link that the operator hands over; by the team's policy, the password and a mailed link. A
stolen password alone does not inherit the account: until the new app has proven a code there is no session.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final, assert_never

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import TEAM, EventKind, NewEvent
from xpressbot.identity.factors.enrolment_steps import Confirmed, EnrolmentRefusal, EnrolmentSteps, OpenEnrolment, RefusedProof
from xpressbot.identity.factors.kind import Kinds, Proof, ProofRefusal
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME, Replacement
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal, charge_link
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, NewPasswordRequired, SignedIn
from xpressbot.identity.sessions.caller import Client
from xpressbot.identity.sessions.security_version import raise_security_version
from xpressbot.identity.sign_in import store as pending_store
from xpressbot.identity.sign_in.refusals import PendingRefusal, ReEnrolmentRefusal, SignInRefusal
from xpressbot.identity.sign_in.rules.pending import ENROLS, NextStep, PendingSignIn
from xpressbot.identity.sign_in.second_step import SecondStep
from xpressbot.identity.sign_in.session_start import CompletedProof, LockedAccounts, SessionStart
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.rules import Refusal

_NEW_APP: Final = Replacement()
_LINK_OF: Final[Mapping[NextStep, LinkKind]] = {
    NextStep.MUST_ENROL: LinkKind.RE_ENROLMENT,
    NextStep.ENROL_WITH_LINK: LinkKind.ENROLMENT,
}
"""The kind of link that belongs to the password; the other steps take none."""
EnrolleeRefusal = SignInRefusal | PendingRefusal | ReEnrolmentRefusal
"""Why a person cannot set up 2FA in this browser before there is a session."""


@dataclass(frozen=True, slots=True)
class Enrollee:
    """A person who must enrol before there is a session: their pending sign-in with its token, and the link their browser holds."""

    pending: PendingSignIn
    token: Token
    link: Token | None
    client: Client

    @property
    def by_policy(self) -> bool:
        """Whether because the team requires 2FA; else it was reset."""
        return self.pending.next_step is not NextStep.MUST_ENROL

    @property
    def link_kind(self) -> LinkKind | None:
        """The kind of link that is asked for beside the password, if any."""
        return _LINK_OF.get(self.pending.next_step)


class ReEnrolment:
    """Sets 2FA up before there is a session."""

    def __init__(
        self,
        transactions: Transactions,
        system: System,
        kinds: Kinds,
        session_start: SessionStart,
        second_step: SecondStep,
        enrolment_steps: EnrolmentSteps,
    ) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds
        self._second_step = second_step
        self._steps = enrolment_steps
        self._session_start = session_start

    def is_open(self, token: Token | None, kind: LinkKind = LinkKind.RE_ENROLMENT) -> bool:
        """Whether this is a link of a kind for setting up 2FA that still works."""
        if token is None:
            return False
        with self._transactions.reading() as tx:
            return link_store.find_open(tx, kind, token.digest, self._system.now()) is not None

    def take(self, token: Token, kind: LinkKind) -> Done | Denied[LinkRefusal | LinkThrottleRefusal]:
        """Whether this link may be kept for the set-up: it still works, and was not pasted too often."""
        if not self.is_open(token, kind):
            return Denied(LinkRefusal.LINK_GONE)
        return charge_link(self._transactions, self._system.now, token) or Done()

    def enrollee(
        self, pending_token: Token | None, link_token: Token | None, client: Client
    ) -> Enrollee | Denied[SignInRefusal | PendingRefusal]:
        """The person who must enrol in this browser, if there is one."""
        pending = self._second_step.begun(pending_token)
        if isinstance(pending, Denied):
            return pending
        if pending_token is None or pending.next_step not in ENROLS:
            return Denied(PendingRefusal.NO_SIGN_IN)
        return Enrollee(pending, pending_token, link_token, client)

    def may_start(self, enrollee: Enrollee) -> Done | Denied[ReEnrolmentRefusal]:
        """Whether password and link belong together."""
        with self._transactions.reading() as tx:
            refusal = self._refuse_link(tx, enrollee)
        return Done() if refusal is None else Denied(refusal)

    def start(self, enrollee: Enrollee, kind: str) -> Done | Denied[EnrolleeRefusal]:
        """Prepare an authenticator of a kind, good as long as the sign-in is. A second start shows the same one."""
        with self._transactions.writing() as tx:
            locked = self._enter(tx, enrollee)
            if isinstance(locked, Denied):
                return locked
            pending = enrollee.pending
            if self._steps.begin(tx, locked.account, pending.id, kind, "", _NEW_APP, at_most_until=pending.expires_at):
                self._record_start(tx, locked.account, enrollee, kind)
                tx.commit()
            return Done()

    def start_over(self, enrollee: Enrollee) -> Done | Denied[EnrolleeRefusal | EnrolmentRefusal]:
        """Replace the secret of an open enrolment."""
        with self._transactions.writing() as tx:
            locked = self._enter(tx, enrollee)
            if isinstance(locked, Denied):
                return locked
            pending, now = enrollee.pending, self._system.now()
            found = self._steps.find_open(tx, pending.id, now)
            if found is None:
                return Denied(EnrolmentRefusal.NO_ENROLMENT)
            _enrolment, kind = found
            expires_at = min(now + ENROLMENT_LIFETIME, pending.expires_at)
            self._steps.prepare(tx, locked.account, pending.id, kind, "", _NEW_APP, expires_at)
            self._record_start(tx, locked.account, enrollee, kind.name)
            tx.commit()
            return Done()

    def view(self, enrollee: Enrollee) -> OpenEnrolment | Denied[EnrolleeRefusal | EnrolmentRefusal]:
        """The open enrolment."""
        with self._transactions.reading() as tx:
            refusal = self._refuse_second_click(tx, enrollee) or self._refuse_link(tx, enrollee)
            if refusal is not None:
                return Denied(refusal)
            return self._steps.view(tx, enrollee.pending.account_id, enrollee.pending.id) or Denied(EnrolmentRefusal.NO_ENROLMENT)

    def confirm(
        self, enrollee: Enrollee, proof: Proof
    ) -> SignedIn | NewPasswordRequired | Denied[EnrolleeRefusal | EnrolmentRefusal | ProofRefusal]:
        """Confirm the new authenticator with a first proof. Link and sign-in are used up by it.

        The session begins, unless the password is to be replaced first.
        """
        with self._transactions.writing() as tx:
            locked = self._enter(tx, enrollee)
            if isinstance(locked, Denied):
                return locked
            now = self._system.now()
            bucket = self._steps.count(tx, enrollee.pending.id, now)
            if isinstance(bucket, Denied):
                return bucket
            charged = not isinstance(throttle_store.charge(tx, [bucket], now), Refusal)
            tx.commit()
        with self._transactions.writing() as tx:
            owners = self._owners(tx, enrollee)
            locked = self._enter(tx, enrollee, owners)
            if isinstance(locked, Denied):
                return locked
            now = self._system.now()
            result = self._steps.confirm(tx, enrollee.pending.id, proof, now, charged=charged)
            match result:
                case None:
                    return Denied(EnrolmentRefusal.NO_ENROLMENT)
                case RefusedProof(denied, event_kind, factor):
                    event = enrollee.client.event(event_kind, factor=factor, reason=denied.reason)
                    append_event(tx, self._system.entropy, locked.account.id, event, now)
                    tx.commit()
                    return denied
                case Confirmed():
                    return self._complete(tx, locked, enrollee, result, owners)
                case unknown:
                    assert_never(unknown)

    def abandon(self, enrollee: Enrollee) -> None:
        """End the sign-in and its enrolment. The link stays good."""
        with self._transactions.writing() as tx:
            account_store.lock(tx, enrollee.pending.account_id)
            self._steps.discard(tx, enrollee.pending.id)
            pending_store.consume(tx, enrollee.token.digest, self._system.now())
            tx.commit()

    def _record_start(self, tx: Writing, account: Account, enrollee: Enrollee, kind: str) -> None:
        event = enrollee.client.event(EventKind.ENROLMENT_STARTED, factor=kind)
        append_event(tx, self._system.entropy, account.id, event, self._system.now())

    def _complete(
        self, tx: Writing, locked: LockedAccounts, enrollee: Enrollee, confirmed: Confirmed, owners: Sequence[str]
    ) -> SignedIn | NewPasswordRequired | Denied[SignInRefusal | ReEnrolmentRefusal]:
        now, pending, account = self._system.now(), enrollee.pending, locked.account
        if not self._use_link(tx, account, enrollee, now):
            return Denied(ReEnrolmentRefusal.MUST_ENROL)
        is_current = pending_store.consume(tx, enrollee.token.digest, now) and self._steps.put_in_place(tx, confirmed, "", now)
        outcome = self._go_on(tx, locked, pending, confirmed, now) if is_current else None
        if outcome is None or isinstance(outcome, Denied):
            return Denied(SignInRefusal.START_AGAIN)
        # Those of a sign-in that has no session yet are shown once it has.
        holder = outcome.session_id if isinstance(outcome, SignedIn) else outcome.pending_id
        self._steps.issue_backups(tx, account.id, holder, now)
        # It names the session, if there is one, which is not told by a notice of what it did itself.
        one = confirmed.enrolment.authenticator
        event = enrollee.client.event(EventKind.TWO_FACTOR_ENABLED, factor=one.kind, actor=account.id, target=one.id, session=holder)
        append_event(tx, self._system.entropy, account.id, event, now)
        self._tell_owners(tx, account, enrollee, owners, now)
        tx.commit()
        return outcome

    def _go_on(
        self, tx: Writing, locked: LockedAccounts, pending: PendingSignIn, confirmed: Confirmed, now: int
    ) -> SignedIn | NewPasswordRequired | Denied[SignInRefusal]:
        """With the new authenticator in its place: what had to be set up is, and the sign-in is completed."""
        account = locked.account
        account_store.set_must_enrol(tx, account.id, must_enrol=False)
        version = raise_security_version(tx, account.id, keep_session=None)
        factor = self._kinds.find_primary(confirmed.enrolment.authenticator.kind)
        proof = CompletedProof(
            pending.amr | {confirmed.method},
            factor,
            pending.next_path,
            password_bucket=pending.password_bucket,
            after_waits=pending.after_waits,
        )
        protected = replace(locked, account=replace(account, security_version=version, must_enrol=False, protected_since=now))
        return self._session_start.complete(tx, protected, proof)

    def _use_link(self, tx: Writing, account: Account, enrollee: Enrollee, now: int) -> bool:
        """Use up the link that belongs to the password; False where the browser holds none that works.

        One that was mailed to the account's address shows that its person gets the mail of it.
        """
        kind, link = enrollee.link_kind, enrollee.link
        if kind is None:
            return True
        found = None if link is None else link_store.find_open(tx, kind, link.digest, now)
        if link is None or found is None or not link_store.consume(tx, kind, link.digest, now):
            return False
        if kind is LinkKind.ENROLMENT and found.email == account.email:
            account_store.confirm_email(tx, account.id, now)
        return True

    def _owners(self, tx: Writing, enrollee: Enrollee) -> Sequence[str]:
        """Those who are told that the password alone was enough. They stay what they are, since the installation is locked."""
        if enrollee.pending.next_step is not NextStep.ENROL_BY_PASSWORD:
            return ()
        installation_store.lock(tx)
        return account_store.active_owners(tx)

    def _tell_owners(self, tx: Writing, account: Account, enrollee: Enrollee, owners: Sequence[str], now: int) -> None:
        if enrollee.pending.next_step is not NextStep.ENROL_BY_PASSWORD:
            return
        for owner in owners:
            if owner != account.id:
                append_event(tx, self._system.entropy, owner, _told(EventKind.MEMBER_ENROLLED_BY_PASSWORD, account), now)
        append_event(tx, self._system.entropy, TEAM, _told(EventKind.TEAM_ENROLLED_BY_PASSWORD, account), now)

    def _enter(self, tx: Writing, enrollee: Enrollee, owners: Sequence[str] = ()) -> LockedAccounts | Denied[EnrolleeRefusal]:
        """Lock the accounts, with the owners who are to be told. What was decided must still hold, and the link be this account's."""
        locked = self._session_start.lock(tx, enrollee.pending.account_id, enrollee.pending.security_version, enrollee.client, owners)
        if second_click := self._refuse_second_click(tx, enrollee):
            return Denied(second_click)
        if locked is None or not enrollee.pending.is_open(self._system.now()):
            return Denied(SignInRefusal.START_AGAIN)
        refusal = self._refuse_link(tx, enrollee)
        return locked if refusal is None else Denied(refusal)

    def _refuse_second_click(self, tx: Reading, enrollee: Enrollee) -> PendingRefusal | None:
        return PendingRefusal.JUST_SIGNED_IN if pending_store.is_consumed(tx, enrollee.token.digest) else None

    def _refuse_link(self, tx: Reading, enrollee: Enrollee) -> ReEnrolmentRefusal | None:
        if enrollee.link_kind is None:
            return None
        found = link_store.find_open(tx, enrollee.link_kind, enrollee.link.digest, self._system.now()) if enrollee.link else None
        if found is None:
            return ReEnrolmentRefusal.MUST_ENROL
        return None if found.account_id == enrollee.pending.account_id else ReEnrolmentRefusal.LINK_OF_ANOTHER


def _told(kind: EventKind, account: Account) -> NewEvent:
    """What others may know. From which network and browser it was is the member's own, and stands in their record."""
    return NewEvent(kind, {"email": account.email}, actor=account.id, target=account.id)
