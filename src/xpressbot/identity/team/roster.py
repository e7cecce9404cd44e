"""The roster: who is in the team, how each member is protected, and who is invited."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.accounts.rules.address import email_key
from xpressbot.identity.accounts.rules.two_factor_policy import exempt_until
from xpressbot.identity.factors import store as authenticator_store
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.protection import Protection
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.team import invitation_store
from xpressbot.identity.team import store as member_store
from xpressbot.identity.team.invitation_store import PendingInvitation
from xpressbot.identity.team.rules.roster import MemberState, RosterFilter
from xpressbot.identity.team.store import TeamCounts

PAGE_SIZE: Final = 50


@dataclass(frozen=True, slots=True)
class Member:
    """A member as the roster shows them.

    last_signed_in_at: None before the first time. exempt_until: until when 2FA is not asked of them; None where it is.
    """

    account: Account
    protection: Protection
    backups_left: int
    last_signed_in_at: int | None
    exempt_until: int | None
    exempt_reason: str


@dataclass(frozen=True, slots=True)
class RosterPage:
    """A page of the roster. next_members, next_invitations: the key after which the next page begins; None on the last one."""

    counts: TeamCounts
    members: Sequence[Member]
    next_members: str | None
    invitations: Sequence[PendingInvitation]
    next_invitations: str | None


class Roster:
    """Lists the members for owners and admins, with a number of statements that no number of members changes."""

    def __init__(self, gate: Gate, kinds: Kinds) -> None:
        self._gate = gate
        self._kinds = kinds

    def look(self, caller: Caller, asked: RosterFilter, after: str = "") -> RosterPage | Denied[SessionRefusal]:
        """A page of members, and beside the first one of all the first invitations; or a page of invitations, where those are asked for.

        after: the key of the last address of the page before.
        """

        def look(tx: Reading, now: int) -> RosterPage:
            wants_invitations = asked.state is MemberState.INVITED
            members = [] if wants_invitations else self._members(tx, asked, after, now)
            has_invitations = wants_invitations or (asked.is_for_all and not after)
            invitations = invitation_store.page(tx, after, PAGE_SIZE + 1) if has_invitations else []
            return RosterPage(
                member_store.counts(tx, now),
                members[:PAGE_SIZE],
                email_key(members[PAGE_SIZE - 1].account.email) if len(members) > PAGE_SIZE else None,
                invitations[:PAGE_SIZE],
                email_key(invitations[PAGE_SIZE - 1].invitation.email) if len(invitations) > PAGE_SIZE else None,
            )

        return self._gate.view(caller, Action.VIEW_TEAM, look)

    def _members(self, tx: Reading, asked: RosterFilter, after: str, now: int) -> Sequence[Member]:
        rows = member_store.page(tx, asked, after, PAGE_SIZE + 1, now)
        ids = [row.account.id for row in rows]
        authenticators = authenticator_store.in_force_of(tx, ids)
        backups_left = self._kinds.count_backups_left_of(tx, ids)
        return [
            Member(
                row.account,
                Protection(authenticators.get(row.account.id, ())),
                backups_left.get(row.account.id, 0),
                row.last_signed_in_at,
                exempt_until(row.account, now),
                row.exempt_reason or "",
            )
            for row in rows
        ]
