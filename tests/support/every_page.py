"""A walk through all pages: each in its notable states, each form filled in badly, each error."""

import re
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from sqlalchemy import update
from starlette.requests import Request

from tests.support import people
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.bots import EMPTY, UNREACHABLE, converse, hours_script, make_bot, publish, replace_draft
from tests.support.browser import Browser
from tests.support.cookies import cookie_name
from tests.support.edited_scripts import ANNA as EDITOR
from tests.support.edited_scripts import a_script, add_bot, form_of
from tests.support.installation import PASSWORD, Installation, install
from tests.support.mailed_links import links_to
from tests.support.policies import exempt_until, require_two_factor
from tests.support.pseudo_locale import LANGUAGES
from tests.support.reasons import REASONS
from tests.support.resets import DAGNY, ask, make_team, write
from xpressbot.chat.flows.deeds import RemoveTopic
from xpressbot.chat.flows.merging import typed_parts
from xpressbot.chat.flows.writing import written
from xpressbot.entrypoints.http.app import create_app
from xpressbot.entrypoints.http.cookies import Cookies
from xpressbot.entrypoints.http.errors import error_response, unavailable_response
from xpressbot.entrypoints.http.language_switch import LanguageSwitch
from xpressbot.entrypoints.http.page_paths import Destinations
from xpressbot.entrypoints.http.rendering import Renderer
from xpressbot.entrypoints.messages.formatting import day_field
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.database.errors import DatabaseFault
from xpressbot.foundation.times import DAY
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sign_in.rules.pending import NextStep
from xpressbot.identity.tables import ACCOUNT, PENDING_SIGN_IN, RECOVERY_CODE

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

    def holding(self, caller: Caller) -> Browser:
        """A browser that holds a person's session."""
        browser = self.browser()
        browser.cookies.set(cookie_name("session", URL), caller.token.text)
        return browser

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
        _resets(walk)
        _team(walk)
        _members(walk)
        _editor(walk)
        _bots(walk)
        _policy(walk)  # the last in which people sign in: 2FA is required in the end
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
    _record(walk, owner)
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


def _record(walk: Walk, owner: Browser) -> None:
    walk.get(owner, "/team", "/team/record", f"/team/record?member={OWNER}&to=2020-01-01", "/team/record?member=x&before=x&from=2026-02-30")
    for _download in range(10):
        owner.post("/team/record/export")
    walk.get(owner, "/team/record")
    walk.post(owner, "/team/record/export")


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
    walk.post(in_time, "/first-steps/hide")
    walk.get(in_time, "/")


def _links(walk: Walk) -> None:
    services = walk.installation.services
    invitation = services.identity.invitations.issue("carl@example.com")
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
    invitations = walk.installation.services.identity.invitations
    walk.installation.add_account("dora@example.com", "Dora")
    walk.installation.add_account("emil@example.com", "Emil")
    shared = walk.browser()
    shared.sign_in("dora@example.com")
    shown_to_dora = shared.form_for("/account")
    shared.sign_in("emil@example.com")
    walk.post(shared, "/account/2fa/start", **{"for": shown_to_dora or ""})
    links = [invitations.issue(email) for email in ("frida@example.com", "gerd@example.com")]
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
    people.bound_long_ago(walk.installation.services)
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


