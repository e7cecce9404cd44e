"""A raw request of a platform: checked, stored as a whole, acknowledged, and only then answered."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from xpressbot.chat.channels.kind import Webhook
from xpressbot.chat.conversations.answering import Answering
from xpressbot.chat.conversations.receiving import EventRefusal, Received, Receiving


@dataclass(frozen=True, slots=True)
class TakenIn:
    """The request is stored and may be acknowledged. contacts: whose lanes have something new.

    broken: how many of its items were none. The platform is not told of them: it would send all of them again.
    """

    contacts: tuple[str, ...]
    broken: int


class IncomingRefusal(StrEnum):
    """Why nothing of a request was stored."""

    NOT_GENUINE = "not_genuine"


class Incoming:
    """Takes in what platforms send."""

    def __init__(self, receiving: Receiving, answering: Answering) -> None:
        self._receiving = receiving
        self._answering = answering

    def store(self, webhook: Webhook, channel_id: str, settings: str, headers: Mapping[str, str], body: bytes) -> TakenIn | IncomingRefusal:
        """Store all events of a request in one commit. Nothing of a request that the platform has not sent is looked at."""
        if not webhook.is_genuine(settings, headers, body):
            return IncomingRefusal.NOT_GENUINE
        parsed = webhook.parse(body)
        outcomes = self._receiving.receive(channel_id, parsed.events)
        contacts = dict.fromkeys(outcome.contact_id for outcome in outcomes if isinstance(outcome, Received) and outcome.is_new)
        return TakenIn(tuple(contacts), parsed.broken + sum(outcome is EventRefusal.BROKEN for outcome in outcomes))

    def answer(self, taken_in: TakenIn) -> None:
        """Handle what is new, after the request was acknowledged. What is not done here, the sweep does."""
        for contact_id in taken_in.contacts:
            self._answering.drain(contact_id)
