"""First run: the owner's account, by the link that the start prints."""

from functools import cache
from typing import Final, assert_never

from starlette.exceptions import HTTPException
from starlette.responses import Response

from xpressbot.entrypoints.http.cookies import Cookie
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.routing import Page, PublicPage, Threads
from xpressbot.entrypoints.http.translation import _
from xpressbot.entrypoints.http.visit import Visit, redirect
from xpressbot.entrypoints.http.wording import Text, weak_password_text
from xpressbot.identity.application.registration import NewAccount
from xpressbot.identity.domain.account import MAX_NAME_LENGTH, normalise_email, normalise_name
from xpressbot.identity.domain.outcomes import Denied, SignedIn, WeakPassword
from xpressbot.identity.domain.token import Token

WELCOME_PATH: Final = "/welcome"
_PASSPHRASE_WORDS: Final = 6
"""62 bits from the EFF's short list of 1,296 plain words."""


def show_welcome(visit: Visit) -> Response:
    """Take the link's token out of the address bar, then ask for name, address and password."""
    _must_be_unclaimed(visit)
    text = visit.request.query_params.get("token")
    if text is not None:
        token = Token.parse(text)
        if token is None or not visit.identity.registration.welcome_is_open(token):
            raise _gone()
        response = redirect(WELCOME_PATH)
        visit.site.cookies.set(response, Cookie.LINK, token)
        return response
    if not visit.identity.registration.welcome_is_open(visit.cookie(Cookie.LINK)):
        raise _gone()
    return _page(visit, {}, {"name": "", "email": ""})


def claim(visit: Visit) -> Response:
    """Make the owner's account and sign it in."""
    _must_be_unclaimed(visit)
    if not visit.identity.registration.welcome_is_open(visit.cookie(Cookie.LINK)):
        raise _gone()
    kept = {"name": visit.form["name"], "email": visit.form["email"]}
    name, email, password = normalise_name(kept["name"]), normalise_email(kept["email"]), visit.form["password"]
    errors: dict[str, Text] = {}
    if name is None:
        errors["name"] = _("Enter your name: up to %(count)d characters, without control characters.") % {"count": MAX_NAME_LENGTH}
    if email is None:
        errors["email"] = _("Enter an e-mail address, like anna@example.com.")
    if problem := password_problem(password):
        errors["password"] = problem
    if name is None or email is None or errors:
        return _page(visit, errors, kept)
    outcome = visit.identity.registration.claim(visit.cookie(Cookie.LINK), NewAccount(email, name, password), visit.client)
    match outcome:
        case SignedIn():
            response = visit.signed_in(outcome)
            visit.site.cookies.clear(response, Cookie.LINK)
            return response
        case WeakPassword():
            return _page(visit, {"password": weak_password_text(outcome)}, kept)
        case Denied():
            _must_be_unclaimed(visit)
            raise _gone()
        case unknown:
            assert_never(unknown)


def _page(visit: Visit, errors: dict[str, Text], kept: dict[str, str]) -> Response:
    return visit.page(
        "welcome.html",
        None,
        status=422 if errors else 200,
        errors=errors,
        form=kept,
        min_length=visit.site.house.settings.password_min_length,
        suggestion=_passphrase(visit),
    )


def _must_be_unclaimed(visit: Visit) -> None:
    if visit.identity.registration.has_owner():
        raise HTTPException(404)


def _gone() -> HTTPException:
    return HTTPException(410, _("This link was used or has expired. Start XpressBot again to get a new one."))


def _passphrase(visit: Visit) -> str:
    words = _words()
    # 4 bytes over 1,296 words: no word is likelier than another by more than one part in three million.
    chosen = (int.from_bytes(visit.site.house.entropy.token_bytes(4)) % len(words) for _word in range(_PASSPHRASE_WORDS))
    return "-".join(words[number] for number in chosen)


@cache
def _words() -> list[str]:
    from xkcdpass import xkcd_password  # noqa: PLC0415  # needed once in the life of an installation

    # Sorted, for they come in another order in every process.
    return sorted(xkcd_password.generate_wordlist(xkcd_password.locate_wordfile("eff-short"), min_length=3, max_length=9))


PAGES: Final[list[Page]] = [
    PublicPage("GET", WELCOME_PATH, show_welcome),
    PublicPage("POST", WELCOME_PATH, claim, threads=Threads.SIGN_IN),
]
