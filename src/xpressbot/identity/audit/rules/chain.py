"""The rule that chains the events of one subject (docs/event-chain.md)."""

import hashlib
import json
from collections.abc import Mapping
from typing import Final

from xpressbot.identity.audit.rules.event import DetailValue, NewEvent

SALT_BYTES: Final = 16
GENESIS: Final = bytes(32)
"""What stands for the previous hash of an account's first event."""

_ENCODER: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":"))
"""Of whatever is hashed: one spelling for each value."""


def encode_details(details: Mapping[str, DetailValue]) -> str:
    """The one spelling of details that is stored and hashed."""
    return _ENCODER.encode(details)


def details_hash(salt: bytes, encoded_details: str) -> bytes:
    """The commitment to the details: without them and their salt it tells nothing. Text that is no UTF-8 counts by its bytes."""
    return hashlib.sha256(salt + encoded_details.encode(errors="surrogateescape")).digest()


def chained_hash(previous: bytes, event: NewEvent, *, subject: str, seq: int, at: int, details_digest: bytes) -> bytes:
    """The hash of an event: over the previous one's, the closed fields, and the commitment to the details."""
    return hash_of_fields(previous, details_digest, (subject, seq, event.kind.value, event.factor, event.actor, event.target, at))


ClosedFields = tuple[str, int, str, str | None, str | None, str | None, int]
"""Subject, sequence number, kind, factor, actor, target and time, as they are stored."""


def hash_of_fields(previous: bytes, details_digest: bytes, fields: ClosedFields) -> bytes:
    """The same, of whatever kind: a newer version may have recorded one that has no name here."""
    return hashlib.sha256(previous + details_digest + _ENCODER.encode(fields).encode()).digest()
