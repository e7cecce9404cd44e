"""What a person sees of their own account: protection, notices, recent activity."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.identity.application.authenticator_apps import AuthenticatorApp
from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.gate import Changed, Entry, Gate, Unchanged
from xpressbot.identity.application.minting import Mint
from xpressbot.identity.application.ports import UnitOfWork, UnitsOfWork
from xpressbot.identity.domain.outcomes import Done
from xpressbot.identity.domain.recovery_code import CODES_IN_A_SET
from xpressbot.identity.domain.security_event import EventKind, SecurityEvent

RECENT_EVENTS = 10


@dataclass(frozen=True, slots=True)
class Protection:
    """Whether 2FA is on, and what the settings page says about it."""

    since: int | None
    codes_left: int
    recovery_session: bool
    """The person came in with a recovery code, and may repair the account without further proof."""

    @property
    def on(self) -> bool:
        """Whether signing in needs a second factor."""
        return self.since is not None

    @property
    def codes_total(self) -> int:
        """How many codes a set has."""
        return CODES_IN_A_SET


@dataclass(frozen=True, slots=True)
class Dashboard:
    """The first page after signing in."""

    protection: Protection
    notices: Sequence[SecurityEvent]
    activity: Sequence[SecurityEvent]
    owner: bool
    """The installation is theirs, and so is what is wrong with it."""


@dataclass(frozen=True, slots=True)
class AccountSettings:
    """The Account Settings page."""

    protection: Protection
    other_sessions: int
    enrolment_pending: bool
    apps: Sequence[AuthenticatorApp]


class AccountPage:
    """Reads for pages, and the acknowledgement of notices."""

    def __init__(self, units: UnitsOfWork, gate: Gate, mint: Mint) -> None:
        self._units = units
        self._gate = gate
        self._mint = mint

    def dashboard(self, caller: Caller) -> Dashboard:
        """Protection, what happened since the person last acknowledged, and the latest events."""
        with self._units.read() as uow:
            notices = uow.events.notable_after(caller.account.id, caller.account.notices_seen)
            return Dashboard(
                protection=self._protection(uow, caller),
                notices=[notice for notice in notices if notice.details.get("session") != caller.session.id or _tells_of_recovery(notice)],
                activity=uow.events.latest(caller.account.id, RECENT_EVENTS),
                owner=uow.installation.owner() == caller.account.id,
            )

    def settings(self, caller: Caller) -> AccountSettings:
        """Protection, and what changing it would do."""
        with self._units.read() as uow:
            now = self._mint.now()
            enrolment = uow.authenticators.enrolment_of(caller.session.id)
            active = uow.authenticators.active(caller.account.id)
            return AccountSettings(
                protection=self._protection(uow, caller),
                other_sessions=uow.sessions.count_others(caller.account.id, caller.session.id, now),
                enrolment_pending=enrolment is not None and enrolment.is_open(now),
                apps=[AuthenticatorApp.of(authenticator) for authenticator in active],
            )

    def acknowledge(self, caller: Caller, seq: int) -> None:
        """Notices up to `seq` are seen. A number that no event has yet acknowledges nothing."""

        def deed(entry: Entry) -> Changed[Done] | Unchanged[Done]:
            latest = entry.uow.events.latest(entry.account.id, 1)
            if not entry.account.notices_seen < seq <= latest[0].seq:
                return Unchanged(Done())
            entry.uow.accounts.acknowledge_notices(entry.account.id, seq)
            return Changed(Done(), caller.event(EventKind.NOTICES_SEEN, up_to=seq))

        self._gate.enter(caller, deed)

    def _protection(self, uow: UnitOfWork, caller: Caller) -> Protection:
        since = uow.authenticators.protected_since(caller.account.id)
        left = 0 if since is None else uow.recovery_codes.count_unused(caller.account.id)
        return Protection(since, left, self._mint.now() < caller.session.recovery_grant_until)


def _tells_of_recovery(event: SecurityEvent) -> bool:
    """A sign-in with a recovery code is worth a word even to the one who has just done it."""
    return event.kind is EventKind.SIGNED_IN_WITH_RECOVERY_CODE
