"""A team: from its first day to what its record says of it, each member with 2FA of their own."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.site import Site, serve
from tests.contract.event_chain_checker import check
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.command_line import Shell
from tests.support.databases import SqliteTemplate
from tests.support.people import invitation

pytestmark = pytest.mark.browser
BYTES = ("salt", "details_hash", "hash")


@pytest.fixture
def new_site(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Site]:
    """A fresh installation, before anybody has an account."""
    with serve(tmp_path, sqlite_template.fresh(tmp_path)) as site:
        yield site


def become_the_owner(owner: Person) -> None:
    """By the link that the start prints."""
    owner.page.goto(owner.site.welcome_link())
    owner.page.get_by_label(labels.YOUR_NAME).fill("Anna Berg")
    owner.page.get_by_label(labels.EMAIL).fill(owner.email)
    owner.page.get_by_label(labels.PASSWORD).fill(owner.password)
    owner.button(labels.CREATE_OWNER).click()
    owner.is_on(labels.DASHBOARD)


def join(member: Person, name: str) -> None:
    """By an invitation: the operator's link, until owners and admins can invite."""
    member.open_link("invite", invitation(member.site.installation.services, member.email))
    member.page.get_by_label(labels.YOUR_NAME).fill(name)
    member.page.get_by_label(labels.PASSWORD).fill(member.password)
    member.button(labels.CREATE_ACCOUNT).click()
    member.is_on(labels.DASHBOARD)


def first_steps_are(owner: Person, *left: str) -> None:
    """What the owner's dashboard still lists."""
    owner.open("/")
    owner.is_on(labels.DASHBOARD)
    expect(owner.box(labels.FIRST_STEPS).get_by_role("listitem").locator("strong")).to_have_text(list(left))
    assert inspect(owner.page) == []


def go_through_the_first_day(owner: Person) -> AuthenticatorApp:
    """Each step goes by itself when it is done."""
    first_steps_are(owner, labels.ENABLE_2FA, labels.SAVE_YOUR_RECOVERY_CODES, labels.INVITE_A_COLLEAGUE, labels.SET_UP_MAIL)
    phone, _codes = owner.enable_2fa()
    first_steps_are(owner, labels.INVITE_A_COLLEAGUE, labels.SET_UP_MAIL)
    owner.box(labels.FIRST_STEPS).get_by_role("link", name=labels.INVITE_A_COLLEAGUE).click()
    owner.is_on(labels.TEAM)
    return phone


def hide_what_is_left(owner: Person) -> None:
    """A team that does without mail."""
    first_steps_are(owner, labels.SET_UP_MAIL)
    owner.button(labels.HIDE_THE_LIST).click()
    owner.is_on(labels.DASHBOARD)
    expect(owner.box(labels.FIRST_STEPS)).to_have_count(0)


def read_the_record(owner: Person, member: Person) -> None:
    """From the roster; all of it, and then the events of one member."""
    owner.open("/team")
    owner.link(labels.RECORD_OF_THE_TEAM).click()
    owner.is_on(labels.RECORD_OF_THE_TEAM)
    titles = owner.page.locator("summary strong")
    expect(titles).to_have_text([labels.JOINED_THE_TEAM] * 3)
    titles.first.click()
    assert inspect(owner.page) == []
    owner.page.get_by_label(labels.MEMBERS_ADDRESS).fill(member.email)
    owner.button(labels.SHOW_THESE_EVENTS).click()
    expect(owner.page.locator("summary strong")).to_have_text([labels.JOINED_THE_TEAM])
    owner.sees(member.email)


def download_the_record(owner: Person, phone: AuthenticatorApp) -> list[str]:
    """After the proof of who it is, and back on the page."""
    owner.site.clock.advance(minutes=6)
    owner.button(labels.DOWNLOAD_THE_RECORD).click()
    owner.is_on(labels.CONFIRM_IDENTITY)
    owner.page.get_by_label(labels.PASSWORD).fill(owner.password)
    owner.page.get_by_label(labels.ANY_CODE).fill(phone.next_code())
    owner.button(labels.CONFIRM).click()
    owner.is_on(labels.RECORD_OF_THE_TEAM)
    with owner.page.expect_download() as waiting:
        owner.button(labels.DOWNLOAD_THE_RECORD).click()
    owner.open("/team/record")
    expect(owner.page.locator("summary strong").first).to_have_text(labels.RECORD_DOWNLOADED)
    return Path(waiting.value.path()).read_text(encoding="utf-8").splitlines()


def holds(lines: list[str]) -> int:
    """How many events a downloaded record has, by the rule of the chain alone."""
    *events, end = map(json.loads, lines)
    rows = [{**event, **{name: bytes.fromhex(event[name]) for name in BYTES}} for event in events]
    assert check(rows, [{"subject": end["subject"], "seq": end["head"]["seq"], "hash": bytes.fromhex(end["head"]["hash"])}]) == []
    assert len(rows) == end["events"]
    return len(rows)


def test_a_team(new_site: Site, new_browser: NewBrowser, tmp_path: Path) -> None:
    """The owner's first day; two more people, who enable 2FA for themselves; the record tells it, and verifies."""
    anna, berta, carl = (Person(new_browser(new_site), new_site, f"{name}@example.com") for name in ("anna", "berta", "carl"))
    become_the_owner(anna)
    phone = go_through_the_first_day(anna)
    for member, name in ((berta, "Berta Lund"), (carl, "Carl Holm")):
        join(member, name)
        member.enable_2fa()
        member.open("/")
        expect(member.box(labels.FIRST_STEPS)).to_have_count(0)
    hide_what_is_left(anna)
    read_the_record(anna, berta)
    assert holds(download_the_record(anna, phone)) == 4
    carl.open("/team/record")
    expect(carl.page.get_by_role("heading", level=1)).to_have_text(labels.NOT_FOR_YOUR_ROLE)
    settings = new_site.installation.services.settings
    shell = Shell(tmp_path, {"XPRESSBOT_DATABASE_URL": settings.url, "XPRESSBOT_DATA_DIR": str(settings.data_dir)})
    verified = shell.run("audit", "verify")
    assert (verified.code, verified.err) == (0, "")
