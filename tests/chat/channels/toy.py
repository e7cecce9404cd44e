"""A kind of channel that no platform has: signed batches of JSON, as the field's webhooks are."""

import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from xpressbot.chat.channels.kind import ChannelKind, Parsed
from xpressbot.chat.conversations.events import EventKind, NewEvent, message_body

SECRET = "toy secret"
SETTINGS = json.dumps({"secret": SECRET})


class ToyWebhook:
    """{"items": [{"id", "from", "name", "text", "option"}]}, with the HMAC-SHA256 of the raw bytes in a header."""

    def is_genuine(self, settings: str, headers: Mapping[str, str], body: bytes) -> bool:
        secret = json.loads(settings).get("secret")
        return bool(secret) and hmac.compare_digest(headers.get("x-toy-signature", ""), signature(body, secret))

    def parse(self, body: bytes) -> Parsed:
        try:
            items = list(json.loads(body)["items"])
        except (ValueError, TypeError, KeyError, RecursionError):
            return Parsed((), broken=1)
        events = [_event(item) for item in items]
        return Parsed([event for event in events if event is not None], events.count(None))


TOY = ChannelKind("toy", ToyWebhook())


@dataclass(frozen=True)
class Delivery:
    """A request as the platform sends it."""

    headers: Mapping[str, str]
    body: bytes


def delivery(items: Sequence[Any]) -> Delivery:
    """A genuine request with these items."""
    body = json.dumps({"items": items}).encode()
    return Delivery({"x-toy-signature": signature(body)}, body)


def item(number: int | str, text: str = "hours", contact: str = "ana") -> dict[str, str]:
    """A message as the platform writes it."""
    return {"id": f"toy-{number}", "from": contact, "name": contact.title(), "text": text}


def signature(body: bytes, secret: str = SECRET) -> str:
    """What proves that a body is the platform's."""
    return "sha256=" + hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


def _event(item: Any) -> NewEvent | None:
    try:
        return NewEvent(item["id"], item["from"], item["name"], EventKind.MESSAGE, message_body(item["text"], item.get("option")))
    except (KeyError, TypeError, ValueError, AttributeError):
        return None
