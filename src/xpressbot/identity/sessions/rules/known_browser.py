"""Known browsers. A device cookie is never a factor: it only chooses which throttle bucket a password try is charged to."""

from typing import Final

from xpressbot.foundation.times import DAY

LIFETIME: Final = 90 * DAY
"""Since the last completed sign-in."""
MOST_PER_ACCOUNT: Final = 20
