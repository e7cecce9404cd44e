"""The inbox: who waits, answering, taking over, handing back, closing, and what two members do at once."""

import json
import re
from collections.abc import Callable

import httpx
import pytest
from sqlalchemy import select, update

from tests.http.conftest import both_engines
from tests.http.raw_requests import SESSION_COOKIE, refusal, rows, words
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.people import signed_in
from tests.support.stored_chats import conversation, published_bot, texts_of, web_channel
from tests.use_cases.instrumentation import statements
from xpressbot.chat.actor import Actor
from xpressbot.chat.conversations.conversation import Author, Conversation, ConversationState
from xpressbot.chat.conversations.receiving import MAX_NAME_LENGTH
from xpressbot.chat.tables import CHANNEL, CONTACT, CONVERSATION
from xpressbot.identity.accounts.rules.roles import Role

SignIn = Callable[..., Browser]


@pytest.fixture
def member(installation: Installation, new_browser: Callable[..., Browser]) -> SignIn:
    """Signs a new member in; the first is the owner."""

    def sign_in(email: str, role: Role = Role.AGENT) -> Browser:
        browser = new_browser()
        browser.cookies.set(SESSION_COOKIE, signed_in(installation.services, email, role=role).token.text)
        return browser

    return sign_in


@pytest.fixture
def owner(member: SignIn) -> Browser:
    return member("owner@example.com", Role.OWNER)


def hidden(page: str) -> dict[str, str]:
    """The hidden fields of the form with which an answer is sent."""
    (form,) = re.findall(r'(?s)<form method="post" action="/inbox/[0-9a-f]+/reply">(.*?)</form>', page)
    return dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))


def answer(browser: Browser, one: Conversation, text: str, shown: dict[str, str] | None = None) -> httpx.Response:
    path = f"/inbox/{one.id}"
    return browser.post(f"{path}/reply", (shown or hidden(browser.get(path).text)) | {"text": text})


def act(browser: Browser, one: Conversation, what: str, shown: dict[str, str] | None = None) -> httpx.Response:
    path = f"/inbox/{one.id}"
    return browser.post(f"{path}/{what}", shown or hidden(browser.get(path).text))


def state_of(installation: Installation, one: Conversation) -> str:
    (row,) = (row for row in rows(installation, "conversation") if row["id"] == one.id)
    return str(row["state"])


def with_bot(installation: Installation, channel_id: str) -> str:
    """Give the channel a published bot."""
    bot_id = published_bot(installation.services)
    with installation.services.database.write() as connection:
        connection.execute(update(CHANNEL).where(CHANNEL.c.id == channel_id).values(bot_id=bot_id))
        connection.commit()
    return bot_id


@both_engines
def test_who_waits_longest_stands_first_and_the_number_is_shown(installation: Installation, owner: Browser) -> None:
    channel = web_channel(installation.services)
    for name in ("Ada", "Grace", "Hedy"):
        conversation(installation.services, channel, name=name)
        installation.clock.advance(minutes=1)
    conversation(installation.services, channel, state=ConversationState.BOT, name="Botty")

    page = owner.get("/inbox").text

    assert [name for name in re.findall(r"<bdi translate=\"no\">(\w+)</bdi>", page) if name != "Website"] == ["Ada", "Grace", "Hedy"]
    assert '<span class="badge">3</span>' in page
    assert "Botty" in owner.get("/inbox?show=bot").text
    assert "Botty" in owner.get("/inbox?show=all").text


@both_engines
def test_a_long_list_is_paged_by_key_and_nothing_is_left_out(installation: Installation, owner: Browser) -> None:
    channel = web_channel(installation.services)
    names = [f"Person{i:02}" for i in range(60)]
    for name in names:
        conversation(installation.services, channel, name=name)
    for show in ("waiting", "all"):
        found: list[str] = []
        path: str | None = f"/inbox?show={show}"
        while path is not None:
            page = owner.get(path).text
            found += re.findall(r"Person\d\d", page)
            further = re.search(r'rel="next" href="([^"]+)"', page)
            path = further[1].replace("&amp;", "&") if further else None
        assert sorted(found) == names


