"""What admins do to channels, on both engines: what stays of it, what is recorded, what is refused."""

import pytest
from sqlalchemy import select

from tests.support.actors import ANNA
from tests.support.bots import record_of
from tests.support.installation import Installation
from xpressbot.chat.bots.store import Bot, add_bot
from xpressbot.chat.channels.administration import ChannelAdministration, ChannelRefusal
from xpressbot.chat.channels.store import Channel, all_channels, find_channel, open_channel
from xpressbot.chat.channels.web.settings import WebSettings
from xpressbot.chat.tables import CHANNEL
from xpressbot.foundation.database.transaction import Transactions

BOT = Bot("b" * 32, "Shop bot", "en", 1, 0, 1, None)
ARCHIVED_BOT = Bot("c" * 32, "Old bot", "en", 1, 0, 1, 1)
UNKNOWN = "f" * 32


@pytest.fixture
def transactions(installation: Installation) -> Transactions:
    return Transactions(installation.services.database)


@pytest.fixture
def channels(installation: Installation, transactions: Transactions) -> ChannelAdministration:
    with transactions.writing() as tx:
        add_bot(tx, BOT)
        add_bot(tx, ARCHIVED_BOT)
        tx.commit()
    return installation.services.chat.channels


@pytest.fixture
def channel(channels: ChannelAdministration) -> Channel:
    return _done(channels.make(ANNA, "Our shop", BOT.id))


def test_a_new_channel_is_on_and_its_address_is_16_random_bytes(channel: Channel, transactions: Transactions) -> None:
    with transactions.reading() as tx:
        assert open_channel(tx, channel.public_id) == channel
    assert len(bytes.fromhex(channel.public_id)) == 16
    assert channel.public_id != channel.id
    assert channel.is_on
    assert (channel.kind, channel.name, channel.bot_id, WebSettings.read(channel.settings)) == ("web", "Our shop", BOT.id, WebSettings())


def test_unknown_off_and_archived_channels_are_one_and_the_same(
    channel: Channel, channels: ChannelAdministration, transactions: Transactions
) -> None:
    _done(channels.switch(ANNA, channel.id, on=False))
    archived = _done(channels.archive(ANNA, _done(channels.make(ANNA, "Another", None)).id))
    with transactions.reading() as tx:
        assert [open_channel(tx, public_id) for public_id in (UNKNOWN, channel.public_id, archived.public_id)] == [None, None, None]
        assert [found.id for found in all_channels(tx)] == [channel.id]
        assert find_channel(tx, archived.id) == archived


def test_settings_name_bot_and_switch_are_changed_and_recorded(
    channel: Channel, channels: ChannelAdministration, transactions: Transactions, installation: Installation
) -> None:
    settings = WebSettings(greeting="Hello!", accent="#aa0033", privacy_url="https://example.com/privacy")
    _done(channels.change_settings(ANNA, channel.id, " The  shop ", settings))
    _done(channels.choose_bot(ANNA, channel.id, None))
    _done(channels.choose_bot(ANNA, channel.id, BOT.id))
    _done(channels.switch(ANNA, channel.id, on=False))
    _done(channels.switch(ANNA, channel.id, on=True))
    _done(channels.archive(ANNA, channel.id))
    with transactions.reading() as tx:
        kept = find_channel(tx, channel.id)
    entries = record_of(installation.services)
    assert kept is not None
    assert (kept.name, kept.bot_id, kept.is_on, WebSettings.read(kept.settings)) == ("The shop", BOT.id, True, settings)
    assert {(entry.by.name, entry.subject) for entry in entries} == {("Anna Berg", channel.id)}
    assert sorted((entry.kind or "", entry.details.get("change", ""), entry.details.get("bot", "-")) for entry in entries) == [
        ("channel_archived", "", "-"),
        ("channel_changed", "bot", ""),
        ("channel_changed", "bot", "Shop bot"),
        ("channel_changed", "off", "-"),
        ("channel_changed", "on", "-"),
        ("channel_changed", "settings", "-"),
        ("channel_made", "", "-"),
    ]


def test_what_changes_nothing_is_not_recorded(channel: Channel, channels: ChannelAdministration, installation: Installation) -> None:
    _done(channels.switch(ANNA, channel.id, on=True))
    _done(channels.choose_bot(ANNA, channel.id, BOT.id))
    _done(channels.change_settings(ANNA, channel.id, "Our shop", WebSettings()))
    assert [entry.kind for entry in record_of(installation.services)] == ["channel_made"]


def test_what_is_not_in_use_cannot_be_chosen_or_changed(channel: Channel, channels: ChannelAdministration) -> None:
    assert channels.make(ANNA, "Shop", ARCHIVED_BOT.id) is ChannelRefusal.NO_BOT
    assert channels.choose_bot(ANNA, channel.id, ARCHIVED_BOT.id) is ChannelRefusal.NO_BOT
    assert channels.choose_bot(ANNA, channel.id, UNKNOWN) is ChannelRefusal.NO_BOT
    _done(channels.archive(ANNA, channel.id))
    for gone in (channel.id, UNKNOWN):
        assert channels.find(gone) is None
        assert channels.archive(ANNA, gone) is ChannelRefusal.NO_CHANNEL
        assert channels.switch(ANNA, gone, on=True) is ChannelRefusal.NO_CHANNEL
        assert channels.choose_bot(ANNA, gone, None) is ChannelRefusal.NO_CHANNEL
        assert channels.change_settings(ANNA, gone, "Shop", WebSettings()) is ChannelRefusal.NO_CHANNEL


@pytest.mark.parametrize("name", ["", "  ", "\u200b", "a" * 81, "two\x00lines", "\u202eback"])
def test_a_name_that_nobody_can_read_is_refused(name: str, channel: Channel, channels: ChannelAdministration) -> None:
    assert channels.make(ANNA, name, None) is ChannelRefusal.NAME
    assert channels.change_settings(ANNA, channel.id, name, WebSettings()) is ChannelRefusal.NAME


def test_settings_with_problems_are_refused(channel: Channel, channels: ChannelAdministration, transactions: Transactions) -> None:
    assert channels.change_settings(ANNA, channel.id, "Shop", WebSettings(accent="red")) is ChannelRefusal.SETTINGS
    with transactions.reading() as tx:
        assert tx.select(select(CHANNEL.c.name, CHANNEL.c.settings)).one() == ("Our shop", channel.settings)


def test_the_list_names_the_bot_that_answers(channel: Channel, channels: ChannelAdministration) -> None:
    silent = _done(channels.make(ANNA, "Nobody", None))
    assert [(shown.channel.id, shown.bot) for shown in channels.channels()] == [(silent.id, None), (channel.id, BOT)]
    assert channels.find(channel.id) == channels.channels()[1]
    assert channels.bots() == [BOT]


def _done(outcome: Channel | ChannelRefusal) -> Channel:
    assert isinstance(outcome, Channel), outcome
    return outcome
