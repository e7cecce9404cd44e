"""All kinds of factors. One more is a package of its own, its pages, and a line here and in the registry of the pages."""

from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeKind
from xpressbot.identity.factors.totp.kind import Totp


def all_kinds(encryption: Encryption, digests: KeyedDigests, system: System) -> Kinds:
    """The kinds of this program, primary ones in the order in which a sign-in offers them."""
    return Kinds(
        primary=(Totp(encryption, system.entropy),),
        backup=(RecoveryCodeKind(encryption, digests, system),),
    )
