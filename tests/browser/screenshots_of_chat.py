"""Pictures of bots, of the page on which customers write, and of the inbox."""

from urllib.parse import urlencode

from playwright.sync_api import Browser, Page

from tests.browser.chromium import PHONE
from tests.browser.person import Person
from tests.browser.pictures import fresh_site, save, take, visitor
from tests.browser.site import Site
from tests.support import labels

TABLET = {"viewport": {"width": 760, "height": 800}}
CUSTOMERS = (
    ("Maria Lopez", "My order", "A-1042, one of the cups is broken.", "maria@example.com"),
    ("Priya Nair", "Another matter", "Do you rent out your tables for weddings?", "priya@example.com"),
    ("Jonas Weber", "An invoice", "R-2231 has the wrong address.", "jonas@example.com"),
)
"""What each answers to the questions of the ready script that receives people."""


def take_a_first_bot(chromium: Browser) -> None:
    """The path of docs/first-bot.md: the offer, the script with an answer, publishing, the chat page, and a person's answer."""
    with fresh_site() as site, visitor(chromium, site) as anna, visitor(chromium, site, **TABLET) as customer:
        site.installation.add_account()
        anna.sign_in()
        take(anna.page, "first-bot", whole=False)
        _make(anna, labels.ANSWERS_QUESTIONS)
        _scroll_up(anna.page)
        take(anna.page, "bot-made", whole=False)
        bot = anna.page.url.partition("/topics/")[0]
        _tries(anna, f"{bot}/topics/hours", "When are you open on Sunday?")
        take(anna.page, "bot-topic")
        anna.page.goto(bot)
        chat = _published(anna, bot)
        take(anna.page, "bot-published", whole=False)
        customer.page.goto(site.url + chat)
        _write(customer.page, "Hello")
        take(customer.page, "chat-page", whole=False)
        _take_a_change(anna, bot)
        _take_the_channel(anna)
    with fresh_site() as site:
        site.installation.add_account()
        with visitor(chromium, site) as anna:
            anna.sign_in()
            _make(anna, labels.ANSWERS_QUESTIONS)
            chat = _published(anna, anna.page.url.partition("/topics/")[0])
        with visitor(chromium, site, **PHONE, color_scheme="dark") as customer:
            customer.page.goto(site.url + chat)
            _write(customer.page, "Do you deliver?")
            _write(customer.page, "Can I talk to somebody?")
            take(customer.page, "chat-page-phone-dark", whole=False)


def take_inbox(chromium: Browser) -> None:
    """Three people who wait, and one of them answered."""
    with fresh_site() as site, visitor(chromium, site) as anna:
        site.installation.add_account()
        anna.sign_in()
        _make(anna, labels.RECEIVES_PEOPLE)
        chat = _published(anna, anna.page.url.partition("/topics/")[0])
        for answers in CUSTOMERS:
            _goes_through(chromium, site, chat, answers)
            site.clock.advance(minutes=1)
        anna.open("/inbox")
        anna.is_on(labels.INBOX)
        take(anna.page, "inbox", whole=False)
        anna.page.get_by_role("main").get_by_role("link", name=CUSTOMERS[0][0]).click()
        anna.page.get_by_label(labels.YOUR_MESSAGE).fill("I am sorry about the cup, Maria. A new one leaves us today.")
        anna.button(labels.SEND).click()
        anna.sees(labels.YOU_ANSWER)
        _scroll_up(anna.page)
        take(anna.page, "conversation")


def _make(owner: Person, ready: str) -> None:
    owner.open("/")
    owner.box(labels.MAKE_A_BOT_THAT_ANSWERS).get_by_role("button", name=ready).click()
    owner.is_on(labels.WELCOME_TOPIC)


def _tries(owner: Person, topic: str, text: str) -> None:
    """A topic, with a dialogue that tries the draft."""
    owner.page.goto(f"{topic}?{urlencode({'turn': text})}")
    owner.page.locator(".from-bot").first.wait_for()
    owner.page.get_by_role("heading", level=1).click()


def _published(owner: Person, bot: str) -> str:
    """Publish a draft; the path of the chat page."""
    owner.page.goto(f"{bot}/publish")
    owner.button(labels.PUBLISH).click()
    link = owner.page.get_by_role("link", name=labels.OPEN_THE_CHAT_PAGE)
    return link.get_attribute("href") or ""


def _take_a_change(owner: Person, bot: str) -> None:
    """Another text, which a check does not expect, before it is published."""
    owner.page.goto(f"{bot}/topics/hours")
    owner.page.get_by_label(labels.WHAT_THE_BOT_SAYS).first.fill("We are open every day from 9 am to 6 pm.")
    owner.button(labels.PUBLISH).click()
    owner.is_on(labels.PUBLISH)
    take(owner.page, "bot-publish")


def _take_the_channel(owner: Person) -> None:
    owner.open("/channels")
    owner.link(labels.ASSISTANT).click()
    owner.page.locator("#greeting").fill("Hello! We usually answer within a minute.")
    owner.page.locator("#privacy_url").fill("https://example.com/privacy")
    owner.page.get_by_role("heading", level=1).click()
    save(owner.page.locator("section", has=owner.page.locator("#look")).screenshot(animations="disabled"), "channel")


def _goes_through(chromium: Browser, site: Site, chat: str, answers: tuple[str, ...]) -> None:
    """A customer who says hello and answers what the bot asks."""
    with visitor(chromium, site) as customer:
        customer.page.goto(site.url + chat)
        for text in ("Hello", *answers):
            _write(customer.page, text)


def _write(customer: Page, text: str) -> None:
    """Send it, and wait for what comes back."""
    messages = customer.locator(".message .text")
    known = messages.count()
    customer.get_by_label(labels.YOUR_MESSAGE).fill(text)
    customer.get_by_role("button", name=labels.SEND).click()
    messages.nth(known + 1).wait_for()


def _scroll_up(page: Page) -> None:
    page.evaluate("scrollTo(0, 0)")
