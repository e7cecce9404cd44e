"""New identifiers and tokens from the injected clock and entropy."""

from dataclasses import dataclass

from xpressbot.identity.application.ports import Clock, Entropy
from xpressbot.identity.domain.identifier import ENTROPY_BYTES, identifier
from xpressbot.identity.domain.token import TOKEN_BYTES, Token


@dataclass(frozen=True, slots=True)
class Mint:
    """Time and chance, and what is made of them."""

    clock: Clock
    entropy: Entropy

    def now(self) -> int:
        """Microseconds since 1970 UTC."""
        return self.clock.now()

    def id(self) -> str:
        """A new row's identifier."""
        return identifier(self.clock.now(), self.entropy.token_bytes(ENTROPY_BYTES))

    def token(self) -> Token:
        """A new bearer token."""
        return Token(self.entropy.token_bytes(TOKEN_BYTES))
