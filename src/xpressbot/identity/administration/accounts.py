"""What an operator does to accounts from the server's command line."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.system import System
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.audit.rules.event import EventKind, NewEvent
from xpressbot.identity.factors.totp.rules import totp
from xpressbot.identity.links.rules import Link, LinkKind
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.ports import UnitOfWork, UnitsOfWork
from xpressbot.identity.sessions.caller import OPERATOR
from xpressbot.identity.sessions.invalidation import void_earlier_decisions

_EVENTS = {AccountStatus.ACTIVE: EventKind.ACCOUNT_ENABLED, AccountStatus.DISABLED: EventKind.ACCOUNT_DISABLED}


@dataclass(frozen=True, slots=True)
class AccountSummary:
    """An account as an operator sees it: nothing secret."""

    account: Account
    owner: bool
    protected_since: int | None
    codes_left: int


@dataclass(frozen=True, slots=True)
class ClockReset:
    """What of an account was dated in the future: apps whose codes were refused, and sessions that have ended."""

    apps: int
    sessions: int


class Administration:
    """Lists accounts, changes their status, and puts right what a wrong clock has done to them."""

    def __init__(self, units: UnitsOfWork, system: System) -> None:
        self._units = units
        self._system = system

    def list_accounts(self) -> Sequence[AccountSummary]:
        """All accounts, by address."""
        with self._units.read() as uow:
            return [_summary(uow, account) for account in uow.accounts.all()]

    def summary(self, email: str) -> AccountSummary | None:
        """One account."""
        with self._units.read() as uow:
            account = uow.accounts.by_email(email)
            return None if account is None else _summary(uow, account)

    def set_status(self, email: str, status: AccountStatus) -> Account | Denied | None:
        """Disable or enable an account. Either ends its sessions and pending sign-ins; None when there is no such account.

        Disabling voids the link of a reset too: whoever holds it would be let in by a later enabling. Enabling one whose status
        a newer version of this program gave it is refused: nobody here knows what it would let in.
        """
        with self._units.write() as uow:
            found = uow.accounts.by_email(email)
            account = uow.accounts.lock(found.id) if found else None
            if account is None:
                return None
            if account.status is None and status is AccountStatus.ACTIVE:
                return Denied(Reason.STATUS_UNKNOWN)
            if account.status is not status:
                now = self._system.now()
                uow.accounts.set_status(account.id, status)
                void_earlier_decisions(uow, account.id, keep_session=None)
                if status is AccountStatus.DISABLED:
                    uow.links.void(Link(LinkKind.RE_ENROLMENT, account_id=account.id), now)
                uow.events.append(account.id, NewEvent(_EVENTS[status], OPERATOR), now)
                uow.commit()
            return account

    def reset_clock(self, email: str) -> ClockReset | Denied | None:
        """Take the present clock for right: what of this account is dated in the future ends.

        Its apps' last used step becomes the present one, so that no code is good twice and the next ones are good again; its
        sessions of the future end. Refused when there is nothing of the kind; None when there is no such account.
        """
        with self._units.write() as uow:
            found = uow.accounts.by_email(email)
            account = uow.accounts.lock(found.id) if found else None
            if account is None:
                return None
            now = self._system.now()
            apps = uow.authenticators.bring_back(account.id, totp.latest_credible_step(now), totp.step_at(now), now)
            sessions = uow.sessions.end_from_the_future(account.id, now)
            if not apps and not sessions:
                return Denied(Reason.NOTHING_IN_THE_FUTURE)
            uow.events.append(account.id, NewEvent(EventKind.CLOCK_RESET, {**OPERATOR, "apps": apps, "sessions_ended": sessions}), now)
            uow.commit()
            return ClockReset(apps, sessions)


def _summary(uow: UnitOfWork, account: Account) -> AccountSummary:
    return AccountSummary(
        account,
        owner=account.id == uow.installation.owner(),
        protected_since=uow.authenticators.protected_since(account.id),
        codes_left=uow.recovery_codes.count_unused(account.id),
    )
