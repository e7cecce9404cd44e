"""Events: what came in for a conversation, how its body is kept until it is handled, and what may be kept at all. Pure."""

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from xpressbot.chat.scripts.events import Message
from xpressbot.chat.scripts.script import MAX_SAID_LENGTH

MAX_MESSAGE_LENGTH: Final = MAX_SAID_LENGTH
"""Code points of a message that a customer writes."""
MAX_OPTION_LENGTH: Final = 256
MAX_EXTERNAL_ID_LENGTH: Final = 512


class EventKind(StrEnum):
    """What came in."""

    MESSAGE = "message"
    TIMER = "timer"
    """The time until a person should have answered is over. The sweep makes it, no channel does."""


class EventState(StrEnum):
    """What has become of an event."""

    PENDING = "pending"
    HANDLED = "handled"
    FAILED = "failed"
    """Handling it raised what is our own fault. Its reference stands in the log."""


@dataclass(frozen=True, slots=True)
class NobodyCame:
    """The time of a conversation is over. Whatever happens to the contact's later conversations is no matter of it."""

    conversation_id: str


ReadEvent = Message | NobodyCame
"""An event of a row that is read."""


@dataclass(frozen=True, slots=True)
class NewEvent:
    """What a channel has parsed, to be stored.

    external_id: what the channel calls it; what has the same one on the same channel is the same event. contact: what the channel
    calls the person. contact_name: what they are called, if the channel knows it; kept when the person is new. body: message_body's.
    """

    external_id: str
    contact: str
    contact_name: str
    kind: EventKind
    body: bytes


def is_storable(text: str) -> bool:
    """Whether both databases take a text: PostgreSQL takes no NUL, and neither takes half of a surrogate pair."""
    try:
        return b"\0" not in text.encode()
    except UnicodeEncodeError:
        return False


def message_body(text: str, option: str | None = None) -> bytes:
    """The body of a message. option: the id of the option that was tapped; the text is then its label.

    Raises ValueError where the text is empty, longer than MAX_MESSAGE_LENGTH or not storable, or the option is not.
    """
    _check(text, option)
    return json.dumps([text, option], ensure_ascii=False).encode()


def read_message_body(body: bytes) -> Message:
    """Read what message_body gave.

    Raises ValueError for whatever else it is.
    """
    match _json(body):
        case [str(text), None | str() as option]:
            _check(text, option)
            return Message(text, option)
        case _:
            raise ValueError("not the body of a message")


def timer_body(conversation_id: str) -> bytes:
    """The body of an event of kind timer."""
    return conversation_id.encode()


def read_event(kind: str, body: bytes | None) -> ReadEvent:
    """What came in, from the columns of its row.

    Raises ValueError for a kind that a newer version stored, and for a body that is none.
    """
    if body is None:
        raise ValueError("the event has no body")
    match EventKind(kind):
        case EventKind.MESSAGE:
            return read_message_body(body)
        case EventKind.TIMER:
            return NobodyCame(body.decode())


def _check(text: str, option: str | None) -> None:
    if not text or len(text) > MAX_MESSAGE_LENGTH or not is_storable(text):
        raise ValueError("a text that cannot be kept")
    if option is not None and (len(option) > MAX_OPTION_LENGTH or not is_storable(option)):
        raise ValueError("an option that cannot be kept")


def _json(body: bytes) -> object:
    try:
        return json.loads(body)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