def test_the_list_costs_the_same_statements_however_much_is_stored(installation: Installation, owner: Browser) -> None:
    channel = web_channel(installation.services)
    counts = []
    for _ in range(2):
        for _ in range(30):
            conversation(installation.services, channel)
        with statements(installation) as seen:
            owner.get("/inbox")
        counts.append(len(seen))
    assert counts[0] == counts[1]


@both_engines
def test_an_answer_takes_over_and_ends_the_wait(installation: Installation, owner: Browser) -> None:
    one = conversation(installation.services, web_channel(installation.services))

    response = answer(owner, one, "  Good morning\r\nhow can I help? ")

    assert response.headers["location"] == f"/inbox/{one.id}#latest"
    assert texts_of(installation.services, one.contact_id) == ["Hello", "Good morning\nhow can I help?"]
    (row,) = rows(installation, "conversation")
    assert (row["state"], row["waiting_since"]) == ("person", None)
    assert "You answer" in owner.get(f"/inbox/{one.id}").text


@both_engines
def test_the_same_form_sent_twice_is_one_message_and_another_text_is_another(installation: Installation, owner: Browser) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    shown = hidden(owner.get(f"/inbox/{one.id}").text)

    for text in ("Yes", "Yes", "No"):
        assert answer(owner, one, text, shown).status_code == 303

    assert texts_of(installation.services, one.contact_id) == ["Hello", "Yes", "No"]


@both_engines
def test_of_two_who_answer_the_second_is_told_and_keeps_the_text(installation: Installation, owner: Browser, member: SignIn) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    agent = member("agent@example.com")
    shown = hidden(agent.get(f"/inbox/{one.id}").text)
    answer(owner, one, "I have it")

    response = answer(agent, one, "Mine <b>too</b>", shown)

    assert response.status_code == 409
    assert "answers this person now, so nothing was sent" in refusal(response)
    assert "Mine &lt;b&gt;too&lt;/b&gt;</textarea>" in response.text
    assert texts_of(installation.services, one.contact_id) == ["Hello", "I have it"]
    assert answer(agent, one, "Now I do").status_code == 303


@both_engines
def test_who_already_has_it_is_told_of_what_a_colleague_wrote_meanwhile(installation: Installation, owner: Browser, member: SignIn) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    agent = member("agent@example.com")
    answer(owner, one, "First")
    shown = hidden(owner.get(f"/inbox/{one.id}").text)
    answer(agent, one, "Second")
    act(owner, one, "take-over")

    assert answer(owner, one, "Third", shown).status_code == 409


@both_engines
def test_of_two_who_take_over_at_once_one_wins(installation: Installation, owner: Browser, member: SignIn) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    agent = member("agent@example.com")
    shown = hidden(agent.get(f"/inbox/{one.id}").text)
    assert act(owner, one, "take-over").status_code == 303

    response = act(agent, one, "take-over", shown)

    assert response.status_code == 409
    (row,) = rows(installation, "conversation")
    assert row["owner_name"] in refusal(response)
    assert act(agent, one, "take-over").status_code == 303  # the page shows who has it by now


@both_engines
def test_handing_back_lets_the_published_bot_answer_and_needs_one(installation: Installation, owner: Browser) -> None:
    channel = web_channel(installation.services)
    one = conversation(installation.services, channel, state=ConversationState.PERSON, owner=Actor("a" * 32, "Ada"))
    assert act(owner, one, "hand-back").status_code == 409
    assert "Hand back" not in owner.get(f"/inbox/{one.id}").text

    bot_id = with_bot(installation, channel.id)

    assert "Hand back" in owner.get(f"/inbox/{one.id}").text
    assert act(owner, one, "hand-back").status_code == 303
    (row,) = rows(installation, "conversation")
    assert (row["state"], row["owner_id"], row["bot_id"], row["version"]) == ("bot", None, bot_id, 1)


