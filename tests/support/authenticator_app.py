"""An authenticator app that is not ours: it learns its secret from the otpauth URI, and computes codes with pyotp."""

from dataclasses import dataclass

import pyotp

from tests.support.settable_system import SettableClock
from xpressbot.foundation.clock import Clock
from xpressbot.foundation.times import SECOND


@dataclass
class AuthenticatorApp:
    """A phone. fast_by is how many seconds its clock is ahead."""

    uri: str
    clock: Clock
    fast_by: int = 0

    def code(self, *, steps: int = 0) -> str:
        """The code it shows now, or some steps from now."""
        totp = pyotp.parse_uri(self.uri)
        assert isinstance(totp, pyotp.TOTP)
        return totp.at(self.clock.now() // SECOND + self.fast_by, counter_offset=steps)

    def next_code(self) -> str:
        """Wait until it shows another code."""
        assert isinstance(self.clock, SettableClock)
        self.clock.advance(seconds=30)
        return self.code()