def _resets(walk: Walk) -> None:
    """Resets that a team decides: asked for, stopped by the mailed link, approved, the link, and who may not do it."""
    walk.installation.clock.advance(minutes=2)
    services = walk.installation.services
    team = make_team(services)
    owner, bo, cai, dagny = (_holding(walk, person) for person in (team.owner, team.bo, team.cai, team.dagny))
    page, own = (f"/team/members/{person.account.id}/reset" for person in (team.dagny, team.bo))
    walk.get(bo, "/team", "/team/resets", page, own, f"/team/members/{team.owner.account.id}/reset")
    walk.post(bo, page, reason="")
    walk.post(bo, own, reason="Lost")
    walk.post(bo, page, reason="Lost")
    walk.get(dagny, "/", "/account")
    walk.get(bo, page, "/team/resets")
    visitor = walk.browser()
    walk.get(visitor, "/link/reset-stop", "/link/reset-stop?token=nonsense")
    _open_mailed(walk, visitor, DAGNY, LinkKind.RESET_STOP)
    walk.post(visitor, "/link/reset-stop")
    _open_mailed(walk, visitor, DAGNY, LinkKind.RESET_STOP)
    for path in ("approve", "stop"):
        walk.post(cai, f"{page}/{path}", request="gone")
    bo.post(page, {"reason": "Lost"})
    walk.post(dagny, "/account/reset/stop")
    walk.post(cai, f"{page}/link")
    walk.get(dagny, "/", "/account/history?group=second-factor")
    write(services, team.cai.account.id, role_since=services.clock.now())
    asked = ask(services, team.bo.caller, team.dagny)
    walk.get(cai, page)
    walk.get(owner, "/team/resets")
    walk.post(owner, f"{page}/approve", request=asked.request.id)
    walk.get(owner, "/team/resets", page)
    walk.post(owner, f"{page}/link")
    for person in (team.bo, team.owner):
        walk.get(_holding(walk, person), f"/team/members/{team.cai.account.id}/reset")
    write(services, team.bo.account.id, role=Role.AGENT.value)
    write(services, team.cai.account.id, role=Role.AGENT.value)
    with services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == OWNER).values(role=Role.AGENT.value))
        connection.commit()
    walk.get(owner, f"/team/members/{team.cai.account.id}/reset")


def _holding(walk: Walk, person: people.Person) -> Browser:
    browser = walk.browser()
    browser.cookies.set(cookie_name("session", URL), person.caller.token.text)
    return browser


def _team(walk: Walk) -> None:
    """The roster with members in every state, its filter, invitations given out, refused, void and taken back."""
    services = walk.installation.services
    walk.installation.clock.advance(minutes=2)
    admin = people.protected(services, "hanna@example.com", role=Role.ADMIN)
    owner = people.protected(services, "ida@example.com", role=Role.OWNER)
    now = walk.installation.clock.now()
    exempt: dict[str, object] = {"exempt_until": now + DAY, "exempt_reason": "No phone yet"}
    states: tuple[dict[str, object], ...] = exempt, {"must_enrol": True}, {"email_confirmed_at": None}
    for number, state in enumerate(states):
        account = walk.installation.add_account(f"karl{number}@example.com", "Karl Lund")
        with services.database.write() as connection:
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(state))
            connection.commit()
    hanna, ida = walk.holding(admin.caller), walk.holding(owner.caller)
    walk.get(hanna, "/team", "/team?q=karl&state=exempt", "/team?state=invited", "/team?state=x&q=%00", "/team?after=zz", "/team/invite")
    walk.post(hanna, "/team/remind")
    for address in BAD_ADDRESSES:
        walk.post(hanna, "/team/invite", email=address, role="agent")
    for address, role in (
        ("lena@example.com", ""),
        ("hanna@example.com", "agent"),
        ("lena@example.com", "owner"),
        ("lena@example.com", "agent"),
    ):
        walk.post(hanna, "/team/invite", email=address, role=role)
    walk.post(ida, "/team/invite", email="lena@example.com", role="agent")
    walk.post(ida, "/team/invite", email="maja@example.com", role="owner")
    walk.post(hanna, "/team/invite", email="maja@example.com", role="agent")
    walk.get(ida, "/team", f"/team/invitations/{'0' * 32}")
    for path in sorted(set(re.findall(r"/team/invitations/\w{32}(?=\")", ida.get("/team").text))):
        walk.get(ida, path)
        walk.post(ida, path, role="")
        walk.post(ida, path, role="agent")
    walk.post(ida, f"/team/invitations/{'0' * 32}/revoke")
    _void_invitation(walk, ida, hanna, admin.account.id)


def _void_invitation(walk: Walk, owner: Browser, inviter: Browser, inviter_id: str) -> None:
    """Its giver becomes an agent while the invited person reads it."""
    invited, shown = walk.browser(), inviter.post("/team/invite", email="nora@example.com", role="agent").text
    (link,) = re.findall(r"/link/invite\?token=[\w-]+(?=\")", shown)[:1]
    walk.get(invited, link)
    with walk.installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == inviter_id).values(role=Role.AGENT.value))
        connection.commit()
    walk.get(invited, "/link/invite")
    walk.get(owner, "/team")
    walk.installation.clock.advance(minutes=55)
    walk.get(inviter, "/team")


