"""What has become of a link, for its holder."""

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links import store
from xpressbot.identity.links.rules import LinkKind, LinkState


class LinkStates:
    """Tells what has become of links of every kind. Looking uses nothing up."""

    def __init__(self, transactions: Transactions, system: System) -> None:
        self._transactions = transactions
        self._system = system

    def of(self, kind: LinkKind, token: Token | None) -> LinkState:
        """What has become of the link of this kind that has this token; without a token there is none."""
        if token is None:
            return LinkState.UNKNOWN
        with self._transactions.reading() as tx:
            return store.state(tx, kind, token.digest, self._system.now())
