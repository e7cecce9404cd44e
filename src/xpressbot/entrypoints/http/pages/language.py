"""The language: the switch for those who are not signed in, and the choice that an account keeps."""

from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.page_request import PageRequest, redirect
from xpressbot.entrypoints.http.paths import LANGUAGE_PATH, SETTINGS_PATH
from xpressbot.entrypoints.http.routing import Page, PublicPage, SignedInOutcome, SignedInPage
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.accounts.rules.actions import Action
from xpressbot.identity.outcomes import Done
from xpressbot.identity.sessions.caller import Caller

_BROWSERS: Final = ""
"""What the form sends for the browser's own language."""


def switch_language(request: PageRequest) -> Response:
    """Have this browser keep a language, and go back to the page where the switch was."""
    response = redirect(request.site.renderer.switch.safe_place(request.form["next"]))
    request.site.cookies.set_language(response, _language_in(request).tag)
    return response


def choose_language(request: PageRequest, caller: Caller) -> SignedInOutcome:
    """Have the account keep a language. With the browser's own, what the switch has left in this browser goes too."""
    is_browsers = request.form["language"] == _BROWSERS
    chosen, asked_for = None if is_browsers else _language_in(request).tag, request.site.renderer.switch.asked_for(request.starlette).tag
    outcome = request.identity.language_choice.choose(caller, chosen, asked_for=asked_for)
    if not isinstance(outcome, Done):
        return outcome
    response = redirect(SETTINGS_PATH)
    if is_browsers:
        request.site.cookies.clear(response, Cookie.LANGUAGE)
    return response


def _language_in(request: PageRequest) -> Texts:
    """The language that a form names. One that there is not is 422: nothing changes."""
    found = request.site.renderer.switch.languages.find(request.form["language"])
    if found is None:
        raise HTTPException(422)
    return found


PAGES: Final[list[Page]] = [
    PublicPage("POST", LANGUAGE_PATH, switch_language),
    SignedInPage("POST", "/account/language", Action.CHOOSE_LANGUAGE, choose_language, returns_to=SETTINGS_PATH),
]
