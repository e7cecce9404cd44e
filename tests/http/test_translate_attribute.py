"""Browsers translate pages: what is to be typed or recognised again, letter by letter, stands where they leave it alone."""

import html
import re
from collections.abc import Callable, Iterable
from html.parser import HTMLParser

from sqlalchemy import update
from starlette.requests import Request

from tests.http.conftest import RE_ENROLMENT, Protected, Reset
from tests.support import labels
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import invitation, welcome_link
from xpressbot.entrypoints.http.app import ENGLISH_ALONE
from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.errors import error_response
from xpressbot.entrypoints.http.language_switch import LanguageSwitch
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.identity.tables import ACCOUNT, RECOVERY_CODE

CODES = "/account/2fa/recovery-codes"
VOID = {"meta", "link", "input", "path", "br", "img"}
EMAIL, NAME = "anna@example.com", "Anna Berg"


class Translatable(HTMLParser):
    """Collects what a translating browser would change: text, and what a field holds, without translate="no" on any ancestor."""

    def __init__(self) -> None:
        super().__init__()
        self._open: list[tuple[str, bool]] = []
        self.changed: list[str] = []
        self.kept: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = dict(attrs)
        translated = attributes.get("translate", "no" if self._open and not self._open[-1][1] else "yes") == "yes"
        if tag == "input" and attributes.get("type") != "hidden":
            self._collect(attributes.get("value") or "", translated=translated)
        if tag not in VOID:
            self._open.append((tag, translated))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop()[0] == tag

    def handle_data(self, data: str) -> None:
        self._collect(data, translated=not self._open or self._open[-1][1])

    def _collect(self, text: str, *, translated: bool) -> None:
        (self.changed if translated else self.kept).append(text)


def check(page: str, values: Iterable[str]) -> None:
    """Each value stands in the page, and nowhere that a browser would translate it."""
    parsed = Translatable()
    parsed.feed(page)
    kept, changed = "\n".join(parsed.kept), "\n".join(parsed.changed)
    for value in values:
        assert value in kept, value
        assert value not in changed, value


def test_the_suggested_passphrase_and_the_invited_address(
    installation: Installation, browser: Browser, new_browser: Callable[..., Browser]
) -> None:
    """On the welcome page and on an invitation; what was typed there is left alone too."""
    browser.get(f"/welcome?token={welcome_link(installation.services).text}")
    check(page := browser.get("/welcome").text, [suggestion(page)])
    check(page := browser.post("/welcome", name=NAME, email=EMAIL, password="short").text, [suggestion(page), NAME, EMAIL])
    installation.add_account()
    invited = new_browser()
    invited.get(f"/link/invite?token={invitation(installation.services, 'bela@example.com').text}")
    check(page := invited.get("/link/invite").text, [suggestion(page), "bela@example.com"])


def test_the_address_on_the_way_in(pending: Browser) -> None:
    """Both pages that ask for a code say who is signing in; a refused password repeats the address in its field."""
    for path in ("/sign-in/code", "/sign-in/recovery-code"):
        check(pending.get(path).text, [EMAIL])
    check(pending.sign_in(password="wrong-password-of-hers").text, [EMAIL])


def test_the_key_of_an_app_and_the_names_of_apps(signed_in: Browser) -> None:
    """Set-up, move, list, rename, remove, and the notice that an app was added."""
    signed_in.enable_2fa()
    signed_in.post("/account/2fa/recovery-codes/continue")
    signed_in.post("/account/2fa/apps/add", name="Blue services")
    page = signed_in.get("/account/2fa/setup").text
    key = re.search(r'data-copy="([A-Z2-7]{32})"', page)
    assert key is not None
    check(page, [*re.findall("....", key[1]), "Blue services", EMAIL, NAME])
    check(signed_in.post("/account/2fa/apps/add", name=labels.AUTHENTICATOR_APP).text, [labels.AUTHENTICATOR_APP])
    signed_in.add_app("Blue services")
    apps = signed_in.get("/account/2fa/apps").text
    check(apps, ["Blue services"])
    assert apps.count("Blue services") == 3
    check(signed_in.get("/account/2fa/move").text, ["Blue services"])
    signed_in.post("/account/2fa/start", app=signed_in.apps()["Blue services"], lost="no")
    check(signed_in.get("/account/2fa/setup").text, ["Blue services"])


