"""The chat page in a browser, as a customer uses it: with and without JavaScript, with a screen reader, on a phone."""

from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy import update

from tests.browser.chromium import PHONE
from tests.browser.conftest import WITH_AND_WITHOUT_JAVASCRIPT, NewBrowser
from tests.browser.inspection import inspect
from tests.browser.site import Site
from tests.support import labels
from tests.support.actors import ANNA
from tests.support.chats import Chats
from tests.support.customers import BAKERY, channel_of
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.tables import CONTACT

pytestmark = pytest.mark.browser
WELCOME, MENU, QUESTION, OPTION, ANSWER = "Welcome to the bakery!", "menu", "Which one?", "Rye bread", "Rye it is."
LONG = "An unbelievably-long-word-" * 20


@pytest.fixture
def chats(site: Site) -> Chats:
    chats = Chats(site.installation.services, BAKERY)
    settings = WebSettings(WELCOME, "#ffd54f", "https://example.com/privacy")
    site.installation.services.chat.channels.change_settings(ANNA, chats.channel_id, "The bakery", settings)
    return chats


@pytest.fixture
def url(site: Site, chats: Chats) -> str:
    return f"{site.url}/chat/{channel_of(chats).public_id}"


def write(page: Page, text: str) -> None:
    page.get_by_label(labels.YOUR_MESSAGE).fill(text)
    page.get_by_role("button", name=labels.SEND).click()


def messages(page: Page) -> Locator:
    return page.locator(".message .text")


@WITH_AND_WITHOUT_JAVASCRIPT
def test_a_customer_writes_chooses_reloads_goes_back_and_forgets(
    way_to_browse: dict[str, Any], new_browser: NewBrowser, site: Site, url: str
) -> None:
    page = new_browser(site, **way_to_browse)
    page.goto(url)
    expect(page.get_by_text(WELCOME)).to_be_visible()
    write(page, MENU)
    expect(messages(page)).to_have_text([MENU, QUESTION])
    page.get_by_role("button", name=OPTION).click()
    expect(messages(page)).to_have_text([MENU, QUESTION, OPTION, ANSWER])
    page.reload()
    expect(messages(page)).to_have_count(4)
    page.go_back()
    expect(page.get_by_label(labels.YOUR_MESSAGE)).to_be_visible()
    page.goto(url)
    expect(messages(page)).to_have_count(4)
    page.get_by_label(labels.ABOUT_THIS_CHAT).click()
    page.get_by_role("button", name=labels.FORGET_THIS_CHAT).click()
    expect(messages(page)).to_have_count(0)
    page.goto(url)
    expect(messages(page)).to_have_count(0)


def test_two_tabs_and_a_double_click_make_one_message(new_browser: NewBrowser, site: Site, url: str) -> None:
    page = new_browser(site, java_script_enabled=False)
    page.goto(url)
    page.get_by_label(labels.YOUR_MESSAGE).fill("hours")
    page.get_by_role("button", name=labels.SEND).dblclick()
    expect(messages(page)).to_have_count(2)
    other = page.context.new_page()
    other.goto(url)
    expect(messages(other)).to_have_count(2)
    write(other, "menu")
    expect(messages(other)).to_have_count(4)
    page.get_by_role("link", name=labels.LOOK_FOR_NEW_MESSAGES).click()
    expect(messages(page)).to_have_count(4)
    page.get_by_role("link", name=labels.LOOK_FOR_NEW_MESSAGES).click()
    expect(page.get_by_role("status")).to_have_text(labels.NOTHING_NEW)


def test_after_a_send_the_focus_is_on_the_first_answer_and_the_next_message_is_near(new_browser: NewBrowser, site: Site, url: str) -> None:
    """So that a screen reader begins to read there."""
    page = new_browser(site)
    page.goto(url)
    page.get_by_label(labels.YOUR_MESSAGE).fill("menu")
    page.keyboard.press("Shift+Enter")
    page.keyboard.press("Enter")
    expect(messages(page)).to_have_count(2)
    expect(page.locator("li:focus")).to_contain_text(QUESTION)
    expect(page.get_by_role("log")).to_contain_text(QUESTION)
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name=OPTION)).to_be_focused()
    for _choice_and_link in range(2):
        page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    expect(page.get_by_label(labels.YOUR_MESSAGE)).to_be_focused()


def test_a_long_thread_opens_at_its_end_on_a_phone_without_javascript(new_browser: NewBrowser, site: Site, url: str) -> None:
    page = new_browser(site, **PHONE, java_script_enabled=False)
    page.goto(url)
    for number in range(8):
        write(page, f"hours {number}")
        expect(messages(page)).to_have_count(2 * number + 2)
    page.goto(url)
    expect(messages(page).last).to_be_in_viewport()
    expect(page.get_by_label(labels.YOUR_MESSAGE)).to_be_in_viewport()
    expect(messages(page).first).not_to_be_in_viewport()


def test_axe_finds_nothing_in_any_state_of_the_page(new_browser: NewBrowser, site: Site, url: str, chats: Chats) -> None:
    """In light and dark, wide and narrow, with an accent that is hard to read."""
    page = new_browser(site)
    page.goto(url)
    findings = inspect(page)
    write(page, "hours")
    expect(messages(page)).to_have_count(2)
    write(page, f"menu {LONG}")
    expect(page.get_by_role("button", name=OPTION)).to_be_visible()
    page.get_by_label(labels.ABOUT_THIS_CHAT).click()
    findings += inspect(page)
    write(page, "x" * 4097)
    expect(page.get_by_role("alert")).to_be_visible()
    findings += inspect(page)
    page.goto(f"{url}?after=99")
    findings += inspect(page)
    page.goto(f"{url}?before=3")
    findings += inspect(page)
    with chats.transactions.writing() as tx:
        tx.execute(update(CONTACT).values(blocked_at=1))
        tx.commit()
    page.goto(url)
    expect(page.get_by_role("heading", name=labels.CHAT_IS_CLOSED)).to_be_visible()
    findings += inspect(page)
    page.goto(f"{site.url}/chat/{'0' * 32}")
    expect(page.get_by_role("heading", name=labels.NO_CHAT_HERE)).to_be_visible()
    findings += inspect(page)
    assert findings == []
