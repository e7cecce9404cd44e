"""The name by which pages and mails call a person."""

from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged


class NameChange:
    """Gives an account another name."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def change(self, caller: Caller, name: str) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """Take a normalised name. The one that the account has already changes nothing."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done]:
            if name == entry.account.name:
                return Unchanged(Done())
            account_store.set_name(entry.tx, entry.account.id, name)
            return Changed(Done(), caller.event(EventKind.NAME_CHANGED))

        return self._gate.run(caller, Action.CHANGE_NAME, operation)
