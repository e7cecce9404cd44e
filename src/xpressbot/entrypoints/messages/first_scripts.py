"""What bots begin with, in words, and the one that is made from nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.chat.scripts.ready_scripts import ReadyScript
from xpressbot.chat.scripts.script import HandOver, On, Say, Script, Starts, Topic
from xpressbot.entrypoints.messages.translation import N_, Texts

_READY_SCRIPTS: Final[Mapping[ReadyScript, tuple[str, str]]] = {
    ReadyScript.QUESTIONS: (N_("Answers questions"), N_("Opening hours, address, payment and delivery")),
    ReadyScript.ORDER: (N_("Takes orders"), N_("Asks what is wanted and who wants it, then hands over to a person")),
    ReadyScript.HAND_OVER: (N_("Receives people"), N_("Asks what it is about, then hands over to a person")),
}
"""What each ready script does, and how."""


@dataclass(frozen=True, slots=True)
class ReadyChoice:
    """A ready script as it is offered. value: in forms."""

    value: str
    title: str
    meaning: str


def ready_choices(texts: Texts) -> Sequence[ReadyChoice]:
    """The ready scripts, in words."""
    return [ReadyChoice(which.value, texts.gettext(title), texts.gettext(meaning)) for which, (title, meaning) in _READY_SCRIPTS.items()]


def blank_script(texts: Texts) -> Script:
    """A script of two topics in the language of the texts: it says hello, and hands over the rest. It can be published as it is."""
    hello = Say("hello", texts.gettext("Hello! What can we do for you?"))
    person = HandOver("person", texts.gettext("I cannot answer that. Somebody of our team will."))
    name = texts.gettext("New bot")
    return Script(
        name,
        texts.tag,
        (
            Topic("first-message", texts.gettext("Greeting"), Starts(On.FIRST_MESSAGE), (hello,)),
            Topic("nothing-matched", texts.gettext("Everything else"), Starts(On.NOTHING_MATCHED), (person,)),
        ),
    )