def test_the_name_of_an_app_in_a_notice(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """Another browser is told of it on its dashboard."""
    protected.browser.add_app("Blue services")
    other = new_browser()
    other.sign_in()
    other.post("/sign-in/code", code=protected.phone.next_code())
    page = other.get("/").text
    check(page, ["Blue services", EMAIL, NAME])


def test_recovery_codes_shown_masked_and_printed(protected: Protected, new_browser: Callable[..., Browser]) -> None:
    """The list, a used code in it, the masked rows, the paper's heading; and a code that comes back in its field."""
    browser = protected.browser
    check(browser.get(CODES).text, ["••••-••••-••••-••••"])
    spent = new_browser()
    spent.sign_in()
    spent.post("/sign-in/recovery-code", code=protected.codes[0])
    browser.post(f"{CODES}/reveal")
    page = browser.get(CODES).text
    check(page, [*protected.codes, EMAIL])
    assert page.index('class="print-only"') < page.index(f'<span translate="no">{EMAIL}</span>') < page.index(protected.codes[0])


def test_settings_and_confirming_who_one_is(protected: Protected) -> None:
    """The profile, the menu, and the field that tells a password manager whose password is asked for."""
    check(protected.browser.get("/account").text, [EMAIL, NAME])
    check(protected.browser.get("/account/confirm-identity").text, [EMAIL, NAME])


def test_both_addresses_when_a_form_was_for_another_person(installation: Installation, signed_in: Browser) -> None:
    """In the sentence, and in the button to go on."""
    shown_to_anna = re.search(r'name="for" value="([^"]*)"', signed_in.get("/account").text)
    assert shown_to_anna is not None
    installation.add_account("bela@example.com", "Bela")
    signed_in.sign_in("bela@example.com")
    response = signed_in.post("/account/2fa/start", {"for": html.unescape(shown_to_anna[1])})
    assert response.status_code == 409
    check(response.text, [EMAIL, "bela@example.com"])


def test_the_address_after_a_reset(reset: Reset, must_enrol: Browser) -> None:
    """Before and after the link is there."""
    check(must_enrol.get(RE_ENROLMENT).text, [EMAIL])
    must_enrol.get(f"{RE_ENROLMENT}?token={reset.link.text}")
    check(must_enrol.get(RE_ENROLMENT).text, [EMAIL])


def test_the_reference_of_an_error(installation: Installation) -> None:
    """The operator finds the request by it."""
    switch = LanguageSwitch(ENGLISH_ALONE, Cookies(installation.services.settings), {}, Destinations([]))
    renderer = Renderer(switch, plain_http_warning=False)
    request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []})
    page = error_response(renderer, request, 500, reference="b1f0-canary")
    check(bytes(page.body).decode(), ["b1f0-canary"])


def test_addresses_in_what_the_owner_is_told_of_the_installation(protected: Protected, installation: Installation) -> None:
    """Between the words of a finding, whatever signs they have."""
    with installation.services.database.write() as connection:
        connection.execute(update(RECOVERY_CODE).values(used_at=1))
        connection.execute(update(ACCOUNT).values(email="o'anna+x@example.com", email_key="o'anna+x@example.com"))
        connection.commit()
    installation.services.background_check.renew()
    page = protected.browser.get("/").text
    assert 'id="installation"' in page
    check(page, ["o'anna+x@example.com"])


def suggestion(page: str) -> str:
    """The passphrase that a page suggests."""
    found = re.search(r'<code class="passphrase">([a-z-]+)</code>', page)
    assert found is not None
    return html.unescape(found[1])
