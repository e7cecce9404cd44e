"""The pages on which a bot is published and rolled back, and those of its checks and of what it missed."""

import re

from tests.http.conftest import both_engines
from tests.http.raw_requests import words
from tests.support.actors import ANNA
from tests.support.bots import EMPTY, LOOP, UNREACHABLE, converse, hours_script, make_bot, publish, replace_draft
from tests.support.browser import Browser
from tests.support.chats import Chats
from tests.support.installation import Installation


def _publish(browser: Browser, path: str, **fields: str) -> tuple[int, str]:
    """Send the form of the page as it is shown, and give status and page."""
    page = browser.get(f"{path}/publish").text
    shown = dict(re.findall(r'<input type="hidden" name="(revision|newest)" value="(\d+)">', page))
    answer = browser.post(f"{path}/publish", {**shown, "running": "finish", **fields})
    return answer.status_code, answer.text


@both_engines
def test_a_draft_is_published_and_an_old_version_comes_back(signed_in: Browser, installation: Installation) -> None:
    """From the page of the bot to the list of versions, and back to version 1 as version 3."""
    services = installation.services
    bot = make_bot(services)
    path = f"/bots/{bot.id}"
    assert _publish(signed_in, path)[0] == 303
    assert len(services.chat.channels.channels()) == 1
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    assert "the draft has changes" in signed_in.get(path).text
    assert _publish(signed_in, path, running="restart")[0] == 303
    shown = signed_in.get(f"{path}/roll-back?number=1").text
    assert "Version 1 is published again, as version 3." in shown
    answer = signed_in.post(f"{path}/roll-back", number="1", newest="2", running="finish")
    assert answer.headers["location"] == f"{path}/versions"
    versions = signed_in.get(f"{path}/versions").text
    assert re.findall(r"<strong>Version (\d)</strong>", versions) == ["3", "2", "1"]
    assert versions.count("Anna Berg") >= 3
    home = services.chat.bot_overview.home(bot.id)
    assert home is not None
    assert (home.bot.live, home.bot.restart_below) == (3, 2)


def test_errors_leave_no_button_and_warnings_ask(signed_in: Browser, installation: Installation) -> None:
    """What is wrong stands with its topic; a form that was sent all the same is refused."""
    services = installation.services
    faulty, odd = make_bot(services, hours_script(extra=[EMPTY])), make_bot(services, hours_script(extra=[UNREACHABLE]))
    page = signed_in.get(f"/bots/{faulty.id}/publish").text
    assert "1 error keeps the draft from being published" in page
    assert "This step says nothing" in page
    assert f'action="/bots/{faulty.id}/publish"' not in page
    assert signed_in.post(f"/bots/{faulty.id}/publish", revision="1", newest="0", accepted="yes").status_code == 409
    assert "1 warning" in signed_in.get(f"/bots/{odd.id}/publish").text
    status, page = _publish(signed_in, f"/bots/{odd.id}")
    assert (status, "say that it is to be published all the same" in page) == (422, True)
    assert _publish(signed_in, f"/bots/{odd.id}", accepted="yes")[0] == 303


def test_checks_that_differ_are_shown_with_both_answers(signed_in: Browser, installation: Installation) -> None:
    """On the page that publishes and on that of the checks, from which one is removed."""
    bot = make_bot(installation.services, hours_script("From 8 to 6.", with_check=True))
    for page in ("publish", "checks"):
        shown = signed_in.get(f"/bots/{bot.id}/{page}").text
        assert [text in shown for text in ("Opening hours?", "From 9 to 5.", "From 8 to 6.")] == [True] * 3, page
    assert _publish(signed_in, f"/bots/{bot.id}")[0] == 422
    assert signed_in.post(f"/bots/{bot.id}/checks/remove", name="Hours").headers["location"] == f"/bots/{bot.id}/checks"
    assert "There are none yet" in signed_in.get(f"/bots/{bot.id}/checks").text


def test_who_publishes_second_is_told(signed_in: Browser, installation: Installation) -> None:
    """409, with the page as it is now."""
    services = installation.services
    bot = make_bot(services)
    publish(services, bot.id)
    answer = signed_in.post(f"/bots/{bot.id}/publish", revision="1", newest="0", running="finish")
    assert (answer.status_code, "Somebody has changed or published this bot" in answer.text) == (409, True)
    replace_draft(services, bot.id, hours_script("From 8 to 6."))
    publish(services, bot.id)
    answer = signed_in.post(f"/bots/{bot.id}/roll-back", number="1", newest="1", running="finish")
    assert (answer.status_code, "so nothing was published" in answer.text) == (409, True)


