"""The clock and the random generator of a process, handed in so that a test decides both, and what is made of them."""

from dataclasses import dataclass

from xpressbot.foundation.clock import Clock
from xpressbot.foundation.entropy import Entropy
from xpressbot.foundation.identifiers import ENTROPY_BYTES, identifier
from xpressbot.foundation.tokens import TOKEN_BYTES, Token


@dataclass(frozen=True, slots=True)
class System:
    """Tells the time, and draws new identifiers and tokens."""

    clock: Clock
    entropy: Entropy

    def now(self) -> int:
        """Microseconds since 1970-01-01 UTC."""
        return self.clock.now()

    def new_id(self) -> str:
        """A new row's identifier."""
        return identifier(self.clock.now(), self.entropy.token_bytes(ENTROPY_BYTES))

    def new_token(self) -> Token:
        """A new bearer token."""
        return Token(self.entropy.token_bytes(TOKEN_BYTES))
