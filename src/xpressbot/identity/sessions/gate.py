"""The gate: authorise, step up, act, record. Everything a signed-in person can change passes through it."""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import TypeVar, assert_never

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions, Writing
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import ACTIONS, Action
from xpressbot.identity.accounts.rules.roles import Role, may_act_on, permits
from xpressbot.identity.accounts.rules.two_factor_policy import owes_enrolment
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import TEAM
from xpressbot.identity.outcomes import Denied, Reason, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller, LockedCaller, MustEnrol, SessionHolder
from xpressbot.identity.sessions.operation import Admitted, Changed, ChangedTeam, Entry, MemberOperation, Operation, Result, Unchanged
from xpressbot.identity.sessions.rules.assurance import Amr, aal_of, step_up_needed, waits_for_new_password
from xpressbot.identity.sessions.rules.session import Session
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal, settle_refusal
from xpressbot.identity.throttling.rules import Bucket, Charge, Refusal

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)
R = TypeVar("R", bound=Reason)


class SessionRefusal(Reason):
    """Why the gate lets a request through to no operation at all."""

    NOT_SIGNED_IN = "not_signed_in"
    TOKEN_SUPERSEDED = "token_superseded"
    """The session was renewed since the request was sent."""
    SESSION_LOCKED = "session_locked"
    """It was not used for too long: only the password goes on with it."""
    NOT_PERMITTED = "not_permitted"
    """It is not for this account's role, or not to a member whose role is above it."""
    TWO_FACTOR_NEEDED = "two_factor_needed"
    """The session rests on the password alone, and what concerns others needs two factors."""
    NO_SUCH_MEMBER = "no_such_member"
    """No account that is in the team has this id."""
    NEW_PASSWORD_FIRST = "new_password_first"
    """Somebody else may know the password."""
    ENROLMENT_FIRST = "enrolment_first"
    """The team requires 2FA of this account, which has none."""


@dataclass(frozen=True, slots=True)
class PasswordProof:
    """The right password, typed into the form of an action. It counts in one session, and for the password as it was then.

    charge: the try, which is given back when the gate takes the proof, or when the session was renewed since the try was counted.
    """

    session_id: str
    security_version: int
    charge: Charge


class Gate:
    """Lets a caller through to an operation, or says why not. methods: the authentication methods that sessions may rest on."""

    def __init__(self, transactions: Transactions, system: System, methods: Amr) -> None:
        self._transactions = transactions
        self._system = system
        self._methods = methods

    def run(
        self,
        caller: SessionHolder,
        action: Action,
        operation: Operation[T],
        *,
        password: PasswordProof | None = None,
        told: Collection[str] = (),
    ) -> T | Denied[SessionRefusal] | StepUpRequired:
        """Run an operation in one transaction, and commit it with its event. Refused without the proof that its action needs.

        password: the one that came with the form, where the action takes it. told: further accounts, in whose chains there will be an
        event; they are locked as well.
        """
        with self._transactions.writing() as tx:
            entry = self._admit(tx, caller, action, told)
            if isinstance(entry, Denied):
                if password is not None and entry.reason is SessionRefusal.TOKEN_SUPERSEDED:
                    # The later half of a double click. Its try was counted before the first half renewed the session, and was no guess.
                    throttle_store.give_back(tx, [password.charge])
                    tx.commit()
                return entry
            if _lacks_proof(entry.session, action, entry.now, password_proven=password is not None and _counts(password, entry)):
                return StepUpRequired()
            if password is not None:
                # Only its own try: with one known password, wrong codes could be tried without end.
                throttle_store.give_back(tx, [password.charge])
            return self._record(entry, operation(entry))

    def run_on_member(
        self, caller: Caller, action: Action, member_id: str, operation: MemberOperation[T], *, told: Collection[str] = ()
    ) -> T | Denied[SessionRefusal] | StepUpRequired:
        """Run an operation on a member of the team, who may be the caller, under the locks of both accounts. told: as in run."""
        with self._transactions.writing() as tx:
            entry = self._admit(tx, caller, action, (member_id, *told))
            if isinstance(entry, Denied):
                return entry
            member = account_store.by_id(tx, member_id)
            if member is None or not member.is_member:
                return Denied(SessionRefusal.NO_SUCH_MEMBER)
            if not may_act_on(entry.account.role, member.role):
                return Denied(SessionRefusal.NOT_PERMITTED)
            if _lacks_proof(entry.session, action, entry.now, password_proven=False):
                return StepUpRequired()
            return self._record(entry, operation(entry, member))

    def view(self, caller: Caller, action: Action, look: Callable[[Reading, int], T]) -> T | Denied[SessionRefusal]:
        """What a person may look at beyond their own account, by the role that their session was looked up with."""
        refusal = refuse_role(caller.account.role, caller.session.amr, action)
        if refusal is not None:
            return Denied(refusal)
        with self._transactions.reading() as tx:
            return look(tx, self._system.now())

    def _record(self, entry: Entry, result: Result[T]) -> T:
        """Commit what an operation did, with its events. Heads of chains are locked in the order of ids, the team's last."""
        match result:
            case Changed(event=event):
                append_event(entry.tx, self._system.entropy, entry.account.id, event, entry.now)
            case ChangedTeam(event=event, of_members=of_members):
                for account_id in sorted(of_members):
                    append_event(entry.tx, self._system.entropy, account_id, of_members[account_id], entry.now)
                append_event(entry.tx, self._system.entropy, TEAM, event, entry.now)
            case Unchanged():
                pass
            case unknown:
                assert_never(unknown)
        entry.tx.commit()
        return result.outcome

    def charge(
        self, caller: SessionHolder, action: Action, find: Callable[[Admitted], Bucket | Denied[R]]
    ) -> Charge | Denied[R | SessionRefusal | ThrottleRefusal] | StepUpRequired:
        """Charge a try at a secret before it is checked, in a transaction that does nothing else: it stays counted whatever follows.

        find: what the try is charged to. The commit does not wait for fsync, since the answer to the try does.
        """
        with self._transactions.writing(durable=False) as tx:
            entry = self._admit(tx, caller, action)
            if isinstance(entry, Denied):
                return entry
            if _lacks_proof(entry.session, action, entry.now, password_proven=False):
                return StepUpRequired()
            bucket = find(entry)
            if isinstance(bucket, Denied):
                return bucket
            charged = throttle_store.charge(tx, [bucket], entry.now)
            if not isinstance(charged, Refusal):
                (charge,) = charged
                tx.commit()
                return charge
        return settle_refusal(self._transactions, charged, entry.now)

    def needs_proof(self, caller: Caller, action: Action) -> bool:
        """Whether this action would be refused until the person has confirmed who they are.

        For pages that ask something before it, so that the answer is not lost on the way to "Confirm it's you". Where the password in
        the form is enough, it is not needed before.
        """
        return _lacks_proof(caller.session, action, self._system.now(), password_proven=True)

    def asks_for_password(self, caller: Caller, action: Action) -> bool:
        """Whether the form of this action needs a field for the password."""
        return _lacks_proof(caller.session, action, self._system.now(), password_proven=False)

    def _admit(self, tx: Writing, caller: SessionHolder, action: Action, others: Collection[str] = ()) -> Entry | Denied[SessionRefusal]:
        """Lock the account, and those that it acts on or whose persons are told, then read the clock and the session again.

        What was true when the request came in may be so no longer.

        The session is read by the token that the request brought, never by its row: a request that was let in under an older token, and
        waited here for the lock, must not act with what was proven meanwhile (ASVS 7.2.4). It changes, charges and ends nothing.
        """
        if ACTIONS[action].among_accounts:
            installation_store.lock(tx)
        account = account_store.lock_all(tx, {caller.account.id, *others}).get(caller.account.id)
        now = self._system.now()
        found = session_store.with_policy(tx, caller.token.digest)
        if found is None and session_store.is_previous(tx, caller.token.digest):
            return Denied(SessionRefusal.TOKEN_SUPERSEDED)
        if account is None or account.status is not AccountStatus.ACTIVE or found is None:
            return Denied(SessionRefusal.NOT_SIGNED_IN)
        session, policy = found
        if not session.is_open(now) or not session.amr <= self._methods:
            return Denied(SessionRefusal.NOT_SIGNED_IN)
        entry = Entry(tx, account, session, policy, now, self._system)
        refusal = _refuse_action(caller, entry, action)
        return entry if refusal is None else Denied(refusal)


