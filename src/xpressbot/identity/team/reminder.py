"""The dashboard's reminder of 2FA, where the team asks for it and does not require it."""

from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.two_factor_policy import REMINDER_PUT_OFF_FOR, is_reminded
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Entry, Unchanged


class Reminder:
    """Can be put off by the person whom it reminds."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def put_off(self, caller: Caller) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """Show no reminder for REMINDER_PUT_OFF_FOR. Where none is shown, nothing changes."""

        def operation(entry: Entry) -> Unchanged[Done]:
            if is_reminded(entry.account, entry.policy, entry.now):
                account_store.put_off_reminder(entry.tx, entry.account.id, entry.now + REMINDER_PUT_OFF_FOR)
            return Unchanged(Done())

        return self._gate.run(caller, Action.PUT_OFF_REMINDER, operation)