def _policy(walk: Walk) -> None:
    """What the team asks of its members: the owner's pages, and what a member without 2FA sees."""
    services, now = walk.installation.services, walk.installation.clock.now
    member = walk.installation.add_account("hana@example.com", "Hana Lund")
    owner, hana, again = walk.browser(), walk.browser(), walk.browser()
    otto = people.protected(services, "otto@example.com", role=Role.OWNER)
    owner.sign_in("otto@example.com")
    owner.post("/sign-in/code", code=otto.phone.code())
    hana.sign_in("hana@example.com")
    page, exemption = "/team/policy", f"/team/members/{member.id}/exemption"
    walk.get(owner, page, f"{page}?policy=asked", f"{page}?policy=optional", f"{page}?policy=required&from=x", exemption)
    walk.get(owner, f"{page}?policy=required&from={day_field(now())}", f"{page}?policy=required&from={day_field(now() + DAY)}")
    walk.post(owner, page, policy="asked", **{"from": ""}, before="required", before_from="1")
    walk.post(owner, page, policy="asked", **{"from": ""}, before="optional", before_from="")
    walk.get(hana, "/")
    walk.post(hana, "/account/2fa/reminder")
    walk.post(owner, exemption, days="", reason="", shown="")
    walk.post(owner, exemption, days="3", reason="New phone", shown="1")
    walk.post(owner, exemption, days="3", reason="New phone", shown="")
    walk.get(owner, f"/team/members/{otto.account.id}/exemption")
    for _half in range(2):
        walk.post(owner, f"{exemption}/end", shown=str(now() + 3 * DAY))
    require_two_factor(walk.installation, now() + 5 * DAY)
    walk.get(owner, page)
    walk.get(hana, "/")
    require_two_factor(walk.installation)
    exempt_until(walk.installation, "hana@example.com", 1)
    walk.get(owner, page, "/account", "/account/2fa/disable")
    walk.get(hana, *_reasons("/account/2fa/required"), "/account/2fa/setup", "/account/confirm-identity")
    walk.post(hana, "/account/2fa/start")
    _wrong_first_codes(walk, hana)
    again.sign_in("hana@example.com")
    walk.get(again, *_reasons("/link/enrolment"))
    with services.database.write() as connection:
        connection.execute(update(PENDING_SIGN_IN).values(next_step=NextStep.ENROL_WITH_LINK.value))
        connection.commit()
    walk.get(again, *_reasons("/link/enrolment"))
    for pasted in ("nonsense", "A" * 43):
        walk.post(again, "/link/enrolment", link=pasted)


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


