"""The two lines with which the kind is registered: one for its core, one for its pages."""

from typing import Final

from tests.factor_kind.challenge_response.core.kind import ChallengeResponse
from tests.factor_kind.challenge_response.web.presentation import ChallengeResponsePresentation
from xpressbot.entrypoints.http.factor_presentation import Factors
from xpressbot.entrypoints.http.factors.registry import FACTORS
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.crypto.encryption import Encryption, KeyedDigests
from xpressbot.identity.factors.kind import Kinds
from xpressbot.identity.factors.registry import all_kinds


def kinds_and_one_more(encryption: Encryption, digests: KeyedDigests, system: System) -> Kinds:
    """The program's kinds, and challenge and response."""
    kinds = all_kinds(encryption, digests, system)
    return Kinds((*kinds.primary, ChallengeResponse(encryption, system)), kinds.backup)


FACTORS_AND_ONE_MORE: Final = Factors((*FACTORS.primary, ChallengeResponsePresentation()), FACTORS.backup)
