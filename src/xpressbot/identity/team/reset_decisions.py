"""Carrying out a reset that was asked for: when another member approves it, or when the time is over in which it could be stopped."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import structlog

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.engine import UNAVAILABLE
from xpressbot.foundation.database.leases import take_lease
from xpressbot.foundation.database.transaction import Transactions, Writing
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.administration.two_factor_reset import carry_out_reset, open_re_enrolment_link
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import TEAM, EventKind, NewEvent
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import ChangedTeam, Entry, Unchanged
from xpressbot.identity.team import reset_events, reset_store
from xpressbot.identity.team.reset_refusals import ResetRefusal
from xpressbot.identity.team.rules.reset import ResetRequest, Tenure, are_independent, has_held_role, void_cause

LEASE_TERM: Final = 150 * SECOND
"""Rounds come every minute: a process that has missed two of them is taken for dead, and another one goes on."""
BATCH: Final = 100
_DUTY: Final = "resets"
_LOG = structlog.get_logger("xpressbot.team")


@dataclass(frozen=True, slots=True)
class ReEnrolmentLink:
    """The token of a link with which a member sets 2FA up again, to be shown once to the admin who hands it over."""

    member: Account
    token: Token


LinkOutcome = ReEnrolmentLink | Denied[SessionRefusal | ResetRefusal] | StepUpRequired


class ResetDecisions:
    """Decides everything under the locks: the team, the accounts of member and asker or approver, then the request."""

    def __init__(self, transactions: Transactions, gate: Gate, system: System, kinds: Kinds) -> None:
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._kinds = kinds
        self._holder = system.new_id()

    def approve(self, caller: Caller, member_id: str, request_id: str) -> LinkOutcome:
        """Carry out a request that another member has made, and give the link, which is shown once. Of two approvals, one does it."""
        with self._transactions.reading() as tx:
            asked_by = reset_store.asked_by(tx, request_id)

        def operation(entry: Entry, member: Account) -> ChangedTeam[ReEnrolmentLink] | Unchanged[Denied[ResetRefusal]]:
            request = reset_store.of_member(entry.tx, member.id)
            asker = None if request is None else account_store.by_id(entry.tx, request.asked_by)
            if request is None or asker is None or request.id != request_id:
                return Unchanged(Denied(ResetRefusal.RESET_REQUEST_OVER))
            refusal = refuse_approval(
                request, member, asker, entry.account, reset_store.tenures(entry.tx, {asker.id, entry.account.id}), entry.now
            )
            if refusal is not None or not reset_store.end(entry.tx, request, entry.now):
                return Unchanged(Denied(refusal or ResetRefusal.RESET_REQUEST_OVER))
            version = carry_out_reset(entry.tx, self._kinds, member.id)
            given = self._open_link(entry.tx, member, version, entry.now)
            event = caller.event(
                EventKind.RESET_APPROVED, target=member.id, email=member.email, reason=request.reason, asked_by=asker.email
            )
            told = reset_events.of_asker(EventKind.ASKED_RESET_DONE, member, asker, actor=entry.account.id)
            of_member = reset_events.carried_out(request, asker, actor=entry.account.id)
            return ChangedTeam(given, event, {member.id: of_member, **told})

        return self._gate.run_on_member(caller, Action.APPROVE_RESET, member_id, operation, told=asked_by)

    def show_link(self, caller: Caller, member_id: str) -> LinkOutcome:
        """A fresh link for a member whose 2FA was reset, and who has not set it up again; an earlier one is void."""

        def operation(entry: Entry, member: Account) -> ChangedTeam[ReEnrolmentLink] | Unchanged[Denied[ResetRefusal]]:
            if not member.must_enrol or member.status is not AccountStatus.ACTIVE:
                return Unchanged(Denied(ResetRefusal.IS_ENROLLED))
            given = self._open_link(entry.tx, member, member.security_version, entry.now)
            told = NewEvent(EventKind.TWO_FACTOR_RESET_LINK_SHOWN, {}, actor=entry.account.id)
            event = caller.event(EventKind.RESET_LINK_SHOWN, target=member.id, email=member.email)
            return ChangedTeam(given, event, {member.id: told})

        return self._gate.run_on_member(caller, Action.SHOW_RESET_LINK, member_id, operation)

    def carry_out_due(self) -> None:
        """The periodic job: carry out what is due, and end what is void. Looking at what still waits takes no lock.

        A request that fails is logged, and holds up no other one; it is tried again in the next round. Raises one of UNAVAILABLE.
        """
        if not self._is_ours():
            return
        reached = ""
        while True:
            with self._transactions.reading() as tx:
                batch = reset_store.after(tx, reached, BATCH)
                accounts = account_store.by_ids(tx, {one for request in batch for one in (request.account_id, request.asked_by)})
            for request in batch:
                if _is_to_be_settled(request, accounts, self._system.now()):
                    self._try_to_settle(request)
            if len(batch) < BATCH:
                return
            reached = batch[-1].id

    def settle(self, request: ResetRequest) -> None:
        """Decide about a request once more, under the locks: void, due, or to wait on, with the time counted that has passed."""
        with self._transactions.writing() as tx:
            installation_store.lock(tx)
            accounts = account_store.lock_all(tx, {request.account_id, request.asked_by})
            current = reset_store.by_id(tx, request.id)
            if current is None:
                return
            now, member, asker = self._system.now(), accounts[request.account_id], accounts[request.asked_by]
            cause = void_cause(current, member, asker, now)
            is_over = cause is not None or current.is_due(now)
            if not is_over and current.counts_at(now):
                reset_store.note_counted(tx, current.counted(now))
                tx.commit()
            if not is_over or not reset_store.end(tx, current, now):
                return
            kind = EventKind.ASKED_RESET_DONE if cause is None else EventKind.ASKED_RESET_ENDED
            of_member, of_team = self._carry_out(tx, current, member, asker) if cause is None else reset_events.voided(member, cause)
            of_accounts = {member.id: of_member, **reset_events.of_asker(kind, member, asker, cause=cause)}
            for account_id in sorted(of_accounts):  # the heads of several chains are locked in the order of ids, the team's last
                append_event(tx, self._system.entropy, account_id, of_accounts[account_id], now)
            append_event(tx, self._system.entropy, TEAM, of_team, now)
            tx.commit()

    def _try_to_settle(self, request: ResetRequest) -> None:
        try:
            self.settle(request)
        except UNAVAILABLE:
            raise
        except Exception:  # noqa: BLE001  # whatever it is, the other requests must come
            _LOG.exception("resets.failed", reset=request.id)

    def _carry_out(self, tx: Writing, request: ResetRequest, member: Account, asker: Account) -> tuple[NewEvent, NewEvent]:
        carry_out_reset(tx, self._kinds, member.id)
        details = {"email": member.email, "reason": request.reason, "asked_by": asker.email}
        return reset_events.carried_out(request, asker, actor=asker.id), NewEvent(EventKind.RESET_DONE, details, target=member.id)

    def _open_link(self, tx: Writing, member: Account, version: int, now: int) -> ReEnrolmentLink:
        token = self._system.new_token()
        open_re_enrolment_link(tx, member.id, version, token, now)
        return ReEnrolmentLink(member, token)

    def _is_ours(self) -> bool:
        with self._transactions.writing() as tx:
            ours = take_lease(tx, _DUTY, self._holder, self._system.now(), LEASE_TERM)
            tx.commit()
        return ours


def _is_to_be_settled(request: ResetRequest, accounts: Mapping[str, Account], now: int) -> bool:
    cause = void_cause(request, accounts[request.account_id], accounts[request.asked_by], now)
    return cause is not None or request.is_due(now) or request.counts_at(now)


def refuse_approval(
    request: ResetRequest, member: Account, asker: Account, approver: Account, tenures: Mapping[str, Tenure], now: int
) -> ResetRefusal | None:
    """Why an owner or admin may not approve a request; None where they may. Their role has been compared with the member's.

    tenures: those of the one who asks and of the one who approves, by their ids.
    """
    if void_cause(request, member, asker, now) is not None:
        return ResetRefusal.RESET_REQUEST_OVER
    if approver.id == member.id:
        return ResetRefusal.OWN_RESET
    if approver.id == asker.id:
        return ResetRefusal.OWN_REQUEST
    approvers, askers = tenures[approver.id], tenures[asker.id]
    if not has_held_role(approvers, now):
        return ResetRefusal.ROLE_TOO_NEW
    return None if are_independent(approver.id, approvers, asker.id, askers, now) else ResetRefusal.DEPENDS_ON_ASKER
