"""The language that a person has chosen for their pages and mails."""

from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Entry, Unchanged


class LanguageChoice:
    """Keeps the choice with the account, for every browser."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def choose(self, caller: Caller, tag: str | None, *, asked_for: str) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """Keep the tag of a language that there is; None: what each browser asks for. It is no change of security, so no event.

        asked_for: what this browser does, which mails have from then on where none is chosen.
        """

        def operation(entry: Entry) -> Unchanged[Done]:
            account_store.set_language(entry.tx, entry.account.id, tag)
            if tag is None:
                account_store.set_mail_language(entry.tx, entry.account.id, asked_for)
            return Unchanged(Done())

        return self._gate.run(caller, Action.CHOOSE_LANGUAGE, operation)
