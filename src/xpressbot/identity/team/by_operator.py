"""What an operator does to a member's role and place in the team, where nobody in it can."""

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.administration.leaving import end_account
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, EventKind, NewEvent
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.sessions.security_version import end_step_up
from xpressbot.identity.team import member_store
from xpressbot.identity.team.member_actions import MemberRefusal


class MemberAdministration:
    """Changes roles and removes members from the server's command line. Neither leaves the team without an active owner."""

    def __init__(self, transactions: Transactions, system: System, kinds: Kinds) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds

    def change_role(self, email: str, role: Role) -> Done | Denied[MemberRefusal] | None:
        """Give a member another role; None when there is no such account. It does what an owner's change does."""
        with self._transactions.writing() as tx:
            account = _locked(tx, email)
            if account is None:
                return None
            if account.role is role:
                return Denied(MemberRefusal.ALREADY_DONE)
            if _is_last_owner(tx, account):
                return Denied(MemberRefusal.NO_OTHER_OWNER)
            now, before = self._system.now(), account.role
            account_store.set_role(tx, account.id, role, None, now)
            end_step_up(tx, account.id)
            own = NewEvent(EventKind.ROLE_CHANGED, {"role": role, "role_before": before}, actor=OPERATOR)
            changed = {"email": account.email, "role": role, "role_before": before}
            self._record(tx, account.id, own, NewEvent(EventKind.MEMBER_ROLE_CHANGED, changed, actor=OPERATOR, target=account.id), now)
            return Done()

    def remove(self, email: str) -> Done | Denied[MemberRefusal] | None:
        """Remove a member for good; None when there is no such account. It does what a colleague's removal does."""
        with self._transactions.writing() as tx:
            account = _locked(tx, email)
            if account is None:
                return None
            if _is_last_owner(tx, account):
                return Denied(MemberRefusal.NO_OTHER_OWNER)
            now = self._system.now()
            end_account(tx, self._kinds, account.id, AccountStatus.REMOVED)
            member_store.take_back_invitations(tx, account.id, now)
            left = {"email": account.email, "role": account.role}
            removed = NewEvent(EventKind.MEMBER_REMOVED, left, actor=OPERATOR, target=account.id)
            self._record(tx, account.id, NewEvent(EventKind.ACCOUNT_REMOVED, {}, actor=OPERATOR), removed, now)
            return Done()

    def _record(self, tx: Writing, account_id: str, own: NewEvent, of_team: NewEvent, now: int) -> None:
        append_event(tx, self._system.entropy, account_id, own, now)
        append_event(tx, self._system.entropy, TEAM, of_team, now)
        tx.commit()


def _locked(tx: Writing, email: str) -> Account | None:
    """The account of an address, locked after the installation: its role may be the last of its kind."""
    installation_store.lock(tx)
    found = account_store.by_email(tx, email)
    return None if found is None else account_store.lock(tx, found.id)


def _is_last_owner(tx: Writing, account: Account) -> bool:
    return account.role is Role.OWNER and not account_store.has_other_owner(tx, account.id)
