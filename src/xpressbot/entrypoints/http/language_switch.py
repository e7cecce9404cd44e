"""Which language a request is answered in, and the switch for those who are not signed in."""

from collections.abc import Mapping
from typing import Final

from starlette.requests import Request

from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.customers.audience import is_for_customers
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.paths import HOME_PATH, SIGN_IN_PATH
from xpressbot.entrypoints.messages.languages import Languages
from xpressbot.entrypoints.messages.translation import Texts

_DECIDED: Final = "texts"
"""Under this name a request's state keeps the language that was decided for it: an error page is written in the same."""


class LanguageSwitch:
    """The language of a request: the account's choice, else the browser's cookie, else what the browser asks for, else English."""

    def __init__(self, languages: Languages, cookies: Cookies, shown_at: Mapping[str, str], destinations: Destinations) -> None:
        """shown_at: the GET page that a path's answer is a state of, by path. destinations: where the sign-in page may send people."""
        self.languages: Final = languages
        self._cookies = cookies
        self._shown_at = shown_at
        self._places = frozenset(shown_at.values())
        self._destinations = destinations

    def texts_for(self, request: Request) -> Texts:
        """The language to answer in. A cookie with a language that there is not counts for nothing, and for customers any cookie."""
        decided: Texts | None = getattr(request.state, _DECIDED, None)
        if decided is None:
            chosen = None if is_for_customers(request) else self._cookies.language(request)
            decided = self.languages.find(chosen) or self.asked_for(request)
            setattr(request.state, _DECIDED, decided)
        return decided

    def prefer(self, request: Request, tag: str | None) -> None:
        """Answer in the language that the signed-in person has chosen, if they have, and if there is such a language."""
        if (chosen := self.languages.find(tag)) is not None:
            setattr(request.state, _DECIDED, chosen)

    def place_of(self, request: Request, goes_on_to: str | None) -> str:
        """The GET page to come back to from the switch. goes_on_to: where the sign-in page sends the person afterwards."""
        place = self._shown_at.get(request.scope["path"], HOME_PATH)
        return _sign_in_to(goes_on_to) if place == SIGN_IN_PATH and goes_on_to not in {None, HOME_PATH} else place

    def safe_place(self, text: str) -> str:
        """Exactly a place that the switch names, else home (ASVS 3.7.2)."""
        is_place = text in self._places or text in self._destinations
        return text if is_place or text.removeprefix(_sign_in_to("")) in self._destinations else HOME_PATH

    def asked_for(self, request: Request) -> Texts:
        """The language that the browser itself asks for, whatever was chosen in it."""
        return self.languages.asked_for(",".join(request.headers.getlist("accept-language")))


def _sign_in_to(path: str | None) -> str:
    return f"{SIGN_IN_PATH}?next={path}"
