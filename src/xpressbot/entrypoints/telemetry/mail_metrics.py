"""Mails: what became of each try, and what is in the outbox."""

from xpressbot.foundation.mail.delivery import TryOutcome
from xpressbot.foundation.mail.outbox_overview import Outbox
from xpressbot.foundation.metrics import Metrics


class MailMetrics:
    """Tries are counted where they are made; the outbox is every process's, and each tells the same of it."""

    def __init__(self, metrics: Metrics) -> None:
        tries = metrics.counter("xpressbot_mail_tries_total", "Tries to hand a mail over, by what became of them", "outcome")
        self._tries = {outcome: tries.labels(outcome.value) for outcome in TryOutcome}
        mails = metrics.common_gauge("xpressbot_outbox_mails", "Mails in the outbox, looked at once a minute", "state")
        self._waiting, self._dead = mails.labels("waiting"), mails.labels("dead")

    def count(self, outcome: TryOutcome) -> None:
        """Count a try."""
        self._tries[outcome].inc()

    def note(self, found: Outbox) -> None:
        """Note what is in the outbox."""
        self._waiting.set(found.waiting)
        self._dead.set(found.dead)
