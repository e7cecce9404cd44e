"""Recovery codes after enrolment: the ledger, showing them, and replacing the set."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.foundation.identifiers import bound_of_identifiers
from xpressbot.foundation.times import MILLISECOND
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.protection import ProtectionRefusal, protection_of
from xpressbot.identity.factors.recovery_codes import store as recovery_code_store
from xpressbot.identity.factors.recovery_codes.codes import decrypt_codes, draw_codes, recovery_code_digest
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText, check_bucket
from xpressbot.identity.factors.recovery_codes.rules import RecoveryCodeSet, SavedCode, grouped
from xpressbot.identity.outcomes import Denied, Done, Reason, SessionRenewed, StepUpRequired
from xpressbot.identity.sessions import store as session_store
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Changed, Entry, Unchanged
from xpressbot.identity.sessions.rules.assurance import STEP_UP_FRESHNESS
from xpressbot.identity.sessions.rules.session import CODES_SHOWN_FOR, Session
from xpressbot.identity.throttling import store as throttle_store
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import second_factor

_NAME: Final = RecoveryCodeText.kind
SETS_AT_A_TIME: Final = 100
"""How many sets are looked at, and lose their copies, in one transaction."""


class RevealRefusal(Reason):
    """Why codes are not shown again."""

    NOT_VIEWABLE = "not_viewable"


class KeepRefusal(Reason):
    """Why the codes that a person has saved are not in force."""

    CODES_NOT_KEPT = "codes_not_kept"


class Showing(StrEnum):
    """Why codes are on the page."""

    FIRST = "first"
    REPLACEMENT = "replacement"
    AGAIN = "again"


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the recovery codes page shows. `shown` is None while the codes are masked."""

    code_set: RecoveryCodeSet
    shown: tuple[str, ...] | None = field(repr=False)
    showing: Showing | None
    viewable: bool


