"""How long the team's requirement of 2FA leaves a person, in words."""

from dataclasses import dataclass

from xpressbot.entrypoints.messages.formatting import Text, day_date, number
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import DAY


@dataclass(frozen=True, slots=True)
class Countdown:
    """From when on 2FA is required of the reader, and how many days are left."""

    day: Text
    left: str


def countdown(texts: Texts, due_at: int | None, now: int) -> Countdown | None:
    """What every page tells a person who needs 2FA from a date on; None for all others."""
    if due_at is None:
        return None
    days = max(1, -((now - due_at) // DAY))
    left = texts.ngettext("%(days)s day left.", "%(days)s days left.", days) % {"days": number(texts, days)}
    return Countdown(day_date(texts, due_at), left)
