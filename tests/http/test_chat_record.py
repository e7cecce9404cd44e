"""Chat's own record: every entry in words that people use."""

from tests.http.conftest import both_engines
from tests.http.raw_requests import words
from tests.support.actors import ANNA
from tests.support.bots import hours_script, make_bot, publish, replace_draft
from tests.support.browser import Browser
from tests.support.installation import Installation
from tests.support.stored_chats import conversation, system_of, web_channel
from xpressbot.chat.actor import OPERATOR
from xpressbot.chat.channels.administration import ChannelChange
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.record import RecordKind, record
from xpressbot.entrypoints.messages.chat_record_words import RECORD_DETAILS
from xpressbot.foundation.database.transaction import Transactions


def entries(browser: Browser) -> list[str]:
    """What the page says of each entry, without who did it and when."""
    log = browser.get("/bots/record").text.partition('<ol class="log">')[2].partition("</ol>")[0]
    return [words(entry.partition('<p class="quiet">')[0]) for entry in log.split("<li>")[1:]]


@both_engines
def test_bots_and_channels_are_told_in_words(installation: Installation, signed_in: Browser) -> None:
    """Which change it was, which version, what becomes of running conversations."""
    chat = installation.services.chat
    bot = make_bot(installation.services)
    first = publish(installation.services, bot.id)
    replace_draft(installation.services, bot.id, hours_script("From 8 to 6."))
    publish(installation.services, bot.id, restart=True)
    chat.publishing.roll_back(ANNA, bot.id, 1, 2, restart=False)
    chat.bots.rename(ANNA, bot.id, "Front desk")
    channel_id = first.channel_id or ""
    chat.channels.switch(ANNA, channel_id, on=False)
    chat.channels.switch(ANNA, channel_id, on=True)
    chat.channels.choose_bot(ANNA, channel_id, None)
    chat.channels.choose_bot(ANNA, channel_id, bot.id)
    chat.channels.change_settings(ANNA, channel_id, "Desk", WebSettings())

    assert sorted(entries(signed_in)) == [
        "Bot imported from a file Shop",
        "Bot made Shop",
        "Bot published Shop · Version 1 · Running conversations end on their version",
        "Bot published Shop · Version 2 · Running conversations start over",
        "Bot renamed Front desk · Name before: Shop",
        "Bot rolled back Shop · Version 3 · The same as version 1 · Running conversations end on their version",
        "Channel changed Desk · Name or settings",
        "Channel changed Shop · Switched off",
        "Channel changed Shop · Switched on",
        "Channel changed Shop · Who answers · Bot: Front desk",
        "Channel changed Shop · Who answers · No bot",
        "Channel made Shop",
    ]
    assert {change.value for change in ChannelChange} == RECORD_DETAILS["change"].keys()


def test_a_person_is_called_what_the_inbox_calls_one_without_a_name(installation: Installation, signed_in: Browser) -> None:
    """And the operator is told as who they are: they have no account with a name."""
    one = conversation(installation.services, web_channel(installation.services))
    installation.services.chat.contacts.block(ANNA, one.contact_id)

    assert f"Person blocked Visitor {one.contact_id[-4:]}" in entries(signed_in)
    assert "The operator," in words(signed_in.get("/bots/record").text)


def test_what_a_newer_version_recorded_is_shown_as_it_is(installation: Installation, signed_in: Browser) -> None:
    details = {"name": "Shop", "change": "sold", "a": "<b>"}
    with Transactions(installation.services.database).writing() as tx:
        record(tx, system_of(installation.services), OPERATOR, RecordKind.CHANNEL_CHANGED, "0" * 32, **details)
        tx.commit()

    assert entries(signed_in) == ["Channel changed Shop · change: sold · a: <b>"]
