"""Pages of bots and of the inbox, for members of the team.

Chat knows no accounts: these pages are let in by the permissions of the team, and hand over who acts as plain values. Who loses the
permission while such a request is under way may finish that one (docs/adr/0021).
"""

from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.store import Bot
from xpressbot.entrypoints.http.forms import SMALL_FORM, FormLimits
from xpressbot.entrypoints.http.page_paths import path_with
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.paths import BOT_PATH
from xpressbot.entrypoints.http.routing import SignedInOutcome, SignedInPage
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Denied, StepUpRequired
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sessions.gate import refuse_until_new_password

ChatHandler = Callable[[PageRequest, Actor], Response]


def account_of(request: PageRequest) -> Account:
    """The member whose request a page of chat answers."""
    if request.caller is None:
        raise RuntimeError("a page of chat is for members alone")
    return request.caller.account


def bot_page(request: PageRequest, template: str, bot: Bot, *, status: int = 200, message: str | None = None, **context: Any) -> Response:
    """A page about one bot: its template has `bot`, and `path`, the address of the bot's own page."""
    path = path_with(BOT_PATH, {"bot": bot.id})
    return request.page(template, account_of(request), status=status, message=message, bot=bot, path=path, **context)


def chat_page(
    method: str,
    path: str,
    action: Action,
    handler: ChatHandler,
    *,
    leads_to: Action | None = None,
    returns_to: str = "",
    form_limits: FormLimits = SMALL_FORM,
) -> SignedInPage:
    """One path and method of a page of chat. Its handler cannot run without the permission and the proof that the action asks for.

    What needs a proof is refused, too, while the password is to be replaced, as the gate does.

    leads_to: the action that a page asks for, where that needs a proof. returns_to: the GET page to come back to when sign-in or
    step-up comes between; by default the path itself. form_limits: of its form, whose body is read before the session is looked at.
    """

    def answer(request: PageRequest, caller: Caller) -> SignedInOutcome:
        if refusal := refuse_until_new_password(caller.account, action):
            return Denied(refusal)
        if request.identity.step_up.needed_for(caller, action):
            return StepUpRequired()
        return handler(request, Actor(caller.account.id, caller.account.name))

    return SignedInPage(method, path, action, answer, leads_to=leads_to, returns_to=returns_to, form_limits=form_limits)
