"""The first day of a team: what an owner is reminded of until it is done, decided from what there is."""

from collections.abc import Sequence
from enum import StrEnum

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import permits
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Entry, Unchanged
from xpressbot.identity.team import first_steps_store


class FirstStep(StrEnum):
    """What is to be done, in this order."""

    ENABLE_2FA = "enable_2fa"
    SAVE_CODES = "save_codes"
    INVITE = "invite"
    SET_UP_MAIL = "set_up_mail"


class FirstSteps:
    """Lists what is left for an owner. 2FA and recovery codes are the owner's own, the others the installation's."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, system: System, kinds: Kinds, *, sends_mail: bool) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._kinds = kinds
        self._sends_mail = sends_mail

    def left(self, caller: Caller) -> Sequence[FirstStep]:
        """What is left, in order; nothing for who is no owner, without a statement, and once an owner has put the list away."""
        if not permits(caller.account.role, Action.HIDE_FIRST_STEPS):
            return ()
        is_protected = caller.account.protected_since is not None
        with self._transactions.reading() as tx:
            state = first_steps_store.state(tx, self._system.now())
            if state.is_hidden:
                return ()
            is_done = {
                FirstStep.ENABLE_2FA: is_protected,
                FirstStep.SAVE_CODES: is_protected and self._kinds.are_backups_saved(tx, caller.account.id),
                FirstStep.INVITE: state.has_colleague,
                FirstStep.SET_UP_MAIL: self._sends_mail,
            }
        return [step for step in FirstStep if not is_done[step]]

    def hide(self, caller: Caller) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """Put the list away for good, for all owners. No change of security: no event."""

        def operation(entry: Entry) -> Unchanged[Done]:
            installation_store.hide_first_steps(entry.tx, entry.now)
            return Unchanged(Done())

        return self._gate.run(caller, Action.HIDE_FIRST_STEPS, operation)
