"""Scripts as tests write them, and bots that have them."""

from tests.support.installation import Installation
from xpressbot.chat.actor import Actor
from xpressbot.chat.bots.administration import NewBot
from xpressbot.chat.bots.store import Bot
from xpressbot.chat.editing.parts import digest, fields_of, parts_of
from xpressbot.chat.scripts.script import (
    Answer,
    Ask,
    Choices,
    Comparison,
    End,
    GoTo,
    HandOver,
    If,
    On,
    Option,
    Say,
    Script,
    Starts,
    Step,
    Topic,
)

ANNA = Actor("a" * 32, "Anna Berg")
BERTA = Actor("b" * 32, "Berta Klug")
SAY, ASK = Say("s1", "Hello! We open at 9."), Ask("s2", "How many people?", "guests", Answer.NUMBER, "A number, please.")
CHOICES = Choices("s3", "Inside or outside?", (Option("o1", "Inside", (Say("s4", "By the fire."),)), Option("o2", "Outside")), "place")
CONDITION = If("s5", "guests", Comparison.GREATER, "6", (HandOver("s6", "A person will call.", "{{guests}} guests"),), (GoTo("s7", "bye"),))
HOURS = Topic("hours", "Opening hours", Starts(On.PHRASES, ("opening hours", "when are you open")), (SAY, ASK, CHOICES, CONDITION))
BYE = Topic("bye", "Goodbye", Starts(On.GO_TO), (End("s8", "See you!"),))
REST = Topic("rest", "Everything else", Starts(On.NOTHING_MATCHED), (Say("s9", "I did not understand that."),))


def a_script(*steps: Step) -> Script:
    """A restaurant's script; with steps, these are what its first topic has."""
    hours = Topic(HOURS.id, HOURS.name, HOURS.starts, steps) if steps else HOURS
    return Script("Restaurant", "en", (hours, BYE, REST))


def add_bot(installation: Installation, script: Script | None = None) -> Bot:
    """A bot with this script as its draft."""
    made = installation.services.chat.bots.make(ANNA, NewBot("Restaurant", script or a_script()))
    assert isinstance(made, Bot), made
    return made


def form_of(script: Script, topic_id: str) -> dict[str, str]:
    """The fields of a topic's form, as its page shows them."""
    topic = next(topic for topic in script.topics if topic.id == topic_id)
    fields: dict[str, str] = {}
    for part in parts_of(topic):
        name = f"{'topic' if isinstance(part, Topic) else 'step'}.{part.id}"
        fields |= {f"{name}.shown": digest(part)} | {f"{name}.{field}": text for field, text in fields_of(part).items()}
        if isinstance(part, Choices):
            fields[f"{name}.option"] = ""
    return fields
