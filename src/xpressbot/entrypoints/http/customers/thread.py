"""A thread as its visitor sees it: who wrote, when, what of it is a link, which options are buttons."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from jinja2.utils import urlize
from markupsafe import Markup

from xpressbot.chat.channels.web.visiting import Visit, option_value
from xpressbot.chat.conversations.conversation import Author
from xpressbot.chat.conversations.store import Message
from xpressbot.entrypoints.messages.formatting import Text, clock_time, moment
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import DAY

_LINK_RELATION: Final = "noopener noreferrer nofollow ugc"


@dataclass(frozen=True, slots=True)
class Button:
    """An option that can be tapped. value: what its form sends."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class Bubble:
    """A message on the page. is_own: of the visitor. begins: another wrote the one before. language: of a bot's script.

    is_first_new: of the answers to the visitor's last message, the first.
    """

    seq: int | None
    is_own: bool
    name: str
    begins: bool
    text: Text
    time: Markup
    language: str | None
    is_first_new: bool = False


def bubbles(visit: Visit, texts: Texts, now: int) -> Sequence[Bubble]:
    """The messages of a page, the oldest first; last those that are stored and not handled yet."""
    first_new = _first_new(visit.messages)
    made: list[Bubble] = []
    for message in visit.messages:
        is_own, name = message.author is Author.CUSTOMER, _name(visit, message)
        begins = not made or (made[-1].is_own, made[-1].name) != (is_own, name)
        language = visit.bot.language if visit.bot is not None and message.author is Author.BOT else None
        text = message.text if is_own else linked(message.text)
        is_first_new = message.seq == first_new and not visit.waiting
        made.append(Bubble(message.seq, is_own, name, begins, text, _time(texts, message.at, now), language, is_first_new))
    return [*made, *_waiting(visit, texts, now, begins=not made or not made[-1].is_own)]


def buttons(visit: Visit) -> Sequence[Button]:
    """The options of the newest message, while it is a question."""
    if visit.waiting or not visit.messages:
        return ()
    newest = visit.messages[-1]
    return [Button(option_value(newest.seq, option.id), option.label) for option in newest.options]


def linked(text: str) -> Markup:
    """The text with its addresses as links. They hand on neither where they stand nor a good word for where they lead."""
    return Markup(urlize(text, rel=_LINK_RELATION))  # noqa: S704  # it escapes the text


def _waiting(visit: Visit, texts: Texts, now: int, *, begins: bool) -> Iterator[Bubble]:
    for i, message in enumerate(visit.waiting):
        is_last = i == len(visit.waiting) - 1
        yield Bubble(None, True, "", begins and i == 0, message.text, _time(texts, message.at, now), None, is_last)  # noqa: FBT003  # a row of columns


def _first_new(messages: Sequence[Message]) -> int | None:
    """Of what follows the visitor's last message, the first; without an answer, that message itself."""
    after_own: int | None = None
    for message in reversed(messages):
        if message.author is Author.CUSTOMER:
            return after_own or message.seq
        after_own = message.seq
    return after_own


def _name(visit: Visit, message: Message) -> str:
    """Of a member their first name alone. Of one that a newer version wrote, the name that it gives."""
    match message.author:
        case Author.CUSTOMER:
            return ""
        case Author.BOT:
            return visit.channel.name if visit.bot is None else visit.bot.name
        case Author.PERSON | None:
            return next(iter((message.author_name or "").split()), visit.channel.name)


def _time(texts: Texts, at: int, now: int) -> Markup:
    return clock_time(texts, at) if at // DAY == now // DAY else moment(texts, at)
