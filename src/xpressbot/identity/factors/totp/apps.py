"""More than one authenticator app: adding, naming and removing them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

from xpressbot.foundation.database.transaction import Transactions
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.rules import MOST_PER_ACCOUNT, Addition, Authenticator, is_name_taken
from xpressbot.identity.factors.totp.enrolment_steps import EnrolmentSteps
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Changed, Entry, Gate, Unchanged
from xpressbot.identity.sessions.rules.assurance import Action


@dataclass(frozen=True, slots=True)
class AuthenticatorApp:
    """An app as its owner sees it: nothing secret. name is empty while it has none.

    is_usable: False for what a newer version of this program added, which this one cannot check.
    """

    id: str
    name: str
    added_at: int
    last_used_at: int
    is_usable: bool

    @classmethod
    def of(cls, authenticator: Authenticator) -> Self:
        """What its owner sees of an active authenticator."""
        made = authenticator.created_at
        times = (authenticator.confirmed_at or made, authenticator.last_used_at or made)
        return cls(authenticator.id, authenticator.name, *times, authenticator.is_usable)


class AuthenticatorApps:
    """The apps of an account, any one of which signs in. The last one leaves only with 2FA itself."""

    def __init__(self, transactions: Transactions, gate: Gate, enrolment_steps: EnrolmentSteps) -> None:
        self._transactions = transactions
        self._gate = gate
        self._steps = enrolment_steps

    def list_apps(self, caller: Caller) -> Sequence[AuthenticatorApp]:
        """All of them, the oldest first; none while 2FA is off."""
        with self._transactions.reading() as tx:
            return [AuthenticatorApp.of(app) for app in authenticator_store.active(tx, caller.account.id)]

    def add(self, caller: Caller, name: str) -> Done | Denied | StepUpRequired:
        """Prepare a secret for one app more. It counts once it has proven a code (`TotpEnrolment.confirm`).

        Refused while 2FA is off, at MOST_PER_ACCOUNT apps, and when another has the name.
        """

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied]:
            active = authenticator_store.active(entry.tx, entry.account.id)
            refusal = _refuse_addition(active, name)
            if refusal is not None:
                return Unchanged(Denied(refusal))
            begun = self._steps.begin(entry.tx, entry.account.id, entry.session.id, name, Addition())
            return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED)) if begun else Unchanged(Done())

        return self._gate.enter_confirmed(caller, Action.ADD_AUTHENTICATOR, operation)

    def rename(self, caller: Caller, app_id: str, name: str) -> Done | Denied:
        """Give an app another name."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied]:
            active = authenticator_store.active(entry.tx, entry.account.id)
            app = _find(active, app_id)
            if app is None:
                return Unchanged(Denied(Reason.NO_SUCH_AUTHENTICATOR))
            if is_name_taken(name, (other for other in active if other is not app)):
                return Unchanged(Denied(Reason.NAME_TAKEN))
            if app.name == name:
                return Unchanged(Done())
            authenticator_store.rename(entry.tx, app.id, name)
            return Changed(Done(), caller.event(EventKind.AUTHENTICATOR_RENAMED, app=name, before=app.name))

        return self._gate.enter(caller, operation)

    def remove(self, caller: Caller, app_id: str) -> SessionRenewed | Denied | StepUpRequired:
        """Let one app go; its secret is forgotten, and other sessions end (ASVS 7.4.3)."""

        def operation(entry: Entry) -> Changed[SessionRenewed] | Unchanged[Denied]:
            active = authenticator_store.active(entry.tx, entry.account.id)
            app = _find(active, app_id)
            if app is None:
                return Unchanged(Denied(Reason.NO_SUCH_AUTHENTICATOR if active else Reason.NOT_PROTECTED))
            if not any(other.is_usable for other in active if other is not app):
                return Unchanged(Denied(Reason.LAST_AUTHENTICATOR))
            authenticator_store.revoke(entry.tx, app.id)
            # A move away from this very app would otherwise still be open in this session.
            authenticator_store.discard_enrolment(entry.tx, entry.session.id)
            others = session_store.count_others(entry.tx, entry.account.id, entry.session.id, entry.now)
            # What a recovery code opened ends here too: another app has just been proven, or works.
            raised = entry.change_security(replace(entry.session, recovery_grant_until=0))
            return Changed(raised, caller.event(EventKind.AUTHENTICATOR_REMOVED, sessions_ended=others, app=app.name))

        return self._gate.enter_confirmed(caller, Action.REMOVE_AUTHENTICATOR, operation)


def _refuse_addition(active: Sequence[Authenticator], name: str) -> Reason | None:
    if not active:
        return Reason.NOT_PROTECTED
    if len(active) >= MOST_PER_ACCOUNT:
        return Reason.TOO_MANY_AUTHENTICATORS
    return Reason.NAME_TAKEN if is_name_taken(name, active) else None


def _find(apps: Sequence[Authenticator], app_id: str) -> Authenticator | None:
    return next((app for app in apps if app.id == app_id), None)
