"""What a person sees of their own account: protection, notices, recent activity."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, ReadTransactions
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit import notice_store
from xpressbot.identity.audit import store as event_store
from xpressbot.identity.audit.rules.event import EventKind, SecurityEvent
from xpressbot.identity.audit.rules.notice import MOST_SHOWN, READ_SHOWN_FOR, Notice, Shown
from xpressbot.identity.factors.authenticators import ListedAuthenticator, listed
from xpressbot.identity.factors.enrolment_steps import EnrolmentSteps
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import Protection as AccountProtection
from xpressbot.identity.factors.protection import protection_of
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged

RECENT_EVENTS = 10
MOST_LEADERS = 20


@dataclass(frozen=True, slots=True)
class Protection:
    """Whether 2FA is on, and what the settings page says about it."""

    since: int | None
    codes_left: int
    codes_total: int
    """How many codes a whole set has."""
    codes_are_few: bool
    recovery_session: bool
    """The person came in with a recovery code, and may repair the account without further proof."""

    @property
    def on(self) -> bool:
        """Whether signing in needs a second factor."""
        return self.since is not None


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The first page after signing in."""

    protection: Protection
    notices: Sequence[Notice]
    more_notices: bool
    """Whether there are others, which follow once these are acknowledged."""
    read: Sequence[Notice]
    """Those that were acknowledged lately, by whichever session: a thief with two of them cannot hide what they did."""
    activity: Sequence[SecurityEvent]
    owner: bool
    """The installation is theirs, and so is what is wrong with it."""
    unconfirmed_addresses: int
    """For the owner: how many accounts have an address that no mailed link has confirmed. 0 for all others."""


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The Account Settings page."""

    protection: Protection
    enrolment_pending: bool
    other_sessions: int
    apps: Sequence[ListedAuthenticator]
    leaders: Sequence[tuple[str, Role | None]]
    """Names and roles of the team's owners and admins, to whom a member who needs help turns. At most MOST_LEADERS."""


class AccountPage:
    """Reads for pages, and the acknowledgement of notices."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, system: System, kinds: Kinds, enrolment_steps: EnrolmentSteps) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._kinds = kinds
        self._steps = enrolment_steps

    def dashboard(self, caller: Caller) -> Dashboard:
        """Protection, what happened since the person last acknowledged, and the latest events."""
        is_owner = caller.account.role is Role.OWNER
        with self._transactions.reading() as tx:
            notices = notice_store.shown_to(tx, caller.account.id, caller.session.id, MOST_SHOWN + 1)
            read = notice_store.acknowledged_after(tx, caller.account.id, self._system.now() - READ_SHOWN_FOR, MOST_SHOWN)
            return Dashboard(
                protection=self._protection(tx, caller, protection_of(tx, caller.account.id)),
                notices=_newest_first(notices[:MOST_SHOWN]),
                more_notices=len(notices) > MOST_SHOWN,
                read=_newest_first(read),
                activity=event_store.latest(tx, caller.account.id, RECENT_EVENTS),
                owner=is_owner,
                unconfirmed_addresses=account_store.count_unconfirmed(tx) if is_owner else 0,
            )

    def settings(self, caller: Caller) -> AccountSettings:
        """Protection, and what changing it would do."""
        with self._transactions.reading() as tx:
            now = self._system.now()
            in_force = protection_of(tx, caller.account.id)
            return AccountSettings(
                protection=self._protection(tx, caller, in_force),
                enrolment_pending=self._steps.find_open(tx, caller.session.id, now) is not None,
                other_sessions=session_store.count_others(tx, caller.account.id, caller.session.id, now),
                apps=[listed(one, self._kinds) for one in in_force.authenticators],
                leaders=account_store.leaders(tx, MOST_LEADERS),
            )

    def other_sessions(self, caller: Caller) -> int:
        """How many other browsers are signed in: a security change ends their sessions."""
        with self._transactions.reading() as tx:
            return session_store.count_others(tx, caller.account.id, caller.session.id, self._system.now())

    def acknowledge(self, caller: Caller, shown: Sequence[Shown]) -> Done | Denied[SessionRefusal] | StepUpRequired:
        """These notices are seen, as far as they are what was shown: one to which more was added since stays."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done]:
            seen = notice_store.acknowledge(entry.tx, entry.account.id, entry.session.id, shown[:MOST_SHOWN], entry.now)
            if not seen:
                return Unchanged(Done())
            return Changed(Done(), caller.event(EventKind.NOTICES_SEEN, notices=seen))

        return self._gate.run(caller, Action.ACKNOWLEDGE_NOTICES, operation)

    def _protection(self, tx: Reading, caller: Caller, in_force: AccountProtection) -> Protection:
        left = self._kinds.count_backups_left(tx, caller.account.id) if in_force.is_on else 0
        few = self._kinds.are_few_backups(left)
        return Protection(in_force.since, left, self._kinds.backup_set_size, few, caller.session.may_repair(self._system.now()))


def _newest_first(notices: Sequence[Notice]) -> Sequence[Notice]:
    return sorted(notices, key=lambda notice: notice.last.seq, reverse=True)
