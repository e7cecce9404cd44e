"""More than one authenticator app: adding, naming and removing them."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.identity.application.caller import Caller
from xpressbot.identity.application.gate import Changed, Entry, Gate, Unchanged
from xpressbot.identity.application.ports import UnitsOfWork
from xpressbot.identity.application.totp_enrolment import TotpEnrolment
from xpressbot.identity.domain.assurance import Action
from xpressbot.identity.domain.authenticator import MOST_PER_ACCOUNT, Authenticator, Plan, Purpose, is_name_taken
from xpressbot.identity.domain.outcomes import Denied, Done, Raised, Reason, StepUpRequired
from xpressbot.identity.domain.security_event import EventKind


@dataclass(frozen=True, slots=True)
class AuthenticatorApp:
    """An app as its owner sees it: nothing secret. name is empty while it has none."""

    id: str
    name: str
    added_at: int
    last_used_at: int


class AuthenticatorApps:
    """The apps of an account, any one of which signs in. The last one leaves only with 2FA itself."""

    def __init__(self, units: UnitsOfWork, gate: Gate, enrolment: TotpEnrolment) -> None:
        self._units = units
        self._gate = gate
        self._enrolment = enrolment

    def list_apps(self, caller: Caller) -> Sequence[AuthenticatorApp]:
        """All of them, the oldest first; none while 2FA is off."""
        with self._units.read() as uow:
            return [
                AuthenticatorApp(app.id, app.name, app.confirmed_at or app.created_at, app.last_used_at or app.created_at)
                for app in uow.authenticators.active(caller.account.id)
            ]

    def add(self, caller: Caller, name: str) -> Done | Denied | StepUpRequired:
        """Prepare a secret for one app more. It counts once it has proven a code (`TotpEnrolment.confirm`).

        Refused while 2FA is off, at MOST_PER_ACCOUNT apps, and when another has the name.
        """

        def deed(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied]:
            active = entry.uow.authenticators.active(entry.account.id)
            refusal = _refuse_addition(active, name)
            if refusal is not None:
                return Unchanged(Denied(refusal))
            return self._enrolment.begin(entry, caller, name, Plan(Purpose.ADD))

        return self._gate.enter_confirmed(caller, Action.ADD_AUTHENTICATOR, deed)

    def rename(self, caller: Caller, app_id: str, name: str) -> Done | Denied:
        """Give an app another name."""

        def deed(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied]:
            active = entry.uow.authenticators.active(entry.account.id)
            app = _find(active, app_id)
            if app is None:
                return Unchanged(Denied(Reason.NO_SUCH_AUTHENTICATOR))
            if is_name_taken(name, (other for other in active if other is not app)):
                return Unchanged(Denied(Reason.NAME_TAKEN))
            if app.name == name:
                return Unchanged(Done())
            entry.uow.authenticators.rename(app.id, name)
            return Changed(Done(), caller.event(EventKind.AUTHENTICATOR_RENAMED, app=name, before=app.name))

        return self._gate.enter(caller, deed)

    def remove(self, caller: Caller, app_id: str) -> Raised | Denied | StepUpRequired:
        """Let one app go; its secret is forgotten, and other sessions end (ASVS 7.4.3)."""

        def deed(entry: Entry) -> Changed[Raised] | Unchanged[Denied]:
            active = entry.uow.authenticators.active(entry.account.id)
            app = _find(active, app_id)
            if app is None:
                return Unchanged(Denied(Reason.NO_SUCH_AUTHENTICATOR if active else Reason.NOT_PROTECTED))
            if len(active) == 1:
                return Unchanged(Denied(Reason.LAST_AUTHENTICATOR))
            entry.uow.authenticators.revoke(app.id)
            # A move away from this very app would otherwise still be open in this session.
            entry.uow.authenticators.discard_enrolment(entry.session.id)
            others = entry.uow.sessions.count_others(entry.account.id, entry.session.id, entry.now)
            raised = entry.change_security(entry.session)
            return Changed(raised, caller.event(EventKind.AUTHENTICATOR_REMOVED, sessions_ended=others, app=app.name))

        return self._gate.enter_confirmed(caller, Action.REMOVE_AUTHENTICATOR, deed)


def _refuse_addition(active: Sequence[Authenticator], name: str) -> Reason | None:
    if not active:
        return Reason.NOT_PROTECTED
    if len(active) >= MOST_PER_ACCOUNT:
        return Reason.TOO_MANY_AUTHENTICATORS
    return Reason.NAME_TAKEN if is_name_taken(name, active) else None


def _find(apps: Sequence[Authenticator], app_id: str) -> Authenticator | None:
    return next((app for app in apps if app.id == app_id), None)
