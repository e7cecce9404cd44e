"""What a kind of channel is to the rest of chat: its name, and how what comes in by raw requests is read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from xpressbot.chat.conversations.events import NewEvent


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a request holds. broken: how many of its items are none, and are passed over."""

    events: Sequence[NewEvent]
    broken: int = 0


class Webhook(Protocol):
    """Reads the requests of a platform. Pure: bytes in, events out."""

    def is_genuine(self, settings: str, headers: Mapping[str, str], body: bytes) -> bool:
        """Whether the platform has sent this body. settings: the channel's. headers: with names in small letters.

        False whenever it cannot be told: the channel has no secret, the signature is missing or has another form.
        """

    def parse(self, body: bytes) -> Parsed:
        """The events of all items of a body. An item that is broken harms no other, and a body that is none has no events."""


@dataclass(frozen=True, slots=True)
class ChannelKind:
    """A kind of channel. webhook: None where customers write on pages of this program."""

    name: str
    webhook: Webhook | None = None
