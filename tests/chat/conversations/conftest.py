"""A shop's bot with a script that asks, hands over and ends, on both engines."""

import pytest

from tests.support.chats import Chats
from tests.support.installation import Installation
from xpressbot.chat.flows.script import Answer, Ask, End, GoTo, HandOver, On, Say, Script, Starts, Topic


def phrases(*texts: str) -> Starts:
    """The topic starts on these."""
    return Starts(On.PHRASES, texts)


SHOP = Script(
    name="Shop",
    language="en",
    topics=(
        Topic("hours", "Opening hours", phrases("hours"), (Say("h1", "We are open from 9 to 5."),)),
        Topic(
            "order",
            "Order",
            phrases("order"),
            (Ask("o1", "How many?", "count", Answer.NUMBER), Say("o2", "{{count}} pieces, thank you.")),
        ),
        Topic("person", "A person", phrases("person"), (HandOver("p1", "I call somebody.", "wants {{count}}"),)),
        Topic("bye", "Bye", phrases("bye"), (End("b1", "Goodbye!"),)),
        Topic("loop", "Loop", phrases("loop"), (GoTo("l1", "loop"),)),
        Topic("late", "Nobody there", Starts(On.NOBODY_THERE), (Say("n1", "Nobody is here right now."),)),
    ),
)


@pytest.fixture
def shop(installation: Installation) -> Chats:
    """A channel with the shop's bot."""
    return Chats(installation.services, SHOP)
