"""A walk through all pages: each in its notable states, each form filled in badly, each error."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import update
from starlette.requests import Request

from tests.support import people
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation, install
from tests.support.mailed_links import links_to
from tests.support.pseudo_locale import LANGUAGES
from tests.support.reasons import REASONS
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.errors import error_response, unavailable_response
from xpressbot.entrypoints.http.language_switch import LanguageSwitch
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.database.errors import DatabaseFault
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.registration.account_creation import NewAccount
from xpressbot.identity.tables import RECOVERY_CODE

URL = "http://chat.test:8000"
NEW_PASSWORD = "copper-lantern-willow-harbour"
OWNER, MEMBER = "anna@example.com", "berta@example.com"
ERRORS = (403, 404, 405, 409, 410, 413, 415, 421, 422, 429, 500, 503)
BAD_PASSWORDS = ("", "short", "x" * 1500, "y" * 9000, "violet-anchor\tmeadow-kettle", "xpressbot-xpressbot", "passwordpassword")
BAD_ADDRESSES = ("", "anna", "\u00e4nna@example.com", "an\u200bna@example.com")


@dataclass(frozen=True)
class Page:
    """A page as it was answered."""

    name: str
    status: int
    html: str


@dataclass
class Walk:
    """The pages that were seen in one language. Whatever is sent to another page is followed there."""

    place: Path
    url: str
    texts: Texts
    pages: list[Page] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.installation: Installation = install(self.place, self.url, public_url=URL, allow_plain_http=True)
        self.app = create_app(self.installation.services, LANGUAGES)

    def browser(self) -> Browser:
        """A browser that asks for the language."""
        return Browser(self.app, self.installation.clock, url=URL, language=self.texts.tag)

    def see(self, name: str, response: httpx.Response, browser: Browser) -> httpx.Response:
        """Note what a browser shows in the end."""
        shown = browser.follow(response)
        self.pages.append(Page(name, shown.status_code, shown.text))
        return shown

    def get(self, browser: Browser, *paths: str) -> None:
        """Open pages."""
        for path in paths:
            self.see(f"GET {path}", browser.get(path), browser)

    def post(self, browser: Browser, path: str, **fields: str) -> httpx.Response:
        """Send a form."""
        return self.see(f"POST {path} {fields}", browser.post(path, fields), browser)


def every_page(place: Path, database_url: str, texts: Texts) -> list[Page]:
    """Walk through a fresh installation in one language."""
    walk = Walk(place, database_url, texts)
    try:
        owner = _first_run(walk)
        _signing_in(walk)
        phone, codes = _setting_up(walk, owner)
        _protected(walk, owner, codes)
        _several_apps(walk, owner)
        _second_factors(walk, phone, codes)
        _links(walk)
        _forms_of_others(walk)
        _sessions(walk)
        _turning_off(walk)
        _passwords(walk)
        _addresses(walk)
        _members(walk)
        _errors(walk)
    finally:
        walk.installation.close()
    return walk.pages


def _first_run(walk: Walk) -> Browser:
    owner, registration = walk.browser(), walk.installation.services.identity.registration
    walk.get(owner, "/welcome", "/welcome?token=nonsense")
    link = registration.issue_welcome_link()
    assert link is not None
    walk.get(owner, f"/welcome?token={link.text}")
    for password in BAD_PASSWORDS:
        walk.post(owner, "/welcome", name="", email=OWNER, password=password)
        walk.post(owner, "/welcome", name="Anna Berg", email=OWNER, password=password)
    for address in BAD_ADDRESSES:
        walk.post(owner, "/welcome", name="Anna Berg", email=address, password=PASSWORD)
    walk.post(owner, "/welcome", name="Anna Berg", email=OWNER, password=PASSWORD)
    walk.get(owner, "/welcome", "/account/confirm-identity", *_reasons("/account"))
    for language in (walk.texts.tag, "", "no-such-language"):
        walk.post(owner, "/account/language", language=language)
    walk.post(owner, "/account/close")
    walk.post(owner, "/account/confirm-identity", password="")
    walk.post(owner, "/account/confirm-identity", password="wrong")
    return owner


def _signing_in(walk: Walk) -> None:
    visitor = walk.browser()
    walk.get(visitor, *_reasons("/sign-in"), "/sign-in?reason=no_cookie")
    for language in (walk.texts.tag, "no-such-language"):
        walk.post(visitor, "/language", language=language, next="/sign-in")
    for address in BAD_ADDRESSES:
        walk.post(visitor, "/sign-in", email=address, password="")
    for _try in range(7):
        walk.post(visitor, "/sign-in", email="carla@example.com", password="wrong")
    for number in range(30):
        visitor.sign_in(f"nobody{number}@example.com", "wrong")
    walk.post(visitor, "/sign-in", email="dora@example.com", password="wrong")
    walk.installation.clock.advance(minutes=2)


def _setting_up(walk: Walk, owner: Browser) -> tuple[AuthenticatorApp, list[str]]:
    walk.post(owner, "/account/2fa/start")
    _wrong_first_codes(walk, owner)
    walk.get(owner, "/account")
    walk.post(owner, "/account/2fa/start-over")
    phone = owner.enable_2fa()
    walk.get(owner, "/account/2fa/recovery-codes")
    codes = owner.recovery_codes()
    walk.post(owner, "/account/2fa/recovery-codes/continue")
    return phone, codes


def _wrong_first_codes(walk: Walk, browser: Browser) -> None:
    for code in ("", "12345", "000000"):
        walk.post(browser, "/account/2fa/confirm", code=code)


def _protected(walk: Walk, owner: Browser, codes: list[str]) -> None:
    walk.get(owner, "/account/history", "/account/history?group=x&from=2026-02-30&to=x&before=x", "/account/history?to=2020-01-01")
    walk.get(owner, "/account/history?from=2020-01-02&to=2020-01-01&group=account", "/account/history?before=1")
    walk.get(owner, "/", "/account", "/account/confirm-identity", "/account/2fa/move", "/account/2fa/disable")
    walk.get(owner, *_reasons("/account/2fa/recovery-codes"))
    walk.post(owner, "/account/confirm-identity", password="", code="")
    walk.post(owner, "/account/confirm-identity", password="wrong", code="000000")
    for code in ("", "nonsense", codes[0], "0000-0000-0000-0000"):
        walk.post(owner, "/account/2fa/recovery-codes/check", code=code)
    walk.post(owner, "/account/2fa/recovery-codes/reveal")
    walk.post(owner, "/account/2fa/recovery-codes/download")
    walk.post(owner, "/account/2fa/recovery-codes/regenerate")
    walk.post(owner, "/account/2fa/recovery-codes/continue", set="of-another-tab")
    walk.post(owner, "/account/2fa/start", lost="yes")
    walk.post(owner, "/account/2fa/start", lost="no")


def _several_apps(walk: Walk, owner: Browser) -> None:
    walk.get(owner, *_reasons("/account/2fa/apps"), "/account/2fa/apps/add")
    for name in ("", stand_in(walk), "Tablet"):
        walk.post(owner, "/account/2fa/apps/add", name=name)
    owner.add_app("Tablet")
    walk.post(owner, "/account/2fa/apps/add", name="Tablet")
    tablet = owner.apps()["Tablet"]
    for app, name in ((tablet, ""), (tablet, stand_in(walk)), ("no-such-app", "Phone")):
        walk.post(owner, "/account/2fa/apps/rename", app=app, name=name)
    walk.get(owner, "/account/2fa/apps", "/account/2fa/move", "/account/2fa/disable", "/account")
    for name in ("Laptop", "Watch", "W" * 40):
        owner.add_app(name)
    walk.get(owner, "/account/2fa/apps", "/account/2fa/apps/add")
    walk.post(owner, "/account/2fa/apps/remove", app=tablet)
    walk.post(owner, "/account/2fa/start", app=owner.apps()["Laptop"], lost="no")


def stand_in(walk: Walk) -> str:
    """What an app without a name is called."""
    return walk.texts.gettext("Authenticator app")


def _second_factors(walk: Walk, phone: AuthenticatorApp, codes: list[str]) -> None:
    waiting = walk.browser()
    waiting.sign_in(OWNER)
    for path, of_the_other_page, wrong in (
        ("/sign-in/code", codes[0], "000000"),
        ("/sign-in/recovery-code", phone.code(), "0000-0000-0000-0000"),
    ):
        walk.get(waiting, path)
        for code in ("", "nonsense", of_the_other_page, wrong):
            walk.post(waiting, path, code=code)
    for _try in range(6):
        walk.post(waiting, "/sign-in/code", code="000000")
    late = walk.browser()
    late.sign_in(OWNER)
    walk.installation.clock.advance(minutes=11)
    walk.post(late, "/sign-in/code", code="000000")
    in_time = walk.browser()
    in_time.sign_in(OWNER)
    walk.post(in_time, "/sign-in/recovery-code", code=codes[1])
    walk.get(in_time, "/account", "/account/2fa/recovery-codes")
    walk.post(in_time, "/account/2fa/start")
    with walk.installation.services.database.write() as connection:
        connection.execute(update(RECOVERY_CODE).values(used_at=1))
        connection.commit()
    walk.get(in_time, "/", "/account", "/account/2fa/disable")
    walk.post(in_time, "/notices/seen", shown="0-999")
    walk.post(in_time, "/mail/test")
    walk.get(in_time, "/")


def _links(walk: Walk) -> None:
    services = walk.installation.services
    invitation = services.identity.registration.invite("carl@example.com")
    assert isinstance(invitation, Token)
    invited = walk.browser()
    walk.get(invited, "/link/invite", "/link/invite?token=nonsense", f"/link/invite?token={invitation.text}")
    for password in BAD_PASSWORDS:
        walk.post(invited, "/link/invite", name="", password=password)
    for _try in range(11):
        walk.post(invited, "/link/invite", name="Carl", password="passwordpassword")
    walk.installation.clock.advance(hours=25)
    walk.get(walk.browser(), f"/link/invite?token={invitation.text}")
    people.protected(services, MEMBER)
    link, other = people.reset(services, MEMBER), people.reset(services, OWNER)
    holder = walk.browser()
    walk.get(holder, f"/link/re-enrolment?token={link.text}")
    member = walk.browser()
    walk.see("POST /sign-in", member.sign_in(MEMBER), member)
    walk.get(member, *_reasons("/link/re-enrolment"))
    for pasted in ("nonsense", "A" * 43, other.text):
        walk.post(member, "/link/re-enrolment", link=pasted)
    walk.get(member, f"/link/re-enrolment?token={other.text}", "/account/2fa/setup", f"/link/re-enrolment?token={link.text}")
    walk.post(member, "/account/2fa/start")
    _wrong_first_codes(walk, member)


def _forms_of_others(walk: Walk) -> None:
    registration = walk.installation.services.identity.registration
    walk.installation.add_account("dora@example.com", "Dora")
    walk.installation.add_account("emil@example.com", "Emil")
    shared = walk.browser()
    shared.sign_in("dora@example.com")
    shown_to_dora = shared.form_for("/account")
    shared.sign_in("emil@example.com")
    walk.post(shared, "/account/2fa/start", **{"for": shown_to_dora or ""})
    links = [registration.invite(email) for email in ("frida@example.com", "gerd@example.com")]
    shown = []
    for link in links:
        assert isinstance(link, Token)
        walk.get(shared, f"/link/invite?token={link.text}")
        shown.append(shared.form_for("/link/invite") or "")
    walk.post(shared, "/link/invite", name="Frida", password=PASSWORD, **{"for": shown[0]})
    walk.post(shared, "/sign-out")


def _sessions(walk: Walk) -> None:
    browsers = [walk.browser() for _ in range(3)]
    for browser in browsers:
        browser.sign_in("dora@example.com")
    dora = browsers[0]
    walk.get(dora, "/account/sessions", "/account")
    walk.installation.clock.advance(minutes=6)
    walk.get(dora, "/account/sessions")
    other = re.findall(r'name="session" value="(\w+)"', dora.get("/account/sessions").text)[0]
    for password in ("", "wrong", PASSWORD):
        walk.post(dora, "/account/sessions/end", session=other, password=password)
    walk.post(dora, "/account/sessions/end", session=other, password=PASSWORD)
    for password in ("", "wrong", PASSWORD):
        walk.post(dora, "/account/sessions/end-others", password=password)
    walk.post(dora, "/account/sessions/stay", next="/account")
    walk.get(dora, "/account/profile", "/account/close")
    for name in ("", "Dora Lund"):
        walk.post(dora, "/account/profile", name=name)
    walk.installation.clock.advance(minutes=61)
    walk.get(dora, "/sign-in/unlock", "/account")
    for password in ("", "wrong", PASSWORD):
        walk.post(dora, "/sign-in/unlock", password=password)


def _turning_off(walk: Walk) -> None:
    dora = walk.browser()
    dora.sign_in("dora@example.com")
    dora.enable_2fa()
    dora.post("/account/2fa/recovery-codes/continue")
    walk.post(dora, "/account/2fa/disable")


def _passwords(walk: Walk) -> None:
    services, visitor, dora = walk.installation.services, walk.browser(), walk.browser()
    for address in (*BAD_ADDRESSES, *["dora@example.com"] * 11):
        walk.post(visitor, "/forgot-password", email=address)
    walk.get(visitor, "/forgot-password", "/sign-in/new-password", "/link/password", "/link/not-me")
    walk.installation.clock.advance(minutes=2)
    dora.sign_in("dora@example.com")
    for password in BAD_PASSWORDS:
        walk.post(dora, "/account/password", current_password=PASSWORD, password=password)
    walk.post(dora, "/account/password", current_password="wrong", password=NEW_PASSWORD)
    walk.get(dora, *_reasons("/account/password"))
    walk.post(dora, "/account/password", current_password=PASSWORD, password=NEW_PASSWORD)
    link = services.identity.password_reset.issue("dora@example.com")
    assert isinstance(link, Token)
    walk.get(visitor, "/link/password?token=nonsense", f"/link/password?token={link.text}")
    for password in (*BAD_PASSWORDS, NEW_PASSWORD, PASSWORD):
        walk.post(visitor, "/link/password", password=password)
    walk.get(visitor, f"/link/password?token={link.text}")
    _reported(walk)


def _reported(walk: Walk) -> None:
    """The link "This wasn't me", with 2FA and without, and the way back in."""
    dora, visitor = walk.browser(), walk.browser()
    dora.sign_in("dora@example.com")
    phone = dora.enable_2fa()
    walk.get(visitor, f"/link/not-me?token={people.not_me_link(walk.installation.services, 'dora@example.com').text}")
    walk.post(visitor, "/link/not-me")
    walk.get(visitor, "/link/not-me")
    visitor.sign_in("dora@example.com")
    walk.post(visitor, "/sign-in/code", code=phone.next_code())
    for password in BAD_PASSWORDS:
        walk.post(visitor, "/sign-in/new-password", password=password)
    walk.post(visitor, "/sign-in/new-password", password=NEW_PASSWORD)
    visitor.post("/account/2fa/disable")
    walk.get(dora, f"/link/not-me?token={people.not_me_link(walk.installation.services, 'dora@example.com').text}")
    walk.post(dora, "/link/not-me")


def _addresses(walk: Walk) -> None:
    """An address that is confirmed, changed and brought back, and the links in the wrong hands."""
    old, new = "frida@example.com", "frida@example.net"
    walk.installation.clock.advance(minutes=2)
    walk.installation.services.identity.registration.create(NewAccount(old, "Frida Lund", PASSWORD))
    emil, visitor = walk.browser(), walk.browser()
    emil.sign_in(old)
    walk.get(emil, "/account", "/account/email", "/account/profile", "/link/email", "/link/email-stop", "/link/email?token=nonsense")
    for address in (*BAD_ADDRESSES, old):
        walk.post(emil, "/account/email", email=address)
    _open_mailed(walk, emil, old, LinkKind.EMAIL)
    walk.post(emil, "/link/email")
    for address in (old, new):
        walk.post(emil, "/account/email", email=address)
    _open_mailed(walk, visitor, new, LinkKind.EMAIL)
    visitor.sign_in(OWNER)
    walk.get(visitor, "/link/email")
    _open_mailed(walk, emil, new, LinkKind.EMAIL)
    walk.post(emil, "/link/email")
    walk.get(emil, "/account/email", "/account/history?group=account")
    walk.post(emil, "/account/email", email="third@example.net")
    visitor = walk.browser()
    _open_mailed(walk, visitor, old, LinkKind.EMAIL_STOP)
    walk.post(visitor, "/link/email-stop")
    walk.get(visitor, "/link/email-stop?token=nonsense")
    walk.installation.add_account("gustav@example.com", "Gustav Holm")
    gustav = walk.browser()
    gustav.sign_in("gustav@example.com")
    for name in ("", "Gustav"):
        walk.post(gustav, "/account/profile", name=name)
    walk.get(gustav, "/account/close")
    walk.post(gustav, "/account/close")


def _open_mailed(walk: Walk, browser: Browser, address: str, kind: LinkKind) -> None:
    walk.get(browser, f"/link/{kind}?token={links_to(walk.installation, address, kind)[-1].text}")


def _members(walk: Walk) -> None:
    """The pages of a member, active and suspended, with 2FA and without, and one's own."""
    services, lena = walk.installation.services, walk.browser()
    walk.installation.clock.advance(minutes=2)
    owner = people.protected(services, "lena@example.com", role=Role.OWNER)
    admin = people.protected(services, "mona@example.com", role=Role.ADMIN)
    agent = walk.installation.add_account("nils@example.com", "Nils Lund")
    lena.sign_in("lena@example.com")
    lena.post("/sign-in/code", code=owner.phone.next_code())
    walk.browser().sign_in("nils@example.com")
    walk.get(lena, "/team")
    for member_id in (agent.id, admin.account.id, owner.account.id, "0" * 32):
        path = f"/team/members/{member_id}"
        walk.get(lena, path, *(f"{path}/{deed}" for deed in ("role", "ownership", "suspend", "remove")))
    path = f"/team/members/{agent.id}"
    for role in ("", "god", "agent", "admin"):
        walk.post(lena, f"{path}/role", role=role)
    for session in ("", walk.installation.services.identity.session_listing.listed(admin.caller)[0].session.id):
        walk.post(lena, f"{path}/sessions/end", session=session)
    walk.post(lena, f"{path}/sessions/end-all")
    for _half in range(2):
        walk.post(lena, f"{path}/suspend")
    walk.get(lena, f"{path}/reinstate")
    walk.post(lena, f"{path}/ownership")
    for _half in range(2):
        walk.post(lena, f"{path}/reinstate")
    walk.post(lena, f"/team/members/{owner.account.id}/remove")
    for _half in range(2):
        walk.post(lena, f"{path}/remove")
    walk.post(lena, f"/team/members/{admin.account.id}/ownership")
    walk.get(lena, f"/team/members/{admin.account.id}", "/account", "/account/history")


def _errors(walk: Walk) -> None:
    switch = LanguageSwitch(LANGUAGES, Cookies(walk.installation.services.settings), {}, Destinations([]))
    renderer = Renderer(switch, plain_http_warning=False)
    headers = [(b"accept-language", walk.texts.tag.encode()), (b"host", b"other.example")]
    for host in (headers, headers[:1]):
        request = Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": host})
        for status in ERRORS:
            response = error_response(renderer, request, status, reference="0123456789abcdef")
            walk.pages.append(Page(f"error {status}", status, bytes(response.body).decode()))
        response = unavailable_response(renderer, request, DatabaseFault.DISK_FULL)
        walk.pages.append(Page("error of a full disk", 503, bytes(response.body).decode()))


def _reasons(path: str) -> list[str]:
    return [path, *(f"{path}?reason={reason}" for reason in REASONS)]
