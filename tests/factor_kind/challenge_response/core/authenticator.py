"""The other side: what a person holds in their hand."""

from dataclasses import dataclass

from tests.factor_kind.challenge_response.core.kind import Response, mac_of


@dataclass
class Device:
    """Has a key, and counts its answers."""

    key: bytes
    counter: int = 0

    def answer(self, challenge: str) -> Response:
        """The right answer to a challenge."""
        self.counter += 1
        return Response(challenge, self.counter, mac_of(self.key, challenge, self.counter))
