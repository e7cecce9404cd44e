"""All reasons of all refusals."""

from itertools import chain
from typing import Final

import xpressbot.bootstrap  # noqa: F401  # which imports every use case
from xpressbot.identity.outcomes import Reason

REFUSALS: Final = tuple(Reason.__subclasses__())
REASONS: Final[tuple[Reason, ...]] = tuple(chain.from_iterable(REFUSALS))
