"""More than one authenticator: listing, adding, naming and removing them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from xpressbot.foundation.database.transaction import ReadTransactions
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import DetailValue, EventKind
from xpressbot.identity.factors import store
from xpressbot.identity.factors.enrolment_steps import EnrolmentSteps
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import AuthenticatorRefusal, ProtectionRefusal, protection_of
from xpressbot.identity.factors.reset import revoke
from xpressbot.identity.factors.rules import MOST_PER_ACCOUNT, Addition, Authenticator, is_name_taken
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged


class AddRefusal(Reason):
    """Why an account gets no further authenticator."""

    TOO_MANY_AUTHENTICATORS = "too_many_authenticators"


class NameRefusal(Reason):
    """Why an authenticator cannot be called so."""

    NAME_TAKEN = "name_taken"


class RemoveRefusal(Reason):
    """Why an authenticator stays."""

    LAST_AUTHENTICATOR = "last_authenticator"


@dataclass(frozen=True, slots=True)
class ListedAuthenticator:
    """An authenticator as its owner sees it: nothing secret. name is empty while it has none.

    is_usable: False for what a newer version of this program added, which this one cannot check.
    """

    id: str
    kind: str
    name: str
    added_at: int
    last_used_at: int
    is_usable: bool


class Authenticators:
    """The authenticators of an account, any one of which signs in. The last one leaves only with 2FA itself."""

    def __init__(self, transactions: ReadTransactions, gate: Gate, kinds: Kinds, steps: EnrolmentSteps) -> None:
        self._transactions = transactions
        self._gate = gate
        self._kinds = kinds
        self._steps = steps

    def listed(self, caller: Caller) -> Sequence[ListedAuthenticator]:
        """All of them, the oldest first; none while 2FA is off."""
        with self._transactions.reading() as tx:
            return [listed(one, self._kinds) for one in protection_of(tx, caller.account.id).authenticators]

    def add(
        self, caller: Caller, kind: str, name: str
    ) -> Done | Denied[SessionRefusal | ProtectionRefusal | AddRefusal | NameRefusal] | StepUpRequired:
        """Prepare one authenticator more. It counts once it has proven itself (`TwoFactor.confirm`).

        Refused while 2FA is off, at MOST_PER_ACCOUNT authenticators, and when another has the name.
        """

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied[ProtectionRefusal | AddRefusal | NameRefusal]]:
            refusal = _refuse_addition(protection_of(entry.tx, entry.account.id).authenticators, name)
            if refusal is not None:
                return Unchanged(Denied(refusal))
            begun = self._steps.begin(entry.tx, entry.account, entry.session.id, kind, name, Addition())
            return Changed(Done(), caller.event(EventKind.ENROLMENT_STARTED, factor=kind)) if begun else Unchanged(Done())

        return self._gate.run(caller, Action.ADD_AUTHENTICATOR, operation)

    def rename(
        self, caller: Caller, authenticator_id: str, name: str
    ) -> Done | Denied[SessionRefusal | AuthenticatorRefusal | NameRefusal] | StepUpRequired:
        """Give an authenticator another name."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied[AuthenticatorRefusal | NameRefusal]]:
            protection = protection_of(entry.tx, entry.account.id)
            one = protection.find(authenticator_id)
            if one is None:
                return Unchanged(Denied(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR))
            if is_name_taken(name, (other for other in protection.authenticators if other is not one)):
                return Unchanged(Denied(NameRefusal.NAME_TAKEN))
            if one.name == name:
                return Unchanged(Done())
            store.rename(entry.tx, one.id, name)
            event = caller.event(EventKind.AUTHENTICATOR_RENAMED, factor=one.kind, target=one.id, name=name, before=one.name)
            return Changed(Done(), event)

        return self._gate.run(caller, Action.RENAME_AUTHENTICATOR, operation)

    def remove(
        self, caller: Caller, authenticator_id: str
    ) -> SessionRenewed | Denied[SessionRefusal | ProtectionRefusal | AuthenticatorRefusal | RemoveRefusal] | StepUpRequired:
        """Revoke one authenticator; its secret is forgotten, and other sessions end (ASVS 7.4.3)."""

        def operation(
            entry: Entry,
        ) -> Changed[SessionRenewed] | Unchanged[Denied[ProtectionRefusal | AuthenticatorRefusal | RemoveRefusal]]:
            protection = protection_of(entry.tx, entry.account.id)
            one = protection.find(authenticator_id)
            if one is None:
                return Unchanged(
                    Denied(AuthenticatorRefusal.NO_SUCH_AUTHENTICATOR if protection.is_on else ProtectionRefusal.NOT_PROTECTED)
                )
            if not any(is_usable(other, self._kinds) for other in protection.authenticators if other is not one):
                return Unchanged(Denied(RemoveRefusal.LAST_AUTHENTICATOR))
            revoke(entry.tx, self._kinds, one.id, one.kind)
            # A move away from this very authenticator would otherwise still be open in this session.
            self._steps.discard(entry.tx, entry.session.id)
            others = session_store.count_others(entry.tx, entry.account.id, entry.session.id, entry.now)
            # What a recovery code opened ends here too: another authenticator has just been proven, or works.
            renewed = entry.change_security(replace(entry.session, recovery_grant_until=0))
            details: dict[str, DetailValue] = {"sessions_ended": others, "name": one.name}
            return Changed(renewed, caller.event(EventKind.AUTHENTICATOR_REMOVED, factor=one.kind, target=one.id, **details))

        return self._gate.run(caller, Action.REMOVE_AUTHENTICATOR, operation)


def listed(authenticator: Authenticator, kinds: Kinds) -> ListedAuthenticator:
    """What its owner sees of an authenticator in force."""
    made = authenticator.created_at
    added_at, last_used_at = authenticator.confirmed_at or made, authenticator.last_used_at or made
    return ListedAuthenticator(
        authenticator.id, authenticator.kind, authenticator.name, added_at, last_used_at, is_usable(authenticator, kinds)
    )


def is_usable(authenticator: Authenticator, kinds: Kinds) -> bool:
    """Whether its proofs can be checked here."""
    return authenticator.is_active and kinds.find_primary(authenticator.kind) is not None


def _refuse_addition(active: Sequence[Authenticator], name: str) -> ProtectionRefusal | AddRefusal | NameRefusal | None:
    if not active:
        return ProtectionRefusal.NOT_PROTECTED
    if len(active) >= MOST_PER_ACCOUNT:
        return AddRefusal.TOO_MANY_AUTHENTICATORS
    return NameRefusal.NAME_TAKEN if is_name_taken(name, active) else None
