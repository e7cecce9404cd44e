"""A first bot without JavaScript: the path of docs/first-bot.md in ten clicks, and a bot that is changed before a colleague answers."""

from dataclasses import dataclass

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import NewBrowser, NewPerson
from tests.browser.person import Person
from tests.browser.site import Site
from tests.support import labels

pytestmark = pytest.mark.browser
MOST_CLICKS = 10
HOURS = "We are open Monday to Friday from 9 am to 6 pm, and on Saturday from 10 am to 2 pm. On Sunday we are closed."
ADDRESS = "You find us at 12 Market Street, opposite the town hall."
NEW_ADDRESS = "You find us at 5 Mill Lane, behind the station."
BUS = "Bus 4 stops in front of the door, and you can park behind the building."
WHEN, WHERE, A_PERSON = "When are you open?", "Where is your shop?", "Can I talk to somebody?"
ANNAS_ANSWER, BERTAS_ANSWER, BERTA = "Anna here. How can I help?", "On Saturday, too.", "Berta"
PASSED_ON = "I am passing you on to one of my colleagues. One moment, please."


@dataclass
class Clicks:
    """Clicks and counts."""

    count: int = 0

    def on(self, target: Locator) -> None:
        """One click."""
        target.click()
        self.count += 1

    def elsewhere(self, link: Locator, page: Page, site: Site) -> None:
        """What a click on a link opens, opened in another browser."""
        page.goto(site.url + (link.get_attribute("href") or ""))
        self.count += 1


def ready_bot(owner: Person, name: str) -> Locator:
    """The button of the dashboard that makes a bot."""
    return owner.box(labels.MAKE_A_BOT_THAT_ANSWERS).get_by_role("button", name=name)


def chat_link(owner: Person) -> Locator:
    """On the page of a published bot."""
    return owner.page.get_by_role("link", name=labels.OPEN_THE_CHAT_PAGE)


def publish(owner: Person, click: Clicks, *, although: str | None = None) -> None:
    """From the page of a topic to the page of the bot. although: what the page asks about first."""
    click.on(owner.button(labels.PUBLISH))
    owner.is_on(labels.PUBLISH)
    if although is not None:
        owner.sees(although)
        click.on(owner.page.get_by_label(labels.PUBLISH_ALL_THE_SAME))
    click.on(owner.button(labels.PUBLISH))
    chat_link(owner).wait_for()


def write(customer: Page, text: str, click: Clicks) -> None:
    """As a customer, on the chat page."""
    customer.get_by_label(labels.YOUR_MESSAGE).fill(text)
    click.on(customer.get_by_role("button", name=labels.SEND))


def answer(member: Person, text: str, click: Clicks) -> None:
    """On the page of a conversation."""
    member.page.get_by_label(labels.YOUR_MESSAGE).fill(text)
    click.on(member.button(labels.SEND))


def dialogue(customer: Page) -> Locator:
    """The messages on the chat page."""
    return customer.locator(".message .text")


def test_ten_clicks_from_the_printed_link_to_an_answer_of_the_bot_and_of_a_person(new_site: Site, new_browser: NewBrowser) -> None:
    owner = Person(new_browser(new_site, java_script_enabled=False), new_site)
    customer, click = new_browser(new_site, java_script_enabled=False), Clicks()
    owner.page.goto(new_site.welcome_link())
    owner.page.get_by_label(labels.YOUR_NAME).fill("Anna Berg")
    owner.page.get_by_label(labels.EMAIL).fill(owner.email)
    owner.page.get_by_label(labels.PASSWORD).fill(owner.password)
    click.on(owner.button(labels.CREATE_OWNER))
    click.on(ready_bot(owner, labels.ANSWERS_QUESTIONS))
    expect(owner.page.get_by_role("log").locator(".from-bot")).to_contain_text(HOURS)
    publish(owner, click)

    click.elsewhere(chat_link(owner), customer, new_site)
    write(customer, WHERE, click)
    expect(dialogue(customer)).to_have_text([WHERE, ADDRESS, BUS])
    write(customer, A_PERSON, click)
    expect(dialogue(customer).last).to_have_text(PASSED_ON)

    click.on(owner.page.get_by_role("navigation").get_by_role("link", name=labels.INBOX))
    click.on(owner.page.get_by_role("main").get_by_role("link", name=labels.VISITOR))
    answer(owner, ANNAS_ANSWER, click)
    customer.reload()
    expect(dialogue(customer).last).to_have_text(ANNAS_ANSWER)
    assert click.count <= MOST_CLICKS


def change_and_try(owner: Person, click: Clicks) -> None:
    """One text of the ready script; what the draft says is tried before anybody else sees it."""
    click.on(ready_bot(owner, labels.ANSWERS_QUESTIONS))
    owner.is_on(labels.WELCOME_TOPIC)
    click.on(owner.page.get_by_role("main").get_by_role("link", name=labels.ASSISTANT))
    click.on(owner.link(labels.WHERE_WE_ARE))
    owner.page.get_by_label(labels.WHAT_THE_BOT_SAYS).first.fill(NEW_ADDRESS)
    click.on(owner.button(labels.SAVE))
    owner.page.get_by_label(labels.WRITE_AS_A_CUSTOMER).fill(WHERE)
    click.on(owner.button(labels.SEND))
    expect(owner.page.get_by_role("log").locator(".from-bot span[dir]")).to_have_text([NEW_ADDRESS, BUS])


def take_over(agent: Person, click: Clicks) -> None:
    """From the dashboard, which says that somebody waits."""
    agent.sees(labels.ONE_PERSON_WAITS)
    expect(agent.page.get_by_role("navigation").get_by_role("link", name=labels.BOTS)).to_have_count(0)
    click.on(agent.link(labels.OPEN_THE_INBOX))
    click.on(agent.page.get_by_role("main").get_by_role("link", name=labels.VISITOR))
    click.on(agent.button(labels.TAKE_OVER))
    agent.sees(labels.YOU_ANSWER)


def test_a_bot_is_changed_tried_and_published_and_a_colleague_answers_and_hands_back(
    site: Site, new_person: NewPerson, new_browser: NewBrowser
) -> None:
    """While the colleague answers the bot is silent; after that it goes on."""
    site.installation.add_account("berta@example.com", "Berta Lund")
    owner, click = new_person(java_script_enabled=False), Clicks()
    owner.sign_in()
    change_and_try(owner, click)
    publish(owner, click, although=labels.ONE_CHECK_DIFFERS)
    customer = new_browser(site, java_script_enabled=False)
    click.elsewhere(chat_link(owner), customer, site)
    write(customer, WHERE, click)
    expect(dialogue(customer)).to_have_text([WHERE, NEW_ADDRESS, BUS])
    write(customer, A_PERSON, click)
    expect(dialogue(customer).last).to_have_text(PASSED_ON)

    agent = new_person("berta@example.com", java_script_enabled=False)
    agent.sign_in()
    take_over(agent, click)
    write(customer, WHEN, click)
    expect(dialogue(customer).last).to_have_text(WHEN)
    agent.page.reload()
    agent.sees(WHEN)
    answer(agent, BERTAS_ANSWER, click)
    click.on(agent.button(labels.HAND_BACK_TO_THE_BOT))
    agent.open("/")
    agent.box(labels.ONE_BOT_KEEPS_RUNNING).wait_for()

    customer.reload()
    expect(dialogue(customer).last).to_have_text(BERTAS_ANSWER)
    expect(customer.locator(".message .author").last).to_have_text(BERTA)
    write(customer, WHEN, click)
    expect(dialogue(customer).last).to_have_text(HOURS)
