"""The chat page of customers: a message and its answer, sent once however often it is sent."""

import re
from collections.abc import Callable

from tests.http.conftest import both_engines
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.customers import SEND, fields_of, post, rows, send, texts_of


@both_engines
def test_the_answer_to_a_message_leads_to_a_page_that_holds_the_bots_answer(path: str, browser: Browser) -> None:
    answer = send(browser, path, "What are your hours?")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{path}?begun=1#new")
    page = browser.get(path)
    assert texts_of(page) == ["What are your hours?", "From 7 to 18. More: https://example.com/hours?a=1&amp;b=2"]
    assert send(browser, path, "menu").headers["location"] == f"{path}#new"
    assert texts_of(browser.get(path))[2:] == ["menu", "Which one?"]


def test_a_program_gets_all_messages_after_the_number_it_had(path: str, browser: Browser) -> None:
    fields = fields_of(browser.get(path)) | {"text": "menu"}
    answer = post(browser, path, fields, Accept="application/json")
    assert answer.status_code == 200
    said = answer.json()
    assert said["is_handled"] is True
    assert [(one["seq"], one["author"], one["text"]) for one in said["messages"]] == [(1, "customer", "menu"), (2, "bot", "Which one?")]
    assert said["messages"][1]["options"] == [{"id": "rye", "label": "Rye bread"}, {"id": "oat", "label": "Oat bread"}]
    again = post(browser, path, fields | {"send": SEND, "text": "Rye bread", "after": "2"}, Accept="application/json").json()
    assert [one["seq"] for one in again["messages"]] == [3, 4]


def test_looking_at_the_page_stores_nothing_and_sets_no_cookie(path: str, browser: Browser, chats: Chats) -> None:
    for _look in range(3):
        assert "set-cookie" not in browser.get(path).headers
    assert rows(chats) == (0, 0, 0, 0)


def test_options_are_buttons_that_answer_the_question(path: str, browser: Browser) -> None:
    send(browser, path, "menu")
    page = browser.get(path)
    buttons = re.findall(r'<button type="submit" name="option" value="([^"]+)"[^>]*>([^<]+)<', page.text)
    assert [label for _value, label in buttons] == ["Rye bread", "Oat bread"]
    assert send(browser, path, "typed and not sent", option=buttons[0][0]).status_code == 303
    page = browser.get(path)
    assert texts_of(page)[-2:] == ["Rye bread", "Rye it is."]
    assert 'name="option"' not in page.text


def test_the_same_send_is_one_message_and_another_text_is_another(
    path: str, browser: Browser, new_browser: Callable[..., Browser], chats: Chats
) -> None:
    """Sent twice before the first answer came, so without the cookie; from a second tab; after Back."""
    fields = fields_of(browser.get(path)) | {"text": "hours"}
    for again in (new_browser(), new_browser(), browser, browser):
        assert post(again, path, fields).status_code == 303
    assert rows(chats) == (1, 1, 1, 2)
    post(browser, path, fields | {"text": "menu"})
    assert rows(chats) == (1, 2, 1, 4)


def test_two_tabs_opened_before_the_first_message_are_one_visitor(path: str, browser: Browser, chats: Chats) -> None:
    one, other = fields_of(browser.get(path)), fields_of(browser.get(path))
    assert one["visitor"] != other["visitor"]
    post(browser, path, one | {"text": "hours"})
    post(browser, path, other | {"text": "menu"})
    assert rows(chats)[0] == 1
    assert len(texts_of(browser.get(path))) == 4
