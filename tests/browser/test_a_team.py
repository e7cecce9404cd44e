"""A team: from its first day to what its record says of it, each member with 2FA of their own."""

import json
from datetime import datetime
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import NewBrowser
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.site import Site
from tests.contract.event_chain_checker import check
from tests.support import labels
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.command_line import Shell
from xpressbot.foundation.times import MINUTE, SECOND

pytestmark = pytest.mark.browser
BYTES = ("salt", "details_hash", "hash")
NAMES = {"anna@example.com": "Anna Berg", "berta@example.com": "Berta Lund", "carl@example.com": "Carl Holm"}
FIRST_DAY = "2026-09-22"
"""Of the requirement: the day after the clock's first one."""
BEGINNING = int(datetime.fromisoformat(f"{FIRST_DAY}T00:00Z").timestamp()) * SECOND
RESETS = [labels.RESET_ASKED_FOR, labels.RESET_APPROVED, labels.RESET_ASKED_FOR, labels.RESET_STOPPED]
"""What the record tells, oldest first."""
INVITED_AND_JOINED = [labels.INVITED_TO_THE_TEAM, labels.JOINED_THE_TEAM]
STORY = [labels.JOINED_THE_TEAM, *INVITED_AND_JOINED, *INVITED_AND_JOINED, labels.POLICY_CHANGED, labels.SET_UP_BY_PASSWORD, *RESETS]


def become_the_owner(owner: Person) -> None:
    """By the link that the start prints."""
    owner.page.goto(owner.site.welcome_link())
    owner.page.get_by_label(labels.YOUR_NAME).fill(NAMES[owner.email])
    owner.page.get_by_label(labels.EMAIL).fill(owner.email)
    owner.page.get_by_label(labels.PASSWORD).fill(owner.password)
    owner.button(labels.CREATE_OWNER).click()
    owner.is_on(labels.DASHBOARD)


def invite(owner: Person, member: Person, role: str) -> str:
    """By the form, from the roster; the link to hand over."""
    owner.open("/team")
    owner.link(labels.INVITE_SOMEBODY).click()
    owner.is_on(labels.INVITE_SOMEBODY)
    owner.page.get_by_label(labels.EMAIL).fill(member.email)
    owner.choice(role).check()
    owner.button(labels.INVITE).click()
    owner.is_on(labels.INVITATION_READY)
    return owner.page.get_by_label(labels.LINK, exact=True).input_value()


def join(member: Person, link: str) -> None:
    """By the link that was handed over. The new member sees the dashboard, without the owner's first steps."""
    member.page.goto(link)
    member.page.get_by_label(labels.YOUR_NAME).fill(NAMES[member.email])
    member.page.get_by_label(labels.PASSWORD).fill(member.password)
    member.button(labels.CREATE_ACCOUNT).click()
    member.is_on(labels.DASHBOARD)
    expect(member.box(labels.FIRST_STEPS)).to_have_count(0)


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


def require_2fa(owner: Person, without: Person) -> None:
    """From the next day on. Before it is saved the page names the one member whom it will affect."""
    owner.open("/team")
    owner.link(labels.POLICY).click()
    owner.is_on(labels.POLICY)
    owner.choice(labels.REQUIRED_FROM_THIS_DAY_ON).check()
    owner.page.get_by_label(labels.FIRST_REQUIRED_DAY).fill(FIRST_DAY)
    owner.button(labels.SEE_WHOM_IT_AFFECTS).click()
    expect(owner.page.locator(".members li")).to_contain_text([without.email])
    owner.button(labels.SAVE_THE_POLICY).click()
    expect(owner.button(labels.SAVE_THE_POLICY)).to_have_count(0)


def enable_2fa_when_it_is_required(member: Person) -> None:
    """A minute before the day there is a countdown; a minute after its beginning only the next sign-in gets on, to the set-up."""
    member.site.clock.set(BEGINNING - MINUTE)
    member.sign_in()
    member.sees(labels.TEAM_WILL_REQUIRE_2FA)
    assert inspect(member.page) == []
    member.site.clock.set(BEGINNING + MINUTE)
    for path in ("/", "/account", "/account/sessions"):
        member.open(path)
        member.is_on(labels.TEAM_REQUIRES_2FA)
    assert inspect(member.page) == []
    member.button(labels.SIGN_IN_AGAIN).click()
    member.enter_password()
    member.is_on(labels.SET_UP_2FA)
    member.set_up_2fa()


