"""The script editor in a browser without JavaScript: a topic is built, tried out and kept, and two people lose nothing."""

import re

import pytest
from playwright.sync_api import Locator, Page

from tests.browser.conftest import NewPerson
from tests.browser.inspection import inspect
from tests.browser.person import Person
from tests.browser.site import Site
from tests.support import editor_labels as labels
from tests.support.actors import ANNA
from tests.support.bots import make_bot
from tests.support.restaurant import a_script
from xpressbot.chat.editing.edits import Remove
from xpressbot.chat.scripts.script import Answer, Ask, Choices, Say, Script, Topic

pytestmark = pytest.mark.browser
WITHOUT_JAVASCRIPT = {"java_script_enabled": False}
PARKING, OPENING_HOURS, GOODBYE, A_DAY, PRICE, CHECK = (
    "Parking",
    "Opening hours",
    "Goodbye",
    "A day",
    "Ten euros, the red one.",
    "A day of it",
)
GREETING, WELCOME, WHICH_CAR = "Say “Hello! We open at 9.”", "Say “Welcome!”", "Ask “Which car?”"


@pytest.fixture
def author(new_person: NewPerson) -> Person:
    """Anna, signed in without JavaScript."""
    person = new_person(**WITHOUT_JAVASCRIPT)
    person.sign_in()
    return person


def draft(site: Site, bot_id: str) -> Script:
    opened = site.installation.services.chat.editing.open(bot_id)
    assert opened is not None
    return opened.script


def topic_of(site: Site, bot_id: str, name: str) -> Topic:
    return next(topic for topic in draft(site, bot_id).topics if topic.name == name)


def newest(page: Page) -> Locator:
    """The step that something was just done to: the address names it."""
    return page.locator(f"[id='{page.url.rpartition('#')[2]}']")


def add(place: Page | Locator, page: Page, kind: str) -> Locator:
    """Add a step by the last menu of a place that is not in a toolbar."""
    menu = place.locator("details.add-step:not(.below)").last
    menu.locator("summary").click()
    with_its_meaning = re.compile(rf"^{kind}\b")
    menu.get_by_role("button", name=with_its_meaning).click()
    return newest(page)


def test_a_topic_is_built_moved_undone_tried_and_kept_without_javascript(site: Site, author: Person) -> None:
    """As a person does it who has never seen it."""
    page, bot = author.page, make_bot(site.installation.services, a_script())
    author.open(f"/bots/{bot.id}")
    page.get_by_label(labels.NEW_TOPIC).fill(PARKING)
    page.get_by_label(labels.NEW_TOPIC).press("Enter")
    author.is_on(PARKING)

    add(page, page, labels.ASK).get_by_label(labels.QUESTION).fill("Which car?")
    choices = add(page, page, labels.OFFER_CHOICES)
    choices.get_by_label(labels.QUESTION).fill("For how long?")
    choices.get_by_label(labels.ONE_MORE_OPTION).fill("An hour")
    choices.get_by_label(labels.ONE_MORE_OPTION).press("Enter")
    choices = page.locator("li.step").last
    choices.get_by_label(labels.ONE_MORE_OPTION).fill(A_DAY)
    choices.get_by_role("button", name=labels.ADD_THE_OPTION).click()
    branch = page.get_by_role("group", name=labels.when_chosen(A_DAY))
    add(branch, page, labels.SAY).get_by_label(labels.WHAT_THE_BOT_SAYS, exact=True).fill("Ten euros, {{answer}}.")
    add(page, page, labels.SAY).get_by_label(labels.WHAT_THE_BOT_SAYS, exact=True).fill("Welcome!")
    page.get_by_role("button", name=labels.move_up(labels.SAY), exact=True).click()
    page.get_by_role("button", name=labels.move_up(WELCOME)).click()
    assert [type(step) for step in topic_of(site, bot.id, PARKING).steps] == [Say, Ask, Choices]

    page.get_by_role("button", name=labels.remove(WHICH_CAR)).click()
    author.sees(labels.removed(WHICH_CAR))
    page.get_by_role("button", name=labels.UNDO, exact=True).click()
    steps = topic_of(site, bot.id, PARKING).steps
    assert steps[1] == Ask(steps[1].id, "Which car?", "answer", Answer.TEXT)

    page.get_by_label(labels.WRITE_AS_A_CUSTOMER).fill("where is parking?")
    page.get_by_label(labels.WRITE_AS_A_CUSTOMER).press("Enter")
    page.get_by_label(labels.WRITE_AS_A_CUSTOMER).fill("the red one")
    page.get_by_role("button", name=labels.SEND, exact=True).click()
    page.get_by_role("button", name=A_DAY, exact=True).click()
    author.sees(PRICE)
    page.locator("summary", has_text=labels.KEEP_AS_A_CHECK).click()
    page.get_by_label(labels.NAME_OF_THE_CHECK).fill(CHECK)
    page.get_by_role("button", name=labels.KEEP_THE_CHECK).click()
    author.sees(labels.kept_as(CHECK))
    (check,) = draft(site, bot.id).checks
    assert check.turns[-1].said == (PRICE,)


