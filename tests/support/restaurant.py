"""A restaurant's script with a step of each kind, as the editor's tests change it, and the form of one of its topics."""

from xpressbot.chat.editing.merging import Typed
from xpressbot.chat.editing.parts import Part, digest, fields_of, key_of, kind_of, parts_of
from xpressbot.chat.editing.rows import Row, RowOf
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
HOURS_ROW = Row(RowOf.TOPIC, HOURS.id)
REST = Topic("rest", "Everything else", Starts(On.NOTHING_MATCHED), (Say("s9", "I did not understand that."),))


def a_script(*steps: Step) -> Script:
    """A restaurant's script; with steps, these are what its first topic has."""
    hours = Topic(HOURS.id, HOURS.name, HOURS.starts, steps) if steps else HOURS
    return Script("Restaurant", "en", (hours, BYE, REST))


def form_of(script: Script, topic_id: str) -> dict[str, str]:
    """The fields of a topic's form, as its page shows them."""
    fields: dict[str, str] = {}
    for one in parts_of(topic(script, topic_id)):
        name = f"{'topic' if isinstance(one, Topic) else 'step'}.{one.id}"
        fields |= {f"{name}.shown": digest(one)} | {f"{name}.{field}": text for field, text in fields_of(one).items()}
        if isinstance(one, Choices):
            fields[f"{name}.option"] = ""
    return fields


def typed(part: Part, *, new_option: str = "", **fields: str) -> Typed:
    """A part as a form sends it that showed this part, with some of its fields typed anew."""
    return Typed(key_of(part), kind_of(part), digest(part), {**fields_of(part), **fields}, new_option)


def topic(script: Script, topic_id: str = HOURS.id) -> Topic:
    """A topic of the script by its id."""
    return next(topic for topic in script.topics if topic.id == topic_id)


def part(script: Script, part_id: str) -> Part:
    """A step, an option or a topic of the script by its id."""
    return next(part for topic in script.topics for part in parts_of(topic) if part.id == part_id)


def ids(script: Script, topic_id: str = HOURS.id) -> list[str]:
    """The ids of the steps in a topic's own row."""
    return [step.id for step in topic(script, topic_id).steps]