def ask_for_a_reset(asker: Person, member: Person) -> None:
    """From the member's page. It waits, and the one who has asked cannot approve it."""
    asker.open("/team")
    asker.link(NAMES[member.email]).click()
    asker.link(labels.RESET_2FA).click()
    asker.is_on(labels.RESET_2FA_OF_A_MEMBER)
    asker.page.get_by_label(labels.WHY_A_RESET).fill("Phone and codes lost")
    asker.button(labels.ASK_FOR_THE_RESET).click()
    asker.sees(labels.ANOTHER_MUST_APPROVE)
    expect(asker.button(labels.APPROVE_THE_RESET)).to_have_count(0)
    assert inspect(asker.page) == []


def approve_the_reset(approver: Person) -> str:
    """From the list of those that wait; the link to hand over."""
    approver.open("/team")
    approver.link(labels.RESETS_OF_2FA).click()
    approver.is_on(labels.RESETS_OF_2FA)
    approver.button(labels.APPROVE_THE_RESET).click()
    approver.is_on(labels.LINK_TO_SET_UP_2FA_AGAIN)
    assert inspect(approver.page) == []
    return approver.page.locator("#re-enrolment-link").inner_text()


def set_up_again(member: Person, link: str) -> None:
    """The password alone leads to the page that asks for the link, and nowhere else."""
    member.enter_password()
    member.is_on(labels.SET_UP_2FA_AGAIN)
    member.sees(labels.LINK_NEEDED)
    member.page.get_by_label(labels.YOUR_LINK).fill("no link")
    member.button(labels.GO_ON).click()
    member.sees(labels.LINK_MALFORMED)
    member.open("/account")
    member.is_on(labels.SIGN_IN)
    member.enter_password()
    member.page.get_by_label(labels.YOUR_LINK).fill(link)
    member.button(labels.GO_ON).click()
    member.sees(labels.PASSWORD_AND_LINK_ARE_RIGHT)
    member.set_up_2fa()


def stop_the_reset(member: Person, approver: Person) -> None:
    """Any page of the member's has the button. Then nobody can approve it."""
    approver.open("/team/resets")
    expect(approver.button(labels.APPROVE_THE_RESET)).to_have_count(1)
    member.open("/account")
    assert inspect(member.page) == []
    member.box(labels.RESET_OF_YOUR_2FA).get_by_role("button", name=labels.STOP_THE_RESET).click()
    member.is_on(labels.DASHBOARD)
    expect(member.box(labels.RESET_OF_YOUR_2FA)).to_have_count(0)
    approver.open("/team/resets")
    approver.sees(labels.NO_RESET_WAITS)


def read_the_record(owner: Person, member: Person) -> None:
    """From the roster; all of it, and then the events of one member."""
    owner.open("/team")
    owner.link(labels.RECORD_OF_THE_TEAM).click()
    owner.is_on(labels.RECORD_OF_THE_TEAM)
    titles = owner.page.locator("summary strong")
    expect(titles).to_have_text(STORY[::-1])
    titles.first.click()
    assert inspect(owner.page) == []
    owner.page.get_by_label(labels.MEMBERS_ADDRESS).fill(member.email)
    owner.button(labels.SHOW_THESE_EVENTS).click()
    expect(titles).to_have_text([*RESETS[::-1], labels.SET_UP_BY_PASSWORD, labels.JOINED_THE_TEAM])
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


def verifies(site: Site, directory: Path) -> bool:
    """Whether the operator's command finds every chain whole."""
    settings = site.installation.services.settings
    shell = Shell(directory, {"XPRESSBOT_DATABASE_URL": settings.url, "XPRESSBOT_DATA_DIR": str(settings.data_dir)})
    verified = shell.run("audit", "verify")
    return (verified.code, verified.err) == (0, "")


def test_a_team(new_site: Site, new_browser: NewBrowser, tmp_path: Path) -> None:
    """First day, 2FA required, a phone lost, a reset that was not wanted: each for themselves, and the record tells it and verifies."""
    anna, berta, carl = (Person(new_browser(new_site), new_site, email) for email in NAMES)
    become_the_owner(anna)
    phone = go_through_the_first_day(anna)
    join(berta, invite(anna, berta, labels.ADMIN))
    phone_of_berta, _codes = berta.enable_2fa()
    join(carl, invite(anna, carl, labels.AGENT))
    hide_what_is_left(anna)
    require_2fa(anna, carl)
    enable_2fa_when_it_is_required(carl)

    new_site.clock.advance(hours=31 * 24)  # Anna has invited Berta, and is independent of her after 30 days
    berta.sign_in_with_code(phone_of_berta)
    ask_for_a_reset(berta, carl)
    anna.sign_in_with_code(phone)
    set_up_again(carl, approve_the_reset(anna))
    ask_for_a_reset(anna, carl)
    stop_the_reset(carl, berta)

    read_the_record(anna, carl)
    assert holds(download_the_record(anna, phone)) == len(STORY) + 1
    carl.open("/team/record")
    carl.is_on(labels.NOT_FOR_YOUR_ROLE)
    assert verifies(new_site, tmp_path)
