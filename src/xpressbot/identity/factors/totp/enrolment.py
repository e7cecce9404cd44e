"""Turning 2FA on, moving it to a new phone, and turning it off."""

from dataclasses import dataclass, replace
from typing import assert_never

from xpressbot.foundation.database.transaction import Transactions
from xpressbot.identity.audit.rules.event import DetailValue, EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.factors.rules import ENROLMENT_LIFETIME, Addition, Replacement, inherited_name, name_in_place
from xpressbot.identity.factors.totp.enrolment_steps import EnrolmentSteps, OpenEnrolment, ProvenCode, RefusedCode
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Changed, Entry, Gate, Unchanged
from xpressbot.identity.sessions.rules.assurance import Action, Method, is_fresh
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling import store as throttle_store


@dataclass(frozen=True, slots=True)
class Confirmed:
    """The new authenticator is in its place.

    shows_codes: a new set of recovery codes is to be saved now. added: it stands beside others.
    """

    raised: SessionRenewed
    shows_codes: bool
    added: bool


class TotpEnrolment:
    """The life of an account's authenticator apps from the first set-up to the end of 2FA."""

    def __init__(self, transactions: Transactions, gate: Gate, enrolment_steps: EnrolmentSteps) -> None:
        self._transactions = transactions
        self._gate = gate
        self._steps = enrolment_steps

    def start(self, caller: Caller, *, replaces: str | None = None, lost: bool = False) -> Done | Denied | StepUpRequired:
        """Prepare a secret. Nothing changes until it has proven a code; a second start shows the same secret.

        With 2FA on this is a move: the new app takes the place of `replaces`, or of all there are. lost: somebody else may
        have the old phone, so the recovery codes go with it.
        """

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied]:
            active = authenticator_store.active(entry.tx, entry.account.id)
            if replaces is not None and replaces not in {authenticator.id for authenticator in active}:
                return Unchanged(Denied(Reason.NO_SUCH_AUTHENTICATOR))
            plan = Replacement(replaces if len(active) > 1 else None, renews_codes=lost and bool(active))
            name = inherited_name(active, plan.replaces)
            begun = self._steps.begin(entry.tx, entry.account.id, entry.session.id, name, plan)
            return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED)) if begun else Unchanged(Done())

        return self._gate.enter_confirmed(caller, Action.START_ENROLMENT, operation)

    def start_over(self, caller: Caller) -> Done | Denied:
        """Replace the secret of an open enrolment. Without a fresh proof, it keeps the time the first one had left."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Denied]:
            enrolment = authenticator_store.enrolment_of(entry.tx, entry.session.id)
            if enrolment is None or not enrolment.is_open(entry.now):
                return Unchanged(Denied(Reason.NO_ENROLMENT))
            fresh = is_fresh(entry.session.proven_at, entry.now)
            expires_at = entry.now + ENROLMENT_LIFETIME if fresh else enrolment.expires_at
            name, plan = enrolment.authenticator.name, enrolment.plan
            self._steps.prepare(entry.tx, entry.account.id, entry.session.id, name, plan, expires_at)
            return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED))

        return self._gate.enter(caller, operation)

    def view(self, caller: Caller) -> OpenEnrolment | None:
        """The open enrolment of this session, while it has the token that the request brought."""
        with self._transactions.reading() as tx:
            session = session_store.by_token(tx, caller.token.digest)
            return None if session is None else self._steps.view(tx, caller.account.id, session.id)

    def confirm(self, caller: Caller, code: str) -> Confirmed | Denied:
        """Prove possession with a first code, which is used up by it, and do what was planned.

        A try counts before it is checked; after ENROLMENT_TRIES wrong ones the secret is discarded.
        """
        charged = self._gate.enter(
            caller, lambda entry: Unchanged(authenticator_store.charge_enrolment(entry.tx, entry.session.id, entry.now))
        )
        if isinstance(charged, Denied) or not charged:
            return charged or Denied(Reason.NO_ENROLMENT)

        def operation(entry: Entry) -> Changed[Confirmed | Denied] | Unchanged[Denied]:
            proof = self._steps.prove(entry.tx, entry.session.id, code, entry.now)
            match proof:
                case None:
                    return Unchanged(Denied(Reason.NO_ENROLMENT))
                case RefusedCode(denied, kind, details):
                    return Changed(denied, caller.event(kind, **details))
                case ProvenCode():
                    return self._activate(entry, caller, proof)
                case unknown:
                    assert_never(unknown)

        return self._gate.enter(caller, operation)

    def disable(self, caller: Caller) -> SessionRenewed | Denied | StepUpRequired:
        """Turn 2FA off: authenticators are revoked, recovery codes removed, other sessions ended."""

        def operation(entry: Entry) -> Changed[SessionRenewed] | Unchanged[Denied]:
            if not authenticator_store.active(entry.tx, entry.account.id):
                return Unchanged(Denied(Reason.NOT_PROTECTED))
            others = session_store.count_others(entry.tx, entry.account.id, entry.session.id, entry.now)
            authenticator_store.revoke_all(entry.tx, entry.account.id, keep=None)
            authenticator_store.discard_enrolment(entry.tx, entry.session.id)
            recovery_code_store.remove_all(entry.tx, entry.account.id)
            throttle_store.clear(entry.tx, [throttle.totp(entry.account.id).key, throttle.recovery_code(entry.account.id).key])
            raised = entry.change_security(replace(entry.session, amr=frozenset({Method.PASSWORD}), recovery_grant_until=0))
            return Changed(raised, caller.event(EventKind.TWO_FACTOR_DISABLED, sessions_ended=others))

        return self._gate.enter_confirmed(caller, Action.DISABLE_TWO_FACTOR, operation)

    def _activate(self, entry: Entry, caller: Caller, proven: ProvenCode) -> Changed[Confirmed] | Unchanged[Denied]:
        account_id, plan = entry.account.id, proven.enrolment.plan
        active = authenticator_store.active(entry.tx, account_id)
        was_on, name = bool(active), name_in_place(proven.enrolment, active)
        if not self._steps.put_in_place(entry.tx, proven, name, entry.now):
            return Unchanged(Denied(Reason.NO_ENROLMENT))
        others = session_store.count_others(entry.tx, account_id, entry.session.id, entry.now)
        added = isinstance(plan, Addition)
        session = replace(entry.session, amr=entry.session.amr | {Method.TOTP}, proven_at=entry.now)
        if not added:
            # What a recovery code opened ends with what it was opened for.
            session = replace(session, amr=frozenset({Method.PASSWORD, Method.TOTP}), recovery_grant_until=0)
        raised = entry.change_security(session)
        renewed = isinstance(plan, Replacement) and plan.renews_codes
        shows_codes = renewed or not was_on
        if shows_codes:
            self._steps.give_codes(entry.tx, account_id, entry.session.id, entry.now)
        kind = EventKind.AUTHENTICATOR_ADDED if added else EventKind.AUTHENTICATOR_MOVED if was_on else EventKind.TWO_FACTOR_ENABLED
        details: dict[str, DetailValue] = {"sessions_ended": others}
        if name:
            details["app"] = name
        if kind is EventKind.AUTHENTICATOR_MOVED:
            details["codes_renewed"] = renewed
        return Changed(Confirmed(raised, shows_codes=shows_codes, added=added), caller.event(kind, **details))
