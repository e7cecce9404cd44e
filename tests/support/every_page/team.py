"""The team: its roster, members, record, resets and policy."""

import re

from sqlalchemy import update

from tests.support import people
from tests.support.browser import Browser
from tests.support.every_page.walk import (
    BAD_ADDRESSES,
    OWNER,
    Walk,
    open_mailed,
    reasons,
    wrong_first_codes,
)
from tests.support.policies import exempt_until, require_two_factor
from tests.support.resets import DAGNY, ask, make_team, write
from xpressbot.entrypoints.messages.formatting import day_field
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.sign_in.rules.pending import NextStep
from xpressbot.identity.tables import ACCOUNT, PENDING_SIGN_IN


def record(walk: Walk, owner: Browser) -> None:
    """The record of the team, and its download."""
    walk.get(owner, "/team", "/team/record", f"/team/record?member={OWNER}&to=2020-01-01", "/team/record?member=x&before=x&from=2026-02-30")
    for _download in range(10):
        owner.post("/team/record/export")
    walk.get(owner, "/team/record")
    walk.post(owner, "/team/record/export")


def roster(walk: Walk) -> None:
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


def members(walk: Walk) -> None:
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
        walk.get(lena, path, *(f"{path}/{action}" for action in ("role", "ownership", "suspend", "remove")))
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


def resets(walk: Walk) -> None:
    """Resets that a team decides: asked for, stopped by the mailed link, approved, the link, and who may not do it."""
    walk.installation.clock.advance(minutes=2)
    services = walk.installation.services
    team = make_team(services)
    owner, bo, cai, dagny = (walk.holding(person.caller) for person in (team.owner, team.bo, team.cai, team.dagny))
    page, own = (f"/team/members/{person.account.id}/reset" for person in (team.dagny, team.bo))
    walk.get(bo, "/team", "/team/resets", page, own, f"/team/members/{team.owner.account.id}/reset")
    walk.post(bo, page, reason="")
    walk.post(bo, own, reason="Lost")
    walk.post(bo, page, reason="Lost")
    walk.get(dagny, "/", "/account")
    walk.get(bo, page, "/team/resets")
    visitor = walk.browser()
    walk.get(visitor, "/link/reset-stop", "/link/reset-stop?token=nonsense")
    open_mailed(walk, visitor, DAGNY, LinkKind.RESET_STOP)
    walk.post(visitor, "/link/reset-stop")
    open_mailed(walk, visitor, DAGNY, LinkKind.RESET_STOP)
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
        walk.get(walk.holding(person.caller), f"/team/members/{team.cai.account.id}/reset")
    write(services, team.bo.account.id, role=Role.AGENT.value)
    write(services, team.cai.account.id, role=Role.AGENT.value)
    with services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == OWNER).values(role=Role.AGENT.value))
        connection.commit()
    walk.get(owner, f"/team/members/{team.cai.account.id}/reset")


def policy(walk: Walk) -> None:
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
    walk.get(hana, "/account/2fa/required")
    again.sign_in("hana@example.com")
    walk.post(again, "/account/2fa/start")
    wrong_first_codes(walk, again)
    again.sign_in("hana@example.com")
    walk.get(again, *reasons("/link/enrolment"))
    with services.database.write() as connection:
        connection.execute(update(PENDING_SIGN_IN).values(next_step=NextStep.ENROL_WITH_LINK.value))
        connection.commit()
    walk.get(again, *reasons("/link/enrolment"))
    for pasted in ("nonsense", "A" * 43):
        walk.post(again, "/link/enrolment", link=pasted)