def test_a_step_is_moved_to_another_topic_without_javascript(site: Site, author: Person) -> None:
    """The page asks where."""
    page, bot = author.page, make_bot(site.installation.services, a_script())
    author.open(f"/bots/{bot.id}/topics/hours")
    page.get_by_role("button", name=labels.move_elsewhere(GREETING)).click()
    page.get_by_label(labels.MOVE_TO_END_OF).select_option(label=labels.topic(GOODBYE))
    page.get_by_role("button", name=labels.MOVE_THE_STEP).click()
    author.is_on(OPENING_HOURS)
    assert [step.id for step in topic_of(site, bot.id, GOODBYE).steps] == ["s8", "s1"]


def test_two_people_at_one_topic_lose_nothing_without_javascript(site: Site, author: Person, new_person: NewPerson) -> None:
    """Whoever comes second sees both texts, and decides."""
    bot = make_bot(site.installation.services, a_script())
    other = new_person(**WITHOUT_JAVASCRIPT)
    other.sign_in()
    for person, step, text in ((author, "s1", "Mine"), (other, "s1", "Theirs")):
        person.open(f"/bots/{bot.id}/topics/hours")
        person.page.locator(f"[id='step.{step}.text']").fill(text)
    other.page.locator("[id='step.s4.text']").fill("By the window.")
    author.button(labels.SAVE).click()
    other.button(labels.SAVE).click()
    other.sees(labels.SOMEBODY_ELSE_HAS_WRITTEN)
    assert other.page.locator("[id='step.s1.text']").input_value() == "Theirs"
    assert other.page.locator("[id='step-s1'] dd").inner_text() == "Mine"
    other.button(labels.SAVE).click()
    other.is_on(OPENING_HOURS)
    assert topic_of(site, bot.id, OPENING_HOURS).steps[0] == Say("s1", "Theirs")


def test_the_editor_in_its_states(site: Site, anna: Person) -> None:
    """Axe finds nothing, nothing is too wide, every target can be hit: as it is, with problems, conflicts, menus and a dialogue."""
    anna.sign_in()
    bot = make_bot(site.installation.services, a_script())
    path = f"/bots/{bot.id}/topics/hours"
    findings = []
    for place in (path, f"{path}?moving=s1", f"{path}?turn=opening+hours&turn=8&turn=Inside", f"/bots/{bot.id}"):
        anna.open(place)
        findings += inspect(anna.page)
    anna.open(path)
    anna.page.locator("#step-s1 details.below summary").click()
    anna.page.locator(".conversation > details summary").click()
    findings += inspect(anna.page)
    for kind in (labels.ASK, labels.OFFER_CHOICES, labels.IF):
        anna.open(path)
        add(anna.page, anna.page, kind)
    findings += inspect(anna.page)
    anna.page.locator("[id='step.s2.into']").fill("2!")
    anna.page.locator("[id='step.s1.text']").fill("Mine")
    anna.page.locator("[id='step.s4.text']").fill("Lost")
    editing = site.installation.services.chat.editing
    editing.edit(ANNA, bot.id, (), Remove("s4"))
    anna.button(labels.SAVE).click()
    anna.sees(labels.NOT_EVERYTHING_SAVED)
    findings += inspect(anna.page)
    assert findings == []
    assert a_script() != draft(site, bot.id)