def _refuse_action(caller: SessionHolder, entry: Admitted, action: Action) -> SessionRefusal | None:
    """Why a session that is not over may not do this, whatever it proves."""
    account, session = entry.account, entry.session
    if isinstance(caller, LockedCaller) and not account.password_unlocks:
        return SessionRefusal.NOT_SIGNED_IN
    if not _is_enough(caller, session, action, entry.now):
        return SessionRefusal.SESSION_LOCKED
    if not ACTIONS[action].while_enrolling and (isinstance(caller, MustEnrol) or owes_enrolment(account, entry.policy, entry.now)):
        return SessionRefusal.ENROLMENT_FIRST
    if refusal := refuse_role(account.role, session.amr, action):
        return refusal
    return refuse_until_new_password(account, action)


def refuse_until_new_password(account: Account, action: Action) -> SessionRefusal | None:
    """Why a member may not do this before they replace their password; None where they may. Pages of chat ask it, too."""
    waits = account.replaces_password and waits_for_new_password(ACTIONS[action].proof)
    return SessionRefusal.NEW_PASSWORD_FIRST if waits else None


def refuse_role(role: Role | None, amr: Amr, action: Action) -> SessionRefusal | None:
    """Why a member may not do this in a session that rests on these methods, whatever else they prove; None where they may.

    The gate asks it under the account's lock. Routes ask it before a page is made, so that no form is read first.
    """
    if not permits(role, action):
        return SessionRefusal.NOT_PERMITTED
    if ACTIONS[action].permission.needs_second_factor and aal_of(amr) < 2:
        return SessionRefusal.TWO_FACTOR_NEEDED
    return None


def _is_enough(caller: SessionHolder, session: Session, action: Action, now: int) -> bool:
    """Whether a session that is not over may do this. One that was let in as locked stays so for its request."""
    match caller:
        case Caller() | MustEnrol():
            return session.is_live(now)
        case LockedCaller():
            return ACTIONS[action].while_locked
        case _:
            return False


def _counts(password: PasswordProof, entry: Admitted) -> bool:
    return (password.session_id, password.security_version) == (entry.session.id, entry.account.security_version)


def _lacks_proof(session: Session, action: Action, now: int, *, password_proven: bool) -> bool:
    return step_up_needed(
        ACTIONS[action].proof,
        amr=session.amr,
        proven_at=session.proven_at,
        recovery_grant_until=session.recovery_grant_until,
        now=now,
        password_proven=password_proven,
    )