class RecoveryCodes:
    """The set of an account. viewable says whether codes may be shown again after "Continue"."""

    def __init__(
        self, transactions: Transactions, gate: Gate, system: System, encryption: Encryption, digest: KeyedDigests, *, viewable: bool
    ) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._encryption = encryption
        self._digest = digest
        self._viewable = viewable
        self._looked_at = ""

    def ledger(self, caller: Caller) -> Ledger | None:
        """The set of this account, in clear while this session may see it; None while 2FA is off."""
        with self._transactions.reading() as tx:
            return self._ledger(tx, caller.session)

    def reveal(self, caller: Caller) -> Done | Denied[SessionRefusal | ProtectionRefusal | RevealRefusal] | StepUpRequired:
        """Show the codes in this session for as long as its proof is fresh. One reveal is one event for each step-up."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Done | Denied[ProtectionRefusal | RevealRefusal]]:
            ledger = self._ledger(entry.tx, entry.session)
            if ledger is None:
                return Unchanged(Denied(ProtectionRefusal.NOT_PROTECTED))
            if ledger.shown is not None:
                return Unchanged(Done())
            if not self._viewable:
                return Unchanged(Denied(RevealRefusal.NOT_VIEWABLE))
            session_store.show_codes(entry.tx, entry.session.id, ledger.code_set.id, entry.session.proven_at + STEP_UP_FRESHNESS)
            return Changed(Done(), caller.event(EventKind.BACKUPS_REVEALED, factor=_NAME))

        return self._gate.run(caller, Action.REVEAL_BACKUPS, operation)

    def regenerate(self, caller: Caller) -> Done | Denied[SessionRefusal | ProtectionRefusal] | StepUpRequired:
        """Prepare a new set and show it. The old one stays in force until `keep`."""

        def operation(entry: Entry) -> Changed[Done] | Unchanged[Denied[ProtectionRefusal]]:
            if not protection_of(entry.tx, entry.account.id).is_on:
                return Unchanged(Denied(ProtectionRefusal.NOT_PROTECTED))
            codes = draw_codes(entry.tx, self._system, self._encryption, self._digest, entry.account.id, entry.session.id)
            recovery_code_store.add(entry.tx, entry.account.id, codes, entry.now, in_force=False)
            session_store.show_codes(entry.tx, entry.session.id, codes.id, entry.now + CODES_SHOWN_FOR)
            return Changed(Done(), caller.event(EventKind.BACKUPS_PREPARED, factor=_NAME))

        return self._gate.run(caller, Action.REGENERATE_BACKUPS, operation)

    def keep(
        self, caller: Caller, set_id: str
    ) -> SessionRenewed | Done | Denied[SessionRefusal | ProtectionRefusal | KeepRefusal] | StepUpRequired:
        """The person has saved the codes of one set ("Continue"): hide them, and put the set in force if it was prepared.

        set_id is the set that was on the page; empty stands for whatever is shown. Refused with CODES_NOT_KEPT when that
        set is neither shown nor in force any more: a person who has it on paper must not rely on it. A set that comes into
        force voids the old one and ends the other sessions (ASVS 7.4.3).
        """

        def operation(entry: Entry) -> Changed[SessionRenewed] | Unchanged[Done | Denied[ProtectionRefusal | KeepRefusal]]:
            account_id, tx = entry.account.id, entry.tx
            ledger = self._ledger(tx, entry.session)
            if ledger is None or set_id not in {"", ledger.code_set.id}:
                return Unchanged(Denied(KeepRefusal.CODES_NOT_KEPT if ledger else ProtectionRefusal.NOT_PROTECTED))
            if ledger.showing is None:
                return Unchanged(Done())
            replaces = ledger.showing is Showing.REPLACEMENT
            if replaces:
                recovery_code_store.put_in_force(tx, account_id, ledger.code_set.id)
            recovery_code_store.mark_saved(tx, account_id, entry.now)
            if not self._viewable:
                recovery_code_store.drop_copies(tx, account_id)
            if not replaces:
                session_store.show_codes(tx, entry.session.id, None, 0)
                return Unchanged(Done())
            throttle_store.clear(tx, [second_factor(_NAME, account_id).key])
            others = session_store.count_others(tx, account_id, entry.session.id, entry.now)
            renewed = entry.change_security(replace(entry.session, shown_set_id=None, codes_visible_until=0))
            authenticator_store.keep_enrolment(tx, entry.session.id)
            return Changed(renewed, caller.event(EventKind.BACKUPS_REPLACED, factor=_NAME, sessions_ended=others))

        return self._gate.run(caller, Action.KEEP_BACKUPS, operation)

    def check(self, caller: Caller, code: RecoveryCodeText) -> SavedCode | Denied[SessionRefusal | ThrottleRefusal] | StepUpRequired:
        """Tell what a saved code is worth, without using it. A good one counts as no guess."""
        charge = self._gate.charge(caller, Action.CHECK_BACKUP, lambda entry: check_bucket(entry.account.id))
        if isinstance(charge, Denied | StepUpRequired):
            return charge

        def operation(entry: Entry) -> Changed[SavedCode]:
            digest = recovery_code_digest(self._digest, entry.account.id, code.characters)
            found = recovery_code_store.look_up(entry.tx, entry.account.id, digest)
            if found is not SavedCode.UNKNOWN:
                throttle_store.give_back(entry.tx, [charge])
            return Changed(found, caller.event(EventKind.BACKUP_CHECKED, factor=_NAME, result=found))

        return self._gate.run(caller, Action.CHECK_BACKUP, operation)

    def forget_unsaved(self) -> None:
        """Where codes may not be shown again, drop the copies of sets that were not confirmed as saved in time.

        In small steps along the sets, from where the last call has come to: a set that has been looked at has no copies,
        and gets none again. Only after the clock was set back are all of them looked at anew.
        """
        if self._viewable:
            return
        end = bound_of_identifiers(self._system.now() - CODES_SHOWN_FOR - MILLISECOND)
        if end < self._looked_at:
            self._looked_at = ""
        while stretch := self._next_sets(end):
            with_copies = [set_id for set_id, has_copies in stretch if has_copies]
            if with_copies:
                with self._transactions.writing() as tx:
                    recovery_code_store.drop_copies_of(tx, with_copies)
                    tx.commit()
            self._looked_at = stretch[-1][0]

    def _next_sets(self, end: str) -> Sequence[tuple[str, bool]]:
        with self._transactions.reading() as tx:
            return recovery_code_store.next_sets(tx, self._looked_at, end, SETS_AT_A_TIME)

    def _ledger(self, tx: Reading, session: Session) -> Ledger | None:
        in_force = recovery_code_store.in_force(tx, session.account_id)
        if in_force is None:
            return None
        masked = Ledger(in_force, None, None, self._viewable)
        for code_set in (in_force, recovery_code_store.prepared(tx, session.account_id)):
            if code_set is not None and session.shows_codes_of(code_set.id, self._system.now()):
                codes = tuple(map(grouped, decrypt_codes(self._encryption, session.account_id, code_set)))
                showing = _showing(code_set, session, is_prepared=code_set is not in_force)
                return Ledger(code_set, codes, showing, self._viewable) if codes else masked
        return masked


def _showing(code_set: RecoveryCodeSet, session: Session, *, is_prepared: bool) -> Showing:
    if is_prepared:
        return Showing.REPLACEMENT
    return Showing.FIRST if code_set.saved_at is None and code_set.session_id == session.id else Showing.AGAIN
