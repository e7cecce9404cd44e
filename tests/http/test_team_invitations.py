"""Inviting on the pages of the team: what the form takes, what is shown once, and what is refused."""

import html
import re
from collections.abc import Callable

import pytest
from sqlalchemy import update

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, contents, field_error, refusal, rows, words
from tests.support.browser import Browser
from tests.support.installation import PASSWORD, Installation
from tests.support.people import Person, protected
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.tables import INVITATION

BERTA = "berta@example.com"
SignIn = Callable[[Person], Browser]


@pytest.fixture
def as_person(new_browser: Callable[..., Browser]) -> SignIn:
    """A browser that holds a person's session."""

    def browser_of(person: Person) -> Browser:
        browser = new_browser()
        browser.cookies.set(SESSION_COOKIE, person.caller.token.text)
        return browser

    return browser_of


@pytest.fixture
def owner(installation: Installation, as_person: SignIn) -> Browser:
    return as_person(protected(installation.services, "owner@example.com"))


@pytest.fixture
def admin(installation: Installation, owner: Browser, as_person: SignIn) -> Browser:
    return as_person(protected(installation.services, "admin@example.com", role=Role.ADMIN))


def shown_link(page: str) -> str:
    (link,) = re.findall(r'value="http://[^"]+(/link/invite\?token=[^"]+)"', page)
    return html.unescape(link)


def invitation_id(installation: Installation) -> str:
    (row,) = rows(installation, "invitation")
    return str(row["id"])


def offered_roles(page: str) -> list[str]:
    return re.findall(r'name="role" value="(\w+)"', page)


@both_engines
def test_inviting_shows_a_link_with_which_the_person_joins(
    installation: Installation, owner: Browser, new_browser: Callable[..., Browser]
) -> None:
    """The link stands on this one page alone; the account has the invitation's address and role, whatever the form says (ASVS 15.3.3)."""
    shown = owner.post("/team/invite", email=f" {BERTA} ", role="admin")
    assert (shown.status_code, shown.headers["cache-control"]) == (200, "no-store")
    assert "shown only now" in words(shown.text)
    link = shown_link(shown.text)
    token = link.partition("token=")[2]
    for path in ("/team", "/team/invite", f"/team/invitations/{invitation_id(installation)}"):
        page = owner.get(path)
        assert page.status_code == 200
        assert token not in page.text
    assert BERTA in owner.get("/team").text
    berta = new_browser()
    berta.get(link)
    done = berta.post("/link/invite", name="Berta Sommer", password=PASSWORD, role="owner", email="other@example.com")
    assert done.headers["location"] == "/"
    assert berta.me()["account"]["email"] == BERTA
    assert [row["role"] for row in rows(installation, "account") if row["email"] == BERTA] == ["admin"]
    assert "Invitations" not in owner.get("/team").text


def test_only_the_roles_that_one_may_give_are_offered_and_the_server_decides(owner: Browser, admin: Browser) -> None:
    """An admin who sends another one gets 403 (ASVS 8.2.1)."""
    assert offered_roles(owner.get("/team/invite").text) == ["agent", "admin", "owner"]
    assert offered_roles(admin.get("/team/invite").text) == ["agent"]
    assert admin.post("/team/invite", email=BERTA, role="admin").status_code == 403
    assert admin.post("/team/invite", email=BERTA, role="owner").status_code == 403
    assert admin.post("/team/invite", email=BERTA, role="agent").status_code == 200


@pytest.mark.parametrize("role", ["", "superuser", "OWNER", "agent ", "\x00", "operator"])
def test_a_role_that_there_is_not_is_refused(installation: Installation, owner: Browser, role: str) -> None:
    """422, beside the roles; nothing is counted."""
    before = contents(installation)
    response = owner.post("/team/invite", email=BERTA, role=role)
    assert (response.status_code, field_error(response, "role")) == (422, "Choose a role from the list.")
    assert contents(installation) == before


@pytest.mark.parametrize("email", ["", "berta", "berta@", "bérta@example.com", "b\u200berta@example.com", "x" * 300 + "@example.com"])
def test_what_is_no_address_is_refused(installation: Installation, owner: Browser, email: str) -> None:
    """422, beside the field, which keeps what was typed."""
    response = owner.post("/team/invite", email=email, role="agent")
    assert response.status_code == 422
    assert field_error(response, "email")
    assert rows(installation, "invitation") == []


def test_a_member_is_not_invited(owner: Browser, admin: Browser) -> None:
    """409, and the page says that they are in the team."""
    response = owner.post("/team/invite", email="ADMIN@example.com", role="agent")
    assert (response.status_code, "in the team" in refusal(response)) == (409, True)


