"""What bootstrap hands to the entrypoints."""

from dataclasses import dataclass

from xpressbot.entrypoints.check_up import CheckUp
from xpressbot.entrypoints.http.pools import Pools
from xpressbot.entrypoints.measures import Measures, Occupancy
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.readiness import ReadinessCheck
from xpressbot.foundation.settings import Settings
from xpressbot.identity.application.ports import Clock, Entropy, KeyedDigest
from xpressbot.identity.application.sessions import SessionLookup
from xpressbot.identity.application.use_cases import Identity


@dataclass(frozen=True, slots=True)
class House:
    """A built installation."""

    settings: Settings
    identity: Identity
    pools: Pools
    clock: Clock
    entropy: Entropy
    digest: KeyedDigest
    database: Database
    lookup_at_once: SessionLookup | None
    """Looks without waiting for anything, on the event loop; None where each question goes over a network."""
    check_up: CheckUp
    measures: Measures
    occupancy: Occupancy
    readiness: ReadinessCheck

    def close(self) -> None:
        """Let threads finish, and let go of the database."""
        self.pools.close()
        self.database.dispose()
