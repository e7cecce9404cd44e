"""Turning 2FA on, moving it to another authenticator, and turning it off: use cases of a signed-in person."""

from dataclasses import dataclass, replace
from typing import assert_never

from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import must_keep_two_factor
from xpressbot.identity.audit.rules.event import DetailValue, EventKind
from xpressbot.identity.factors.enrolment_steps import Confirmed, EnrolmentRefusal, EnrolmentSteps, OpenEnrolment, RefusedProof
from xpressbot.identity.factors.kind import Kinds, Proof, ProofRefusal
from xpressbot.identity.factors.protection import AuthenticatorRefusal, DisableRefusal, ProtectionRefusal, protection_of
from xpressbot.identity.factors.reset import remove_all_factors
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME, Addition, Replacement, inherited_name, name_in_place
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged
from xpressbot.identity.sessions.rules.assurance import PASSWORD, is_fresh
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import Charge


@dataclass(frozen=True, slots=True)
class InPlace:
    """The new authenticator is in its place.

    shows_backups: new backups are to be saved now. added: it stands beside others.
    """

    renewed: SessionRenewed
    shows_backups: bool
    added: bool


class TwoFactor:
    """The life of an account's 2FA from the first set-up to its end."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, kinds: Kinds, steps: EnrolmentSteps) -> None:
        self._transactions = transactions
        self._gate = gate
        self._kinds = kinds
        self._steps = steps

    def start(
        self, caller: Caller, kind: str, *, replaces: str | None = None, lost: bool = False
    ) -> Done | Denied[SessionRefusal | AuthenticatorRefusal] | StepUpRequired:
        """Prepare an authenticator. Nothing changes until it has proven itself; a second start shows the same one.

        With 2FA on this is a move: the new authenticator takes the place of `replaces`, or of all there are. lost: another person may
        have the old phone, so the backups go with it.
        """

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied[AuthenticatorRefusal]]:
            protection = protection_of(entry.tx, entry.account.id)
            if replaces is not None and protection.find(replaces) is None:
                return Unchanged(Denied(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR))
            active = protection.authenticators
            plan = Replacement(replaces if len(active) > 1 else None, renews_backups=lost and protection.is_on)
            name = inherited_name(active, plan.replaces)
            begun = self._steps.begin(entry.tx, entry.account, entry.session.id, kind, name, plan)
            return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED, factor=kind)) if begun else Unchanged(Done())

        return self._gate.run(caller, Action.START_ENROLMENT, operation)

    def start_over(self, caller: Caller) -> Done | Denied[SessionRefusal | EnrolmentRefusal] | StepUpRequired:
        """Replace what an open enrolment has prepared. Without a fresh proof, it keeps the time the first one had left."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Denied[EnrolmentRefusal]]:
            found = self._steps.find_open(entry.tx, entry.session.id, entry.now)
            if found is None:
                return Unchanged(Denied(EnrolmentRefusal.NO_ENROLMENT))
            enrolment, kind = found
            fresh = is_fresh(entry.session.proven_at, entry.now)
            expires_at = entry.now + ENROLMENT_LIFETIME if fresh else enrolment.expires_at
            name = enrolment.authenticator.name
            self._steps.prepare(entry.tx, entry.account, entry.session.id, kind, name, enrolment.plan, expires_at)
            return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED, factor=kind.name))

        return self._gate.run(caller, Action.RESTART_ENROLMENT, operation)

    def view(self, caller: Caller) -> OpenEnrolment | None:
        """The open enrolment of this session, while it has the token that the request brought."""
        with self._transactions.reading() as tx:
            session = session_store.by_token(tx, caller.token.digest)
            return None if session is None else self._steps.view(tx, caller.account.id, session.id)

    def confirm(self, caller: Caller, proof: Proof) -> InPlace | Denied[SessionRefusal | EnrolmentRefusal | ProofRefusal] | StepUpRequired:
        """Prove possession with a first proof, which is used up by it, and do what was planned.

        A try counts before it is checked; after ENROLMENT_TRIES wrong ones the enrolment is discarded.
        """
        charge = self._gate.charge(caller, Action.CONFIRM_ENROLMENT, lambda entry: self._steps.count(entry.tx, entry.session.id, entry.now))
        if isinstance(charge, Denied):
            reason = charge.reason
            if not isinstance(reason, ThrottleRefusal):
                return charge.narrowed(reason)
        charged = isinstance(charge, Charge)  # a proof, were one needed, is asked for under the lock

        def operation(entry: Entry) -> Changed[InPlace | Denied[EnrolmentRefusal | ProofRefusal]] | Unchanged[Denied[EnrolmentRefusal]]:
            result = self._steps.confirm(entry.tx, entry.session.id, proof, entry.now, charged=charged)
            match result:
                case None:
                    return Unchanged(Denied(EnrolmentRefusal.NO_ENROLMENT))
                case RefusedProof(denied, kind, factor):
                    return Changed(denied, caller.event(kind, factor=factor, reason=denied.reason))
                case Confirmed():
                    return self._put_in_place(entry, caller, result)
                case unknown:
                    assert_never(unknown)

        return self._gate.run(caller, Action.CONFIRM_ENROLMENT, operation)

    def disable(self, caller: Caller) -> SessionRenewed | Denied[SessionRefusal | ProtectionRefusal | DisableRefusal] | StepUpRequired:
        """Turn 2FA off: authenticators are revoked, backups removed, other sessions ended. Refused while the team requires it."""

        def operation(entry: Entry) -> Changed[SessionRenewed] | Unchanged[Denied[ProtectionRefusal | DisableRefusal]]:
            if not protection_of(entry.tx, entry.account.id).is_on:
                return Unchanged(Denied(ProtectionRefusal.NOT_PROTECTED))
            if must_keep_two_factor(entry.account, entry.policy, entry.now):
                return Unchanged(Denied(DisableRefusal.REQUIRED_BY_TEAM))
            others = session_store.count_others(entry.tx, entry.account.id, entry.session.id, entry.now)
            self._steps.discard(entry.tx, entry.session.id)
            remove_all_factors(entry.tx, self._kinds, entry.account.id)
            renewed = entry.change_security(replace(entry.session, amr=frozenset({PASSWORD}), recovery_grant_until=0))
            return Changed(renewed, caller.event(EventKind.TWO_FACTOR_DISABLED, sessions_ended=others))

        return self._gate.run(caller, Action.DISABLE_TWO_FACTOR, operation)

    def _put_in_place(self, entry: Entry, caller: Caller, confirmed: Confirmed) -> Changed[InPlace] | Unchanged[Denied[EnrolmentRefusal]]:
        account_id, plan = entry.account.id, confirmed.enrolment.plan
        protection = protection_of(entry.tx, account_id)
        name = name_in_place(confirmed.enrolment, protection.authenticators)
        if not self._steps.put_in_place(entry.tx, confirmed, name, entry.now):
            return Unchanged(Denied(EnrolmentRefusal.NO_ENROLMENT))
        others = session_store.count_others(entry.tx, account_id, entry.session.id, entry.now)
        added = isinstance(plan, Addition)
        session = replace(entry.session, amr=entry.session.amr | {confirmed.method}, proven_at=entry.now)
        if not added:
            # What a recovery code opened ends with what it was opened for.
            session = replace(session, amr=frozenset({PASSWORD, confirmed.method}), recovery_grant_until=0)
        renewed = entry.change_security(session)
        renews = isinstance(plan, Replacement) and plan.renews_backups
        shows_backups = renews or not protection.is_on
        if shows_backups:
            self._steps.issue_backups(entry.tx, account_id, entry.session.id, entry.now)
        kind = _event_kind(added=added, was_on=protection.is_on)
        details: dict[str, DetailValue] = {"sessions_ended": others}
        if name:
            details["name"] = name
        if kind is EventKind.AUTHENTICATOR_MOVED:
            details["backups_renewed"] = renews
        authenticator = confirmed.enrolment.authenticator
        event = caller.event(kind, factor=authenticator.kind, target=authenticator.id, **details)
        return Changed(InPlace(renewed, shows_backups=shows_backups, added=added), event)


def _event_kind(*, added: bool, was_on: bool) -> EventKind:
    if added:
        return EventKind.AUTHENTICATOR_ADDED
    return EventKind.AUTHENTICATOR_MOVED if was_on else EventKind.TWO_FACTOR_ENABLED
