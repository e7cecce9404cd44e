"""The team's pages in a real browser: axe finds nothing, nothing is wider than the screen, and the link of an invitation works."""

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from tests.browser.conftest import NewPerson
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.shortcuts import arrive_signed_in, protect
from tests.browser.site import Site
from tests.support import labels
from tests.support.installation import PASSWORD
from tests.support.people import invitation
from xpressbot.foundation.times import DAY
from xpressbot.identity.tables import ACCOUNT

pytestmark = pytest.mark.browser
BERTA = "berta@example.com"


def with_members(site: Site) -> None:
    """Members in every state that the roster shows, and an invitation."""
    states: dict[str, dict[str, object]] = {
        "exempt": {"exempt_until": site.clock.now() + DAY, "exempt_reason": "Works on the shared tablet until the new phones arrive"},
        "reset": {"must_enrol": True},
        "suspended": {"status": "disabled"},
        "a.very.long.name.of.somebody.in.a.department": {"email_confirmed_at": None},
    }
    for name, state in states.items():
        account = site.installation.add_account(f"{name}@department.example.com", f"{name.title()} Lund")
        with site.installation.services.database.write() as connection:
            connection.execute(update(ACCOUNT).where(ACCOUNT.c.id == account.id).values(state))
            connection.commit()
    invitation(site.installation.services, "carl@example.com")


def send(person: Person) -> None:
    person.page.locator("main form[method=post] button[type=submit]").first.click()


def test_the_roster_and_the_pages_of_invitations(site: Site, anna: Person) -> None:
    """Found and not found, asked for badly; the form, filled in badly and well; an address that is invited already."""
    arrive_signed_in(anna, protect(site).session)
    with_members(site)
    findings = []
    for path in ("/team", "/team?q=nobody", "/team?state=nonsense&q=%00", "/team?state=invited", "/team/invite"):
        anna.open(path)
        findings += inspect(anna.page)
    for answer in (labels.INVITATION_READY, labels.INVITE_SOMEBODY):
        anna.open("/team/invite")
        anna.page.locator("#email").fill(BERTA)
        send(anna)
        expect(anna.page.locator("h1")).to_have_text(answer)
        findings += inspect(anna.page)
    anna.page.locator("a[href^='/team/invitations/']").click()
    expect(anna.page.locator("h1")).to_have_text(labels.INVITE_AGAIN)
    findings += inspect(anna.page)
    assert findings == []


def test_the_link_that_is_shown_brings_the_person_in(site: Site, anna: Person, new_person: NewPerson) -> None:
    """Handed over as it stands in the field, opened in another browser."""
    arrive_signed_in(anna, protect(site).session)
    anna.open("/team/invite")
    anna.page.locator("#email").fill(BERTA)
    send(anna)
    link = anna.page.locator("#link").input_value()
    berta = new_person(BERTA)
    berta.page.goto(link)
    assert "token" not in berta.page.url
    berta.page.locator("#name").fill("Berta Sommer")
    berta.page.locator("#password").fill(PASSWORD)
    send(berta)
    berta.is_on(labels.DASHBOARD)
    anna.open("/team")
    expect(anna.page.locator(".roster")).to_contain_text(BERTA)
