"""Pages of bots and of the inbox, for members of the team.

Chat knows no accounts: these pages are let in by the permissions of the team, and hand over who acts as plain values. Who loses the
permission while such a request is under way may finish that one (docs/adr/0021).
"""

from collections.abc import Callable

from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.entrypoints.http.forms import SMALL_FORM, FormLimits
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.routing import SignedInOutcome, SignedInPage
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import StepUpRequired
from xpressbot.identity.sessions.caller import Caller

ChatHandler = Callable[[PageRequest, Actor], Response]


def chat_page(
    method: str, path: str, action: Action, handler: ChatHandler, *, returns_to: str = "", form_limits: FormLimits = SMALL_FORM
) -> SignedInPage:
    """One path and method of a page of chat. Its handler cannot run without the permission and the proof that the action asks for.

    returns_to: the GET page to come back to when sign-in or step-up comes between; by default the path itself.
    form_limits: of its form. The body is read before the session is looked at, so that anybody can send as much.
    """

    def answer(request: PageRequest, caller: Caller) -> SignedInOutcome:
        if request.identity.step_up.needed_for(caller, action):
            return StepUpRequired()
        return handler(request, Actor(caller.account.id, caller.account.name))

    return SignedInPage(method, path, action, answer, returns_to=returns_to, form_limits=form_limits)
