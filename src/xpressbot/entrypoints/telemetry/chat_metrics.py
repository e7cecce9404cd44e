"""Chat: what came in, what failed, and what waits to be handled."""

from xpressbot.chat.conversations.sweeping import Backlog
from xpressbot.foundation.metrics import Metrics
from xpressbot.foundation.times import SECOND


class ChatMetrics:
    """Messages are counted where they are stored; what waits is every process's, and each tells the same of it."""

    def __init__(self, metrics: Metrics) -> None:
        self._received = metrics.counter("xpressbot_chat_messages_received_total", "Messages of customers that were stored, each once")
        self._failed = metrics.counter("xpressbot_chat_events_failed_total", "Events whose handling failed; each has its line in the log")
        self._lanes = metrics.common_gauge(
            "xpressbot_chat_lanes_waiting", "Contacts with an event that is to be handled, looked at once a minute"
        )
        self._oldest = metrics.common_gauge(
            "xpressbot_chat_oldest_event_seconds", "How long the oldest event has waited to be handled, looked at once a minute"
        )

    def received(self, messages: int) -> None:
        """Count messages that are stored."""
        self._received.inc(messages)

    def failed(self) -> None:
        """Count an event that has failed."""
        self._failed.inc()

    def note(self, found: Backlog) -> None:
        """Note what waits."""
        self._lanes.set(found.lanes)
        self._oldest.set(found.oldest / SECOND)
