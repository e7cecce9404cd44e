"""Scripts that bots of tests run."""

from tests.support.scripts import phrases
from xpressbot.chat.scripts.script import Answer, Ask, Choices, End, GoTo, HandOver, On, Option, Say, Script, Starts, Topic

LATE = Topic("late", "Nobody there", Starts(On.NOBODY_THERE), (Say("n1", "Nobody is here right now."),))
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
        Topic("colour", "Colour", phrases("colour"), (Choices("c1", "Which?", (Option("red", "Red", (Say("c2", "Red it is."),)),)),)),
        Topic("person", "A person", phrases("person"), (HandOver("p1", "I call somebody.", "wants {{count}}"),)),
        Topic("bye", "Bye", phrases("bye"), (End("b1", "Goodbye!"),)),
        Topic("loop", "Loop", phrases("loop"), (GoTo("l1", "loop"),)),
        LATE,
    ),
)
COUNTING = Script(
    name="Counting",
    language="en",
    topics=(
        Topic("first", "First", Starts(On.FIRST_MESSAGE), (Ask("a1", "First.", "last", Answer.TEXT), GoTo("a2", "next"))),
        Topic("next", "Next", Starts(On.GO_TO), (Ask("a3", "After {{last}}.", "last", Answer.TEXT), GoTo("a4", "next"))),
    ),
)
"""Each answer names the message before it: a run on a wrong state would name another one."""
