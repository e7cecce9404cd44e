"""Signing in, and the pages of the second factor."""

from sqlalchemy import update

from tests.support import people
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.every_page.walk import BAD_ADDRESSES, BAD_PASSWORDS, MEMBER, OWNER, Walk, reasons, wrong_first_codes
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import RECOVERY_CODE


def password_step(walk: Walk) -> None:
    """The sign-in page, and too many tries."""
    visitor = walk.browser()
    walk.get(visitor, *reasons("/sign-in"), "/sign-in?reason=no_cookie")
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


def second_factors(walk: Walk, phone: AuthenticatorApp, codes: list[str]) -> None:
    """The second step, in time and late, and what a recovery code opens."""
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


def links(walk: Walk) -> None:
    """An invitation, and the set-up after a reset."""
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
    walk.get(member, *reasons("/link/re-enrolment"))
    for pasted in ("nonsense", "A" * 43, other.text):
        walk.post(member, "/link/re-enrolment", link=pasted)
    walk.get(member, f"/link/re-enrolment?token={other.text}", "/account/2fa/setup", f"/link/re-enrolment?token={link.text}")
    walk.post(member, "/account/2fa/start")
    wrong_first_codes(walk, member)