@both_engines
def test_what_is_closed_takes_no_answer(installation: Installation, owner: Browser) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    shown = hidden(owner.get(f"/inbox/{one.id}").text)
    assert act(owner, one, "close").status_code == 303
    assert act(owner, one, "close", shown).status_code == 303

    response = answer(owner, one, "Still there?", shown)

    assert response.status_code == 409
    assert "was closed meanwhile" in refusal(response)
    assert "Still there?" in words(response.text)
    assert state_of(installation, one) == "closed"


@pytest.mark.parametrize(
    ("text", "said"),
    [("", "Write a message first."), (" \n\t ", "Write a message first."), ("x" * 4097, "at most 4,096 characters")],
)
def test_a_text_that_cannot_be_sent_is_kept(installation: Installation, owner: Browser, text: str, said: str) -> None:
    one = conversation(installation.services, web_channel(installation.services))

    response = answer(owner, one, text)

    assert response.status_code == 422
    assert said in words(response.text)
    assert f"{text}</textarea>" in response.text


def test_markup_and_hostile_names_are_shown_as_text(installation: Installation, owner: Browser) -> None:
    name, text = '<script>alert("1")</script>', "<img src=x onerror=alert(1)> {{ 7 * 7 }}"
    one = conversation(installation.services, web_channel(installation.services, name=name), [(Author.CUSTOMER, text)], name=name)

    for path in ("/inbox", f"/inbox/{one.id}"):
        page = owner.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "{{ 7 * 7 }}" in page


@pytest.mark.parametrize(
    ("asked", "shown"),
    [
        ("Ada \n\t Lovelace", "Ada Lovelace"),
        ("x" * 4096, "x" * MAX_NAME_LENGTH),
        ("moc.live\u202e", "Visitor"),
        ("\u200b", "Visitor"),
    ],
)
def test_a_name_that_a_script_asked_for_is_one_short_line(installation: Installation, owner: Browser, asked: str, shown: str) -> None:
    """As one that a channel gives: it is the title of a page, which isolates nothing. What the person wrote stands among what is known."""
    one = conversation(installation.services, web_channel(installation.services))
    with installation.services.database.write() as connection:
        connection.execute(update(CONTACT).values(fields=json.dumps({"name": asked})))
        connection.commit()
    for path in ("/inbox", f"/inbox/{one.id}"):
        page = owner.get(path).text
        (found,) = re.findall(r'<(?:span class="who"|h1)><bdi translate="no">([^<]*)</bdi>', page)
        assert found.startswith(shown)
        assert len(found) <= MAX_NAME_LENGTH


@pytest.mark.parametrize("query", ["?before=99999999999999999999", "?before=-1", "?before=abc", "?before=2147483648", "?before=²"])
def test_an_address_with_odd_numbers_shows_the_newest(installation: Installation, owner: Browser, query: str) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    page = owner.get(f"/inbox/{one.id}{query}").text
    assert 'id="latest"' in page
    assert "Newest messages" not in page


@both_engines
def test_odd_keys_of_a_list_show_its_beginning(installation: Installation, owner: Browser) -> None:
    conversation(installation.services, web_channel(installation.services), name="Ada")
    for query in ("?show=nothing", "?at=99999999999999999999&after=x", "?at=1&after=1", f"?at={2**63}&after={'a' * 32}"):
        assert "Ada" in owner.get(f"/inbox{query}").text, query


@both_engines
def test_older_messages_are_reached(installation: Installation, owner: Browser) -> None:
    one = conversation(installation.services, web_channel(installation.services), [(Author.CUSTOMER, f"text {i:03}") for i in range(130)])
    found: list[str] = []
    path: str | None = f"/inbox/{one.id}"
    while path is not None:
        page = owner.get(path).text
        found = re.findall(r"text \d{3}", page) + found
        further = re.search(rf'href="(/inbox/{one.id}\?before=\d+)"', page)
        path = further[1] if further else None
    assert found == [f"text {i:03}" for i in range(130)]


