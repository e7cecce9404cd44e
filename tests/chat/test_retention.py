"""What is kept of conversations, and for how long."""

import pytest
from sqlalchemy import func, select, update

from tests.support.chats import Chats
from tests.support.installation import Installation, install
from tests.support.shop_script import SHOP
from xpressbot.chat.retention import CHAT_EVENT_KEPT
from xpressbot.chat.tables import CHANNEL, CHAT_EVENT, CHAT_RECORD, CONTACT, CONVERSATION, MESSAGE
from xpressbot.foundation.times import DAY

TABLES = (CONTACT, CONVERSATION, CHAT_EVENT, MESSAGE)


def counts(chats: Chats) -> tuple[int, ...]:
    with chats.transactions.reading() as tx:
        return tuple(tx.select(select(func.count()).select_from(table)).scalar_one() for table in TABLES)


def pass_days(installation: Installation, days: float) -> None:
    """Sweep and clean up as the tasks of a worker do."""
    installation.clock.advance(hours=24 * days)
    installation.services.chat.sweeping.next_round()
    installation.services.expiry.next_round()


def test_a_closed_conversation_goes_with_its_messages_after_a_year_and_then_its_contact(shop: Chats, installation: Installation) -> None:
    """Not a moment earlier; an open one stays, and so do the channel and chat's record."""
    shop.write("hours")
    shop.write("bye")
    pass_days(installation, 365 - 1)
    shop.write("hours", contact="luis")
    assert counts(shop) == (2, 2, 1, 6)
    installation.clock.advance(hours=24)
    installation.services.expiry.next_round()
    assert counts(shop) == (1, 1, 1, 2)
    with shop.transactions.reading() as tx:
        kept = [tx.select(select(func.count()).select_from(table)).scalar_one() for table in (CHANNEL, CHAT_RECORD)]
    assert kept == [1, 0]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_how_long_is_a_setting(database_url: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A day, here: the event that a message came as stays for a month all the same, and so does the contact that it names."""
    installation = install(tmp_path_factory.mktemp("other"), database_url, keep_conversations_days=1)
    chats = Chats(installation.services, SHOP)
    chats.write("bye")
    pass_days(installation, 1)
    assert counts(chats) == (1, 0, 1, 0)
    pass_days(installation, CHAT_EVENT_KEPT // DAY - 1)
    assert counts(chats) == (0, 0, 0, 0)
    installation.close()


def test_an_event_that_is_to_be_handled_never_goes(shop: Chats, installation: Installation) -> None:
    """However long no worker came to it."""
    (received,) = shop.store(shop.event("hours"))
    installation.clock.advance(hours=24 * 400)
    installation.services.expiry.next_round()
    shop.services.chat.answering.drain(received.contact_id)
    assert counts(shop) == (1, 1, 1, 2)


def test_a_blocked_contact_stays_blocked(shop: Chats, installation: Installation) -> None:
    """What they wrote goes; the row that knows of the block does not."""
    shop.write("bye")
    with shop.services.database.write() as connection:
        connection.execute(update(CONTACT).values(blocked_at=1))
        connection.commit()
    pass_days(installation, 366)
    assert counts(shop) == (1, 0, 0, 0)


def test_who_comes_back_after_all_is_gone_is_a_new_contact(shop: Chats, installation: Installation) -> None:
    """Nothing of them is remembered."""
    shop.write("bye")
    pass_days(installation, 365)
    assert counts(shop) == (0, 0, 0, 0)
    assert shop.write("hours") == ["We are open from 9 to 5."]