def test_who_is_invited_already_can_be_invited_again_on_purpose(
    installation: Installation, owner: Browser, admin: Browser, new_browser: Callable[..., Browser]
) -> None:
    """409 shows the invitation that there is; its page replaces it, and the link of before works no more."""
    first = shown_link(owner.post("/team/invite", email=BERTA, role="agent").text)
    twice = admin.post("/team/invite", email=BERTA, role="agent")
    path = f"/team/invitations/{invitation_id(installation)}"
    assert (twice.status_code, path in twice.text) == (409, True)
    assert "Anna Berg" in words(twice.text)
    again = admin.get(path)
    assert BERTA in again.text
    second = shown_link(admin.post(path, role="agent").text)
    assert new_browser().get(first).status_code == 410
    assert new_browser().get(second).status_code == 303
    assert admin.get(path).status_code == 404


def test_an_admin_cannot_touch_what_is_above_them(installation: Installation, owner: Browser, admin: Browser) -> None:
    """No button, no page, and the server refuses."""
    owner.post("/team/invite", email=BERTA, role="admin")
    path = f"/team/invitations/{invitation_id(installation)}"
    roster = admin.get("/team").text
    assert BERTA in roster
    assert path not in roster
    assert "Only an owner can change it" in words(admin.post("/team/invite", email=BERTA, role="agent").text)
    assert [admin.get(path).status_code, admin.post(path, role="agent").status_code, admin.post(f"{path}/revoke").status_code] == [
        404,
        404,
        403,
    ]
    assert len(rows(installation, "invitation")) == 1


def test_taking_back_ends_the_link(installation: Installation, owner: Browser, new_browser: Callable[..., Browser]) -> None:
    """410 (ASVS 6.4.1). A second time, and for ids of nobody, there is nothing."""
    link = shown_link(owner.post("/team/invite", email=BERTA, role="agent").text)
    path = f"/team/invitations/{invitation_id(installation)}"
    assert owner.post(f"{path}/revoke").headers["location"] == "/team"
    gone = new_browser().get(link)
    assert (gone.status_code, "taken back or replaced" in words(gone.text)) == (410, True)
    assert [owner.post(f"{path}/revoke").status_code, owner.post(f"/team/invitations/{'0' * 32}/revoke").status_code] == [404, 404]
    assert owner.get("/team/invitations/1").status_code == 404


def test_the_removal_of_who_invited_takes_the_invitation_back(
    installation: Installation, owner: Browser, admin: Browser, new_browser: Callable[..., Browser]
) -> None:
    """The invited person reads that, and not that their link is malformed."""
    link = shown_link(admin.post("/team/invite", email=BERTA, role="agent").text)
    (inviter,) = [row["id"] for row in rows(installation, "account") if row["email"] == "admin@example.com"]
    assert owner.post(f"/team/members/{inviter}/remove").headers["location"] == "/team"
    assert rows(installation, "invitation") == []
    gone = new_browser().get(link)
    assert (gone.status_code, "taken back or replaced" in words(gone.text)) == (410, True)


def test_a_link_whose_giver_may_not_give_it_any_more_says_so(
    installation: Installation, owner: Browser, admin: Browser, new_browser: Callable[..., Browser]
) -> None:
    """410 on opening and on sending; the roster shows the invitation as void."""
    link = shown_link(admin.post("/team/invite", email=BERTA, role="agent").text)
    invited = new_browser()
    shown = invited.follow(invited.get(link))
    assert shown.status_code == 200
    form = invited.filled("/link/invite", {"name": "Berta", "password": PASSWORD})
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == "admin@example.com").values(role="agent"))
        connection.commit()
    for response in (invited.get("/link/invite"), invited.post("/link/invite", form)):
        assert (response.status_code, "is no longer valid" in words(response.text)) == (410, True)
    assert "Void" in words(owner.get("/team").text)


def test_step_up_comes_before_the_form(installation: Installation, owner: Browser) -> None:
    """So that nothing is filled in in vain; the page of one invitation comes back to itself."""
    owner.post("/team/invite", email=BERTA, role="agent")
    path = f"/team/invitations/{invitation_id(installation)}"
    installation.clock.advance(minutes=6)
    for place in ("/team/invite", path):
        assert owner.get(place).headers["location"] == f"/account/confirm-identity?next={place}"
    assert owner.post("/team/invite", email="carl@example.com", role="agent").headers["location"].startswith("/account/confirm-identity")
    assert owner.post(f"{path}/revoke").headers["location"] == "/team"


def test_beyond_thirty_an_hour_is_429(installation: Installation, owner: Browser) -> None:
    """With the time from which on it goes on."""
    for number in range(30):
        owner.post("/team/invite", email=f"person{number}@example.com", role="agent")
    response = owner.post("/team/invite", email=BERTA, role="agent")
    assert (response.status_code, response.headers["retry-after"]) == (429, "3600")


def test_names_and_addresses_are_escaped(installation: Installation, owner: Browser, admin: Browser) -> None:
    """Wherever a member or an invitation is shown."""
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == "admin@example.com").values(name="<script>alert(1)</script>"))
        connection.commit()
    admin.post("/team/invite", email="o'hara&co@example.com", role="agent")
    with installation.services.database.write() as connection:
        connection.execute(update(INVITATION).values(email="<b>@example.com"))
        connection.commit()
    page = owner.get("/team").text
    assert "<script>alert" not in page
    assert "<b>@" not in page
