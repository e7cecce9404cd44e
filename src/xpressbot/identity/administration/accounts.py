"""What an operator does to accounts from the server's command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import OPERATOR, TEAM, EventKind, NewEvent
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.security_version import raise_security_version

_EVENTS = {
    AccountStatus.ACTIVE: (EventKind.ACCOUNT_ENABLED, EventKind.MEMBER_REINSTATED),
    AccountStatus.DISABLED: (EventKind.ACCOUNT_DISABLED, EventKind.MEMBER_SUSPENDED),
}
"""In the account's own record, and in the team's."""


class StatusRefusal(Reason):
    """Why an account keeps its status."""

    STATUS_UNKNOWN = "status_unknown"
    ONLY_OWNER = "only_owner"
    """No active owner would be left: the team could not undo it."""


class ClockResetRefusal(Reason):
    """Why there is nothing to put right."""

    NOTHING_IN_THE_FUTURE = "nothing_in_the_future"


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """An account as an operator sees it: nothing secret."""

    account: Account
    protected_since: int | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class ClockReset:
    """What of an account was dated in the future: authenticators whose codes were refused, and sessions that have ended."""

    authenticators: int
    sessions: int


class Administration:
    """Lists accounts, changes their status, and puts right what a wrong clock has done to them."""

    def __init__(self, transactions: Transactions, system: System, kinds: Kinds) -> None:
        self._transactions = transactions
        self._system = system
        self._kinds = kinds

    def list_accounts(self) -> Sequence[AccountSummary]:
        """All accounts, by address."""
        with self._transactions.reading() as tx:
            return [_summary(tx, self._kinds, account) for account in account_store.list_all(tx)]

    def summary(self, email: str) -> AccountSummary | None:
        """One account."""
        with self._transactions.reading() as tx:
            account = account_store.by_email(tx, email)
            return None if account is None else _summary(tx, self._kinds, account)

    def set_status(self, email: str, status: AccountStatus, *, keeps_an_owner: bool = False) -> Account | Denied[StatusRefusal] | None:
        """Disable or enable an account. Either ends its sessions and pending sign-ins; None when there is no such account.

        Links that give power end with them: a later enabling would let their holders in. Enabling one whose status
        a newer version of this program gave it is refused: this version does not know what it would allow.

        keeps_an_owner: refuse to disable the only active owner. Whoever sits at the server may do it, and has to mean it.
        """
        with self._transactions.writing() as tx:
            installation_store.lock(tx)  # an owner's status decides whether another may leave
            found = account_store.by_email(tx, email)
            account = account_store.lock(tx, found.id) if found else None
            if account is None:
                return None
            if account.status is None and status is AccountStatus.ACTIVE:
                return Denied(StatusRefusal.STATUS_UNKNOWN)
            is_owner = account.role is Role.OWNER and account.status is AccountStatus.ACTIVE
            if keeps_an_owner and status is AccountStatus.DISABLED and is_owner and not account_store.has_other_owner(tx, account.id):
                return Denied(StatusRefusal.ONLY_OWNER)
            if account.status is not status:
                now = self._system.now()
                account_store.set_status(tx, account.id, status)
                raise_security_version(tx, account.id, keep_session=None)
                own, of_team = _EVENTS[status]
                append_event(tx, self._system.entropy, account.id, NewEvent(own, {}, actor=OPERATOR), now)
                told = NewEvent(of_team, {"email": account.email}, actor=OPERATOR, target=account.id)
                append_event(tx, self._system.entropy, TEAM, told, now)
                tx.commit()
            return account

    def reset_clock(self, email: str) -> ClockReset | Denied[ClockResetRefusal] | None:
        """Take the present clock for right: what of this account is dated in the future ends.

        Its apps' last used step becomes the present one, so that no code is good twice and the next ones are good again; its
        sessions of the future end. Refused when there is nothing of the kind; None when there is no such account.
        """
        with self._transactions.writing() as tx:
            found = account_store.by_email(tx, email)
            account = account_store.lock(tx, found.id) if found else None
            if account is None:
                return None
            now = self._system.now()
            authenticators = sum(kind.reset_clock(tx, account.id, now) for kind in self._kinds)
            authenticator_store.bring_back_uses(tx, account.id, now)
            sessions = session_store.end_from_the_future(tx, account.id, now)
            if not authenticators and not sessions:
                return Denied(ClockResetRefusal.NOTHING_IN_THE_FUTURE)
            append_event(
                tx,
                self._system.entropy,
                account.id,
                NewEvent(EventKind.CLOCK_RESET, {"authenticators": authenticators, "sessions_ended": sessions}, actor=OPERATOR),
                now,
            )
            tx.commit()
            return ClockReset(authenticators, sessions)


def _summary(tx: Reading, kinds: Kinds, account: Account) -> AccountSummary:
    return AccountSummary(
        account,
        protected_since=protection_of(tx, account.id).since,
        codes_left=kinds.count_backups_left(tx, account.id),
    )
