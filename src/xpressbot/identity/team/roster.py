"""The roster: who is in the team, and how each is protected."""

from collections.abc import Sequence
from typing import Final

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import Gate, SessionRefusal
from xpressbot.identity.team import store as member_store
from xpressbot.identity.team.store import Member

PAGE_SIZE: Final = 50


class Roster:
    """Lists the members for owners and admins."""

    def __init__(self, gate: Gate) -> None:
        self._gate = gate

    def members(self, caller: Caller, after: str = "") -> Sequence[Member] | Denied[SessionRefusal]:
        """A page of the members by address. after: the key of the last address of the page before."""

        def look(tx: Reading, _now: int) -> Sequence[Member]:
            return member_store.page(tx, after, PAGE_SIZE)

        return self._gate.view(caller, Action.VIEW_TEAM, look)
