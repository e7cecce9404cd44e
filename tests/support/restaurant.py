"""A restaurant's script with a step of each kind, as the editor's tests change it, and the form of one of its topics."""

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