def test_an_archived_bot_is_neither_published_nor_rolled_back(signed_in: Browser, installation: Installation) -> None:
    services = installation.services
    bot = make_bot(services)
    publish(services, bot.id)
    services.chat.bots.archive(ANNA, bot.id)
    assert "This bot is archived." in signed_in.get(f"/bots/{bot.id}/publish").text
    assert signed_in.post(f"/bots/{bot.id}/publish", revision="1", newest="1").status_code == 409
    assert signed_in.post(f"/bots/{bot.id}/roll-back", number="1", newest="1").status_code == 409
    assert signed_in.post(f"/bots/{bot.id}/rename", name="Other").status_code == 409
    assert signed_in.post(f"/bots/{bot.id}/checks/remove", name="Hours").status_code == 409
    assert signed_in.post(f"/bots/{bot.id}/missed/phrase", topic="hours", phrase="hello").status_code == 409


def test_who_wrote_a_script_that_goes_in_circles_sees_where_it_was_stopped(signed_in: Browser, installation: Installation) -> None:
    """With links to the step and to the conversation, until another version is published."""
    chats = Chats(installation.services, hours_script(extra=[LOOP]))
    assert chats.bot_id is not None
    home = f"/bots/{chats.bot_id}"
    assert "ran into its limit" not in signed_in.get(home).text
    chats.write("loop")
    (conversation,) = chats.conversations()
    page = signed_in.get(home).text
    assert (f'href="{home}/topics/loop#step-l1"' in page, f'href="/inbox/{conversation.id}"' in page) == (True, True)

    replace_draft(installation.services, chats.bot_id, hours_script())
    page = signed_in.get(home).text
    assert ("ran into its limit" in page, "#step-l1" in page) == (True, False)
    chats.publish(chats.bot_id, hours_script())
    assert "ran into its limit" not in signed_in.get(home).text


def test_malformed_numbers_and_choices_are_no_form_of_ours(signed_in: Browser, installation: Installation) -> None:
    """422; in the address of a list they are left out."""
    bot = make_bot(installation.services)
    path = f"/bots/{bot.id}"
    for revision in ("", "x", "-1", "\u0661", "1" * 10):
        assert signed_in.post(f"{path}/publish", revision=revision, newest="0").status_code == 422, revision
    assert signed_in.post(f"{path}/publish", revision="1", newest="0", running="stop").status_code == 422
    assert signed_in.get(f"{path}/roll-back?number=x").status_code == 422
    assert signed_in.get(f"{path}/versions?before=x").status_code == 200
    assert signed_in.get(f"{path}/export?version=x").status_code == 404


def test_the_list_of_versions_goes_on_to_older_ones(signed_in: Browser, installation: Installation) -> None:
    services = installation.services
    bot = make_bot(services)
    for number in range(51):
        replace_draft(services, bot.id, hours_script(f"Answer {number}."))
        publish(services, bot.id)
    page = signed_in.get(f"/bots/{bot.id}/versions").text
    (older,) = re.findall(r'rel="next" href="([^"]+)"', page)
    assert re.findall(r"<strong>Version (\d+)</strong>", signed_in.get(older).text) == ["1"]


@both_engines
def test_what_was_missed_is_shown_as_text_and_becomes_a_phrase(signed_in: Browser, installation: Installation) -> None:
    """Beside each the conversation; one that the draft answers now says so."""
    services = installation.services
    bot = make_bot(services)
    channel_id = publish(services, bot.id).channel_id
    assert channel_id is not None
    conversation = converse(services, bot.id, channel_id, "<b>when</b> do you open", "x" * 300)
    path = f"/bots/{bot.id}/missed"
    page = signed_in.get(path).text
    assert ("<b>when" in page, "&lt;b&gt;when" in page, f"/inbox/{conversation}" in page) == (False, True, True)
    assert "2 messages of the last 7 days" in signed_in.get("/bots").text
    refused = signed_in.post(f"{path}/phrase", topic="greeting", phrase="when")
    assert (refused.status_code, "Choose a topic from the list" in refused.text) == (422, True)
    assert signed_in.post(f"{path}/phrase", topic="hours", phrase="do you open").headers["location"] == path
    assert "In the draft, Opening hours answers it." in words(signed_in.get(path).text)
