"""A new password by a link: opening it changes nothing, and its button signs nobody in."""

from typing import Final, assert_never

from starlette.responses import Response

from xpressbot.entrypoints.http.form_subject import FormSubject
from xpressbot.entrypoints.http.forms import password_problem
from xpressbot.entrypoints.http.link_pages import LinkEntry, LinkForm, OpenLink
from xpressbot.entrypoints.http.name_and_password_fields import new_password_context
from xpressbot.entrypoints.http.page_request import PageRequest
from xpressbot.entrypoints.http.routing import Page
from xpressbot.entrypoints.messages.formatting import Text
from xpressbot.entrypoints.messages.refusals import weak_password_text
from xpressbot.entrypoints.messages.translation import N_
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import Account
from xpressbot.identity.links.charges import LinkRefusal, LinkThrottleRefusal
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Denied, Done
from xpressbot.identity.passwords.rules import WeakPassword

_TEMPLATE: Final = "password_link.html"


def _find(request: PageRequest, token: Token) -> Account | None:
    return request.identity.password_reset.account_of(token)


def _shown_to(_token: Token, account: Account) -> FormSubject:
    return FormSubject.named_by_link(account)


def show_form(link: OpenLink[Account]) -> Response:
    """Ask for the new password."""
    return _page(link, {})


def set_password(link: OpenLink[Account]) -> Response | Denied[LinkRefusal]:
    """Set the new password, and say what has ended."""
    request = link.request
    if problem := password_problem(request.texts, request.form["password"]):
        return _page(link, {"password": problem})
    outcome = request.identity.password_reset.set(link.token, request.form["password"], request.client)
    match outcome:
        case Done():
            return link.used(request.page("password_set.html", None))
        case WeakPassword():
            return _page(link, {"password": weak_password_text(request.texts, outcome)})
        case Denied():
            return _not_set(link, outcome)
        case unknown:
            assert_never(unknown)


def _not_set(link: OpenLink[Account], denied: Denied[LinkRefusal | LinkThrottleRefusal]) -> Response | Denied[LinkRefusal]:
    match denied.reason:
        case LinkThrottleRefusal() as reason:
            throttled = denied.narrowed(reason)
            link.request.metrics.throttled(throttled)
            return link.throttled(_TEMPLATE, throttled, email=link.subject.address, **new_password_context(link.request))
        case LinkRefusal() as reason:
            return denied.narrowed(reason)
        case unknown:
            assert_never(unknown)


def _page(link: OpenLink[Account], errors: dict[str, Text]) -> Response:
    return link.page(_TEMPLATE, errors, email=link.subject.address, **new_password_context(link.request))


_FORM: Final = LinkForm(
    LinkEntry(
        LinkKind.PASSWORD,
        used=N_("If you have set a new password with it, sign in with that."),
        another=N_("The operator of this XpressBot can give you a new one."),
    ),
    _find,
    _shown_to,
    show_form,
    set_password,
    hashes=True,
)
PAGES: Final[list[Page]] = [_FORM.get, _FORM.post]
