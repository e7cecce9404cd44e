"""A person's own account: the first run, profile, sessions, passwords, addresses."""

import re

from tests.support import people
from tests.support.browser import Browser
from tests.support.every_page.walk import (
    BAD_ADDRESSES,
    BAD_PASSWORDS,
    NEW_PASSWORD,
    OWNER,
    Walk,
    open_mailed,
    reasons,
)
from tests.support.installation import PASSWORD
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.registration.new_accounts import NewAccount


def first_run(walk: Walk) -> Browser:
    """The first account, and what it can ask for."""
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
    walk.get(owner, "/welcome", "/account/confirm-identity", *reasons("/account"))
    for language in (walk.texts.tag, "", "no-such-language"):
        walk.post(owner, "/account/language", language=language)
    walk.post(owner, "/account/close")
    walk.post(owner, "/account/confirm-identity", password="")
    walk.post(owner, "/account/confirm-identity", password="wrong")
    return owner


def sessions(walk: Walk) -> None:
    """The list of sessions, and a locked one."""
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


def passwords(walk: Walk) -> None:
    """A new password, by the form and by a link."""
    services, visitor, dora = walk.installation.services, walk.browser(), walk.browser()
    for address in (*BAD_ADDRESSES, *["dora@example.com"] * 11):
        walk.post(visitor, "/forgot-password", email=address)
    walk.get(visitor, "/forgot-password", "/sign-in/new-password", "/link/password", "/link/not-me")
    walk.installation.clock.advance(minutes=2)
    dora.sign_in("dora@example.com")
    for password in BAD_PASSWORDS:
        walk.post(dora, "/account/password", current_password=PASSWORD, password=password)
    walk.post(dora, "/account/password", current_password="wrong", password=NEW_PASSWORD)
    walk.get(dora, *reasons("/account/password"))
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


def addresses(walk: Walk) -> None:
    """An address that is confirmed, changed and brought back, and the links in the wrong hands."""
    old, new = "frida@example.com", "frida@example.net"
    walk.installation.clock.advance(minutes=2)
    walk.installation.services.identity.registration.create(NewAccount(old, "Frida Lund", PASSWORD))
    emil, visitor = walk.browser(), walk.browser()
    emil.sign_in(old)
    walk.get(emil, "/account", "/account/email", "/account/profile", "/link/email", "/link/email-stop", "/link/email?token=nonsense")
    for address in (*BAD_ADDRESSES, old):
        walk.post(emil, "/account/email", email=address)
    open_mailed(walk, emil, old, LinkKind.EMAIL)
    walk.post(emil, "/link/email")
    for address in (old, new):
        walk.post(emil, "/account/email", email=address)
    open_mailed(walk, visitor, new, LinkKind.EMAIL)
    visitor.sign_in(OWNER)
    walk.get(visitor, "/link/email")
    open_mailed(walk, emil, new, LinkKind.EMAIL)
    walk.post(emil, "/link/email")
    walk.get(emil, "/account/email", "/account/history?group=account")
    walk.post(emil, "/account/email", email="third@example.net")
    visitor = walk.browser()
    open_mailed(walk, visitor, old, LinkKind.EMAIL_STOP)
    walk.post(visitor, "/link/email-stop")
    walk.get(visitor, "/link/email-stop?token=nonsense")
    walk.installation.add_account("gustav@example.com", "Gustav Holm")
    gustav = walk.browser()
    gustav.sign_in("gustav@example.com")
    for name in ("", "Gustav"):
        walk.post(gustav, "/account/profile", name=name)
    walk.get(gustav, "/account/close")
    walk.post(gustav, "/account/close")


def forms_of_others(walk: Walk) -> None:
    """Forms that were shown to somebody else."""
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
