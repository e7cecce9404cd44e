"""What bootstrap hands to the entrypoints."""

from dataclasses import dataclass

from xpressbot.chat.use_cases import Chat
from xpressbot.diagnostics.background_check import BackgroundCheck
from xpressbot.diagnostics.readiness import ReadinessCheck
from xpressbot.entrypoints.telemetry.definitions import Occupancy, Telemetry
from xpressbot.foundation.clock import Clock
from xpressbot.foundation.crypto.encryption import KeyedDigests
from xpressbot.foundation.database.engine import Database
from xpressbot.foundation.database.expiry import RowExpiry
from xpressbot.foundation.database.session_reader import SessionReader
from xpressbot.foundation.entropy import Entropy
from xpressbot.foundation.mail.delivery import Delivery
from xpressbot.foundation.mail.files import MailFiles
from xpressbot.foundation.settings import Settings
from xpressbot.foundation.threads.worker_pools import Pools
from xpressbot.identity.sessions.lookup import SessionLookup
from xpressbot.identity.use_cases import Identity


@dataclass(frozen=True, slots=True)
class Services:
    """A built installation."""

    settings: Settings
    identity: Identity
    chat: Chat
    pools: Pools
    clock: Clock
    entropy: Entropy
    digest: KeyedDigests
    database: Database
    session_reader: SessionReader | None
    session_lookup: SessionLookup | None
    """Looks on the event loop, through the session reader; None where each question goes over a network."""
    expiry: RowExpiry
    mail: Delivery
    mail_files: MailFiles
    """Where mails are put without an SMTP server; with one, there may still be some from before."""
    background_check: BackgroundCheck
    telemetry: Telemetry
    occupancy: Occupancy
    readiness: ReadinessCheck

    def close(self) -> None:
        """Let go of the database."""
        if self.session_reader is not None:
            self.session_reader.close()
        self.database.dispose()
