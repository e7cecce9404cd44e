"""Asking for a reset of a member's 2FA, and letting it not happen: by the member, in their session or by a mailed link, or by an admin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Reading, Transactions
from xpressbot.foundation.mail import outbox
from xpressbot.foundation.mail.outbox import NewMail, Priority
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts import reserved_address_store
from xpressbot.identity.accounts import store as account_store
from xpressbot.identity.accounts.rules.account import Account, AccountStatus
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.roles import may_act_on
from xpressbot.identity.audit.append import append_event
from xpressbot.identity.audit.rules.event import TEAM, EventKind, NewEvent
from xpressbot.identity.links import store as link_store
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done, StepUpRequired
from xpressbot.identity.sessions.caller import Caller, Client
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.sessions.operation import Admitted, ChangedTeam, Entry, Unchanged
from xpressbot.identity.team import reset_events, reset_store
from xpressbot.identity.team.reset_refusals import ResetRefusal
from xpressbot.identity.team.rules.reset import ResetRequest, Tenure
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import Bucket

RESET_WAITS_MAIL: Final = "reset_waits"
"""Tells another owner or admin that a request waits; its parameter `request` names it."""


@dataclass(frozen=True, slots=True)
class StoppableReset:
    """What a link stops: whose reset, and who asked for it and why."""

    member: Account
    asker: Account
    request: ResetRequest


AskOutcome = Done | Denied[SessionRefusal | ResetRefusal | ThrottleRefusal] | StepUpRequired


class ResetRequests:
    """Lets requests wait, and ends those that somebody stops."""

    def __init__(
        self, transactions: Transactions, gate: Gate, system: System, settle: Callable[[ResetRequest], None], *, sends_mail: bool
    ) -> None:
        """settle: records a request that is void, and ends it. sends_mail: whether a mail server is set."""
        self._transactions = transactions
        self._gate = gate
        self._system = system
        self._settle = settle
        self._sends_mail = sends_mail

    def ask(self, caller: Caller, member_id: str, reason: str) -> AskOutcome:
        """Ask for a reset. The member and the other owners and admins are told, and nothing else happens yet.

        Refused where too many were asked for this member, whoever asked and whatever became of them. reason: one line of text.
        """
        with self._transactions.reading() as tx:
            before = reset_store.of_member(tx, member_id)
        if before is not None:
            self._settle(before)
        charge = self._gate.charge(caller, Action.ASK_FOR_RESET, lambda admitted: self._admit(admitted, member_id))
        if isinstance(charge, Denied | StepUpRequired):
            return charge

        def operation(entry: Entry, member: Account) -> ChangedTeam[Done] | Unchanged[Denied[ResetRefusal]]:
            others = others_for(entry.tx, entry.account, member)
            refusal = self._refuse(entry, member, others_there_are=bool(others))
            if refusal is not None:
                return Unchanged(Denied(refusal))
            asker, version = entry.account, member.security_version
            request = ResetRequest(self._system.new_id(), member.id, version, asker.id, asker.security_version, entry.now, reason)
            reset_store.add(entry.tx, request)
            for other, _tenure in others:
                mail = NewMail(RESET_WAITS_MAIL, Priority.NORMAL, other.id, {"request": request.id}, entry.now)
                outbox.add(entry.tx, self._system.new_id(), mail)
            told = NewEvent(
                EventKind.TWO_FACTOR_RESET_REQUESTED, {"reason": reason, "asked_by": asker.email}, actor=asker.id, target=request.id
            )
            event = caller.event(EventKind.RESET_REQUESTED, target=member.id, email=member.email, reason=reason)
            return ChangedTeam(Done(), event, {member.id: told})

        return self._gate.run_on_member(caller, Action.ASK_FOR_RESET, member_id, operation)

    def withdraw(self, caller: Caller, member_id: str, request_id: str) -> Done | Denied[SessionRefusal | ResetRefusal] | StepUpRequired:
        """Let a request not happen, as an owner or admin. Of this and an approval at the same moment, one wins."""
        with self._transactions.reading() as tx:
            asked_by = reset_store.asked_by(tx, request_id)

        def operation(entry: Entry, member: Account) -> ChangedTeam[Done] | Unchanged[Denied[ResetRefusal]]:
            request = reset_store.of_member(entry.tx, member.id)
            if request is None or request.id != request_id or not reset_store.end(entry.tx, request, entry.now):
                return Unchanged(Denied(ResetRefusal.RESET_REQUEST_OVER))
            told = NewEvent(EventKind.TWO_FACTOR_RESET_STOPPED, {}, actor=entry.account.id)
            event = caller.event(EventKind.RESET_STOPPED, target=member.id, email=member.email)
            return ChangedTeam(Done(), event, {member.id: told, **_of_asker(entry.tx, request, member, actor=entry.account.id)})

        return self._gate.run_on_member(caller, Action.WITHDRAW_RESET, member_id, operation, told=asked_by)

    def stop(self, caller: Caller) -> Done | Denied[SessionRefusal | ResetRefusal] | StepUpRequired:
        """Stop the request that waits for the caller's own account. It asks for no proof: it takes power away."""
        with self._transactions.reading() as tx:
            before = reset_store.of_member(tx, caller.account.id)

        def operation(entry: Entry) -> ChangedTeam[Done] | Unchanged[Denied[ResetRefusal]]:
            member = entry.account
            request = reset_store.of_member(entry.tx, member.id)
            if request is None or before is None or request.id != before.id or not reset_store.end(entry.tx, request, entry.now):
                return Unchanged(Denied(ResetRefusal.RESET_REQUEST_OVER))
            told = caller.event(EventKind.TWO_FACTOR_RESET_STOPPED)
            event = reset_events.stopped(caller.client, member, actor=member.id)
            return ChangedTeam(Done(), event, {member.id: told, **_of_asker(entry.tx, request, member, actor=member.id)})

        return self._gate.run(caller, Action.STOP_RESET, operation, told=() if before is None else (before.asked_by,))

    def preview(self, token: Token | None) -> StoppableReset | None:
        """What this link would stop; None when it is not open. Looking uses nothing up."""
        if token is None:
            return None
        with self._transactions.reading() as tx:
            return self._stoppable(tx, token)

    def stop_by_link(self, token: Token | None, client: Client) -> StoppableReset | Denied[LinkRefusal]:
        """Stop the request, by the link of the mail that told of it. Who has it is not known to be the member: it changes nothing else."""
        asked = self.preview(token)
        if token is None or asked is None:
            return Denied(LinkRefusal.LINK_GONE)
        with self._transactions.writing() as tx:
            locked, now = account_store.lock_all(tx, {asked.member.id, asked.asker.id}), self._system.now()
            stopped = self._stoppable(tx, token)
            if (
                stopped is None
                or stopped.request.id != asked.request.id
                or not link_store.consume(tx, LinkKind.RESET_STOP, token.digest, now)
                or not reset_store.end(tx, stopped.request, now)
            ):
                return Denied(LinkRefusal.LINK_GONE)
            member, told = locked[asked.member.id], client.event(EventKind.TWO_FACTOR_RESET_STOPPED)
            of_accounts = {member.id: told, **reset_events.of_asker(EventKind.ASKED_RESET_ENDED, member, locked[asked.asker.id])}
            for account_id in sorted(of_accounts):  # the heads of several chains are locked in the order of ids, the team's last
                append_event(tx, self._system.entropy, account_id, of_accounts[account_id], now)
            append_event(tx, self._system.entropy, TEAM, reset_events.stopped(client, member, actor=None), now)
            tx.commit()
        return stopped

    def is_told_by_mail(self, tx: Reading, member: Account, now: int) -> bool:
        """Whether a mail can begin the time in which a member can stop a reset.

        An address that no mailed link has confirmed may be a stranger's. One that was changed lately may be a thief's.
        """
        is_known = member.email_confirmed_at is not None and reserved_address_store.of_account(tx, member.id, now) is None
        return self._sends_mail and is_known

    def _admit(self, admitted: Admitted, member_id: str) -> Bucket | Denied[SessionRefusal | ResetRefusal]:
        """What a request is charged to; what would be refused anyway is not counted. The gate decides all of it again with the write."""
        member = account_store.by_id(admitted.tx, member_id)
        if member is None or not member.is_member:
            return Denied(SessionRefusal.NO_SUCH_MEMBER)
        if not may_act_on(admitted.account.role, member.role):
            return Denied(SessionRefusal.NOT_PERMITTED)
        others_there_are = bool(others_for(admitted.tx, admitted.account, member))
        refusal = self._refuse(admitted, member, others_there_are=others_there_are)
        return throttle.reset_requests(member.id) if refusal is None else Denied(refusal)

    def _refuse(self, entry: Admitted, member: Account, *, others_there_are: bool) -> ResetRefusal | None:
        if member.id == entry.account.id:
            return ResetRefusal.OWN_RESET
        if reset_store.of_member(entry.tx, member.id) is not None:
            return ResetRefusal.RESET_ASKED_FOR
        if not needs_reset(member):
            return ResetRefusal.RESET_NOT_NEEDED
        if not others_there_are and not self.is_told_by_mail(entry.tx, member, entry.now):
            return ResetRefusal.NOBODY_TO_APPROVE
        return None

    def _stoppable(self, tx: Reading, token: Token) -> StoppableReset | None:
        found = link_store.find_open(tx, LinkKind.RESET_STOP, token.digest, self._system.now())
        request = None if found is None or found.account_id is None else reset_store.of_member(tx, found.account_id)
        if request is None:
            return None
        accounts = account_store.by_ids(tx, {request.account_id, request.asked_by})
        return StoppableReset(accounts[request.account_id], accounts[request.asked_by], request)


def needs_reset(member: Account) -> bool:
    """Whether there is something to reset: 2FA is on, and was not reset already. Enabling a suspended account would end the link."""
    return member.status is AccountStatus.ACTIVE and member.protected_since is not None and not member.must_enrol


def others_for(tx: Reading, asker: Account, member: Account) -> Sequence[tuple[Account, Tenure]]:
    """The owners and admins besides these two who may act on the member, some of whom may not have held their role for long enough."""
    there_are = reset_store.owners_and_admins(tx)
    return [one for one in there_are if one[0].id not in {asker.id, member.id} and may_act_on(one[0].role, member.role)]


def _of_asker(tx: Reading, request: ResetRequest, member: Account, *, actor: str) -> Mapping[str, NewEvent]:
    return reset_events.of_asker(EventKind.ASKED_RESET_ENDED, member, account_store.by_id(tx, request.asked_by), actor=actor)