def _editor(walk: Walk) -> None:
    """The script editor: each kind of step, each thing that can be wrong with one, what others changed, and trying it out."""
    services = walk.installation.services
    owner = walk.holding(people.signed_in(services, "edda@example.com", role=Role.OWNER))
    bot = add_bot(walk.installation)
    home, path = f"/bots/{bot.id}", f"/bots/{bot.id}/topics/hours"
    walk.get(owner, home, path, f"{path}?moving=s1", f"{path}?turn=hours", f"/bots/{bot.id}/topics/nowhere")
    parts = form_of(a_script(), "hours")
    for kind in ("say", "ask", "choices", "if", "go_to", "hand_over", "end"):
        walk.post(owner, path, **parts, do=f"add:{kind}:topic:hours")
    for do in ("remove:s6", "up:s2", "up:nothing", "move:s3", "undo:1", "theirs:step:s1"):
        walk.post(owner, path, **parts, do=do, to="option:o1")
    for turn in ("opening hours", "nothing of it", "8", "Inside", "a person?"):
        walk.post(owner, path, **parts, do="try", write=turn, **{"turn.0": "opening hours", "turn.1": "8"})
    walk.post(owner, path, **parts, do="try", write="x" * 501)
    walk.post(owner, path, **parts, do="keep", check="")
    walk.post(owner, path, **parts, do="keep", check="Hours", **{"turn.0": "opening hours"})
    for wrong in ({"step.s2.into": "2!"}, {"step.s1.text": "Mine"}, {"topic.hours.on": "nothing_matched"}, {"step.o1.label": "y" * 90}):
        services.chat.editing.edit(EDITOR, bot.id, typed_parts({**parts, "step.s1.text": "Theirs"}), None)
        walk.post(owner, path, **{**parts, **wrong})
    for fields in (
        {"do": "add", "name": ""},
        {"do": "add", "name": "Parking"},
        {"do": "down:hours"},
        {"do": "remove:bye"},
        {"do": "undo:1"},
    ):
        walk.post(owner, f"{home}/topics", **fields)
    walk.get(owner, home)
    services.chat.editing.edit(EDITOR, bot.id, (), RemoveTopic("hours"))
    walk.post(owner, path, **{**parts, "step.s1.text": "Lost?"})
    services.chat.bots.archive(EDITOR, bot.id)
    walk.post(owner, f"/bots/{bot.id}/topics/rest", **form_of(a_script(), "rest"))
    walk.get(owner, home)


def _bots(walk: Walk) -> None:
    """Bots in every state: none, a draft with errors and warnings, published with changes and checks that differ, archived; and files."""
    services = walk.installation.services
    petra = walk.holding(people.protected(services, "petra@example.com", role=Role.OWNER).caller)
    walk.get(petra, "/bots", "/bots/archived", "/bots/new", "/bots/import")
    for script in ("blank", "questions", "order", "handover"):
        walk.post(petra, "/bots/new", name="", language="en", script=script)
    walk.post(petra, "/bots/new", name="Clinic", language=walk.texts.tag, script="blank")
    faulty = make_bot(services, hours_script(extra=[EMPTY, UNREACHABLE]), name="Faulty")
    bot = make_bot(services, hours_script(with_check=True))
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    converse(services, bot.id, channel_id, "Do you sell tyres?", "your opening hours", "x" * 200)
    publish(services, replace_draft(services, bot.id, hours_script("From 8 to 6.", with_check=True)).id)
    replace_draft(services, bot.id, hours_script("From 7 to 7.", extra=[UNREACHABLE], with_check=True))
    pages = (
        "",
        "/settings",
        "/publish",
        "/versions",
        "/versions?before=2",
        "/roll-back?number=1",
        "/roll-back?number=2",
        "/checks",
        "/missed",
    )
    walk.get(petra, "/bots", f"/bots/import?bot={bot.id}", f"/bots/{bot.id}/export", *(f"/bots/{bot.id}{page}" for page in pages))
    walk.get(petra, *(f"/bots/{faulty.id}{page}" for page in ("", "/publish", "/versions", "/checks", "/missed")))
    path = f"/bots/{bot.id}"
    walk.post(petra, f"{path}/rename", name="")
    walk.post(petra, f"{path}/publish", revision="3", newest="2", running="restart")
    walk.post(petra, f"{path}/publish", revision="1", newest="2", running="restart")
    walk.post(petra, f"/bots/{faulty.id}/publish", revision="1", newest="0")
    walk.post(petra, f"{path}/roll-back", number="1", newest="1", running="finish")
    for phrase, topic in (("???", "hours"), ("tyres", "greeting"), ("tyres", "hours")):
        walk.post(petra, f"{path}/missed/phrase", phrase=phrase, topic=topic)
    walk.post(petra, "/bots/import")
    for content in (b"{}", b"[", written(hours_script()).encode()[:-2], written(hours_script()).replace("say", "call").encode()):
        walk.see("POST /bots/import", petra.upload("/bots/import", content, bot=bot.id), petra)
    walk.post(petra, f"{path}/checks/remove", name="Hours")
    walk.post(petra, f"{path}/archive")
    walk.get(petra, "/bots/archived", *(f"{path}{page}" for page in pages))
    walk.post(petra, f"{path}/rename", name="Other")
    walk.post(petra, f"{path}/restore")


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
