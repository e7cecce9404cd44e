"""Closing one's own account, for good."""

from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.administration.leaving import end_account
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.outcomes import Denied, Done, Reason, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import ChangedTeam, Entry, Unchanged


class ClosingRefusal(Reason):
    """Why an account stays open."""

    LAST_OWNER = "last_owner"
    """Without an owner nobody could administer the installation."""
    ADDRESS_CAN_COME_BACK = "address_can_come_back"
    """It was changed lately: a thief who did it must not be able to close the account before its owner has stopped the change."""


class AccountClosing:
    """Closes the account of the person who asks for it."""

    def __init__(self, gate: Gate, kinds: Kinds) -> None:
        self._gate = gate
        self._kinds = kinds

    def close(self, caller: Caller) -> Done | Denied[SessionRefusal | ClosingRefusal] | StepUpRequired:
        """Remove all by which the person signs in, end every session, and free the address. The record of events stays.

        Refused for the last owner's account, and while a change of address can be stopped.
        """

        def operation(entry: Entry) -> ChangedTeam[Done] | Unchanged[Denied[ClosingRefusal]]:
            tx, account = entry.tx, entry.account
            if account.role is Role.OWNER and not account_store.has_other_owner(tx, account.id):
                return Unchanged(Denied(ClosingRefusal.LAST_OWNER))
            if reserved_address_store.of_account(tx, account.id, entry.now) is not None:
                return Unchanged(Denied(ClosingRefusal.ADDRESS_CAN_COME_BACK))
            end_account(tx, self._kinds, account.id, AccountStatus.CLOSED)
            left = caller.event(EventKind.MEMBER_LEFT, target=account.id, email=account.email, role=account.role)
            return ChangedTeam(Done(), left, {account.id: caller.event(EventKind.ACCOUNT_CLOSED)})

        return self._gate.run(caller, Action.CLOSE_ACCOUNT, operation)
