"""Where a conversation stands in its script, as a value and as JSON."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Final, TypeVar

from xpressbot.foundation.times import HOUR

T = TypeVar("T")

OVER_AFTER: Final = 24 * HOUR
"""So long after its last event a script is over: the next message begins anew."""


@dataclass(frozen=True, slots=True)
class OpenQuestion:
    """A question that waits for an answer. tries: how many answers to it were none."""

    topic: str
    step: str
    tries: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Where a conversation stands.

    version: of the script that it runs; the caller's number, the engine carries it along. question: what was asked last and
    waits for an answer; None between topics. interrupted: the question to come back to when the topic of now is through.
    last_event_at: microseconds; None before the first event.
    """

    version: int
    question: OpenQuestion | None = None
    interrupted: OpenQuestion | None = None
    fields: Mapping[str, str] = field(default_factory=dict)
    last_event_at: int | None = None

    def is_over(self, now: int) -> bool:
        """Whether the next message begins the script anew, and so may begin another version."""
        return self.last_event_at is None or now - self.last_event_at > OVER_AFTER

    def started_over(self, version: int) -> "State":
        """As before the first event, with the fields that are remembered."""
        return State(version, fields=self.fields)

    def handed_back(self) -> "State":
        """After a person has had the conversation: no question waits, and the next message is matched anew."""
        return replace(self, question=None, interrupted=None)

    def written(self) -> str:
        """As JSON in ASCII, without the version: whoever keeps a state keeps its version beside it."""
        kept = asdict(self)
        del kept["version"]
        return json.dumps(kept)


def read_state(text: str | None, version: int) -> State:
    """Read what State.written gave. Whatever else it is, it is a state before the first event, without fields."""
    try:
        kept = json.loads(text or "")
        return State(
            version,
            _question(kept["question"]),
            _question(kept["interrupted"]),
            {_of(str, name): _of(str, value) for name, value in _of(dict, kept["fields"]).items()},
            None if kept["last_event_at"] is None else _of(int, kept["last_event_at"]),
        )
    except (ValueError, KeyError, TypeError, RecursionError):
        return State(version)


def _question(kept: Mapping[str, object] | None) -> OpenQuestion | None:
    return None if kept is None else OpenQuestion(_of(str, kept["topic"]), _of(str, kept["step"]), _of(int, kept["tries"]))


def _of(kind: type[T], value: object) -> T:
    """The value, if it is of this very type: true is no number."""
    if type(value) is not kind:
        raise TypeError(value)
    return value
