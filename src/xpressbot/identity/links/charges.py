"""Charging the forms of a link, and why a link is refused."""

from collections.abc import Callable

from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.tokens import Token
from xpressbot.identity.outcomes import Denied, Reason
from xpressbot.identity.throttling import rules as throttle
from xpressbot.identity.throttling.charges import charge_try


class LinkRefusal(Reason):
    """Why a link opens nothing."""

    LINK_GONE = "link_gone"


class LinkThrottleRefusal(Reason):
    """Why a form of an open link was not looked at."""

    LINK_THROTTLED = "link_throttled"


def charge_link(transactions: Transactions, now: Callable[[], int], token: Token) -> Denied[LinkThrottleRefusal] | None:
    """Charge a form of a link, before anything is worked out for it; None when it was allowed.

    Only for a link that was found open: one that was made up must cost nothing, and leave no count behind.
    """
    charged = charge_try(transactions, now, lambda _tx: (None, [throttle.link_forms(token.digest.hex())]), durable=True)
    return charged.narrowed(LinkThrottleRefusal.LINK_THROTTLED) if isinstance(charged, Denied) else None
