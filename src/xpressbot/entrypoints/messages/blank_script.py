"""What a bot begins with that is made from nothing: it says hello, and hands over what it does not know."""

from xpressbot.chat.flows.script import HandOver, On, Say, Script, Starts, Topic
from xpressbot.entrypoints.messages.translation import Texts


def blank_script(texts: Texts, name: str) -> Script:
    """A script of two topics, in the language of the texts. It can be published as it is."""
    hello = Say("hello", texts.gettext("Hello! What can we do for you?"))
    person = HandOver("person", texts.gettext("I cannot answer that. Somebody of our team will."))
    return Script(
        name,
        texts.tag,
        (
            Topic("first-message", texts.gettext("Greeting"), Starts(On.FIRST_MESSAGE), (hello,)),
            Topic("nothing-matched", texts.gettext("Everything else"), Starts(On.NOTHING_MATCHED), (person,)),
        ),
    )