@both_engines
def test_blocking_closes_and_is_recorded_and_can_be_taken_back(installation: Installation, owner: Browser, member: SignIn) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    agent, path = member("agent@example.com"), f"/inbox/people/{one.contact_id}"

    assert agent.post(f"{path}/block").status_code == 303
    assert agent.post(f"{path}/block").status_code == 303

    (row,) = rows(installation, "contact")
    assert row["blocked_at"] is not None
    assert state_of(installation, one) == "closed"
    assert "Person blocked" in agent.get(f"/inbox/{one.id}").text
    assert agent.post(f"{path}/unblock").status_code == 303
    (row,) = rows(installation, "contact")
    assert row["blocked_at"] is None
    record = words(owner.get("/bots/record").text)
    assert record.count("Person blocked") == 1
    assert record.count("Person unblocked") == 1


@both_engines
def test_erasing_removes_every_text_and_keeps_the_count(installation: Installation, owner: Browser) -> None:
    messages = [(Author.CUSTOMER, "my secret"), (Author.BOT, "your secret")]
    one = conversation(installation.services, web_channel(installation.services), messages, name="Ada Lovelace")

    assert owner.post(f"/inbox/people/{one.contact_id}/erase").status_code == 303

    assert texts_of(installation.services, one.contact_id) == ["", ""]
    (contact,) = rows(installation, "contact")
    assert (contact["external_id"], contact["name"], contact["fields"], contact["last_seq"]) == (None, "", "{}", 2)
    page = owner.get(f"/inbox/{one.id}").text
    assert "Erased person" in page
    assert "Lovelace" not in page
    assert "secret" not in page
    assert owner.post(f"/inbox/people/{one.contact_id}/block").status_code == 409


def test_what_blocking_and_erasing_do_is_listed_only_while_they_can_be_done(installation: Installation, owner: Browser) -> None:
    """Afterwards the pages say what was done, and offer the way back."""
    one = conversation(installation.services, web_channel(installation.services))
    path = f"/inbox/people/{one.contact_id}"
    assert "The open conversation is closed." in owner.get(f"{path}/block").text
    owner.post(f"{path}/block")
    blocked = owner.get(f"{path}/block").text
    assert ("The open conversation is closed." in blocked, "Person blocked" in blocked) == (False, True)
    assert "How many messages there were" in owner.get(f"{path}/erase").text
    owner.post(f"{path}/erase")
    assert "The open conversation is closed." not in owner.post(f"{path}/block").text
    assert "How many messages there were" not in owner.get(f"{path}/erase").text


def test_an_agent_erases_nobody_and_reads_no_record(installation: Installation, owner: Browser, member: SignIn) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    agent = member("agent@example.com")

    assert agent.get(f"/inbox/people/{one.contact_id}/erase").status_code == 403
    assert agent.post(f"/inbox/people/{one.contact_id}/erase").status_code == 403
    assert agent.get("/bots/record").status_code == 403
    assert "Erase" not in agent.get(f"/inbox/{one.id}").text
    assert texts_of(installation.services, one.contact_id) == ["Hello"]


@pytest.mark.parametrize("what", ["reply", "take-over", "hand-back", "close"])
def test_a_conversation_of_nobody_is_404(owner: Browser, what: str) -> None:
    fields = {"text": "x", "form": "6f1c1c521df54c6c9d9e0a3c66bb2bb3", "seen": "0", "owner": ""}
    assert owner.get(f"/inbox/{'0' * 32}").status_code == 404
    assert owner.post(f"/inbox/{'0' * 32}/{what}", fields).status_code == 404


def test_a_state_that_a_newer_version_wrote_is_left_to_a_person(installation: Installation, owner: Browser) -> None:
    one = conversation(installation.services, web_channel(installation.services))
    with installation.services.database.write() as connection:
        connection.execute(update(CONVERSATION).values(state="elsewhere"))
        connection.commit()
    assert "Waits for a person" in owner.get(f"/inbox/{one.id}").text
    with installation.services.database.read() as connection:
        assert connection.execute(select(CONVERSATION.c.state)).scalar_one() == "elsewhere"
