"""Tries of a signed-in person to prove who they are: one count for every form that asks for a proof, after which the session ends."""

from dataclasses import replace
from typing import TypeVar

from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, Reason, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import SessionHolder
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry
from xpressbot.identity.sessions.rules.session import STEP_UP_TRIES
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import Charge

R = TypeVar("R", bound=Reason)


class StepUpRefusal(Reason):
    """Why a person cannot try again to confirm who they are."""

    SESSION_ENDED = "session_ended"


def charge_proof(
    gate: Gate, caller: SessionHolder, action: Action = Action.CONFIRM_IDENTITY
) -> Charge | Denied[SessionRefusal | StepUpRefusal] | StepUpRequired:
    """Count a try before it is checked. After STEP_UP_TRIES wrong ones the session ends: who holds it does not seem to be its owner."""
    charge = gate.charge(caller, action, lambda entry: entry.session.step_up_bucket)
    if not isinstance(charge, Denied):
        return charge
    reason = charge.reason
    if not isinstance(reason, ThrottleRefusal):
        return charge.narrowed(reason)
    # The last try was charged, and could not be checked: the session is still there.
    return gate.run(caller, action, lambda entry: _ended(entry, caller, reason))


def refuse_proof(entry: Entry, caller: SessionHolder, refusal: Denied[R], tries: int) -> Changed[Denied[R | StepUpRefusal]]:
    """Record a wrong try. tries: how many there were with this one."""
    if tries >= STEP_UP_TRIES:
        return _ended(entry, caller, refusal.reason)
    return Changed(replace(refusal, tries_left=STEP_UP_TRIES - tries), caller.event(EventKind.IDENTITY_REFUSED, reason=refusal.reason))


def _ended(entry: Entry, caller: SessionHolder, reason: Reason) -> Changed[Denied[StepUpRefusal]]:
    session_store.end(entry.tx, entry.session.id)
    throttle_store.clear(entry.tx, [entry.session.step_up_bucket.key])
    return Changed(Denied(StepUpRefusal.SESSION_ENDED), caller.event(EventKind.SESSION_ENDED_BY_FAILURES, reason=reason))
