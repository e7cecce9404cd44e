"""The team's pages: its roster."""

from typing import Final

from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import TEAM_PATH
from xpressbot.entrypoints.http.routing import Page, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.roles import role_name
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.caller import Caller


def show_roster(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Who is in the team, and how each is protected."""
    found = request.identity.roster.members(caller)
    if isinstance(found, Denied):
        return found
    members = [
        {"account": one.account, "role": role_name(request.texts, one.account.role), "last_signed_in_at": one.last_signed_in_at}
        for one in found
    ]
    return request.page("team.html", caller.account, members=members, wide=True)


PAGES: Final[list[Page]] = [SignedInPage("GET", TEAM_PATH, Action.VIEW_TEAM, show_roster)]
