"""The one question what protects an account. It is asked under the account's lock wherever something is decided by the answer."""

from collections.abc import Sequence
from dataclasses import dataclass

from xpressbot.foundation.database.transaction import Reading
from xpressbot.identity.factors import store
from xpressbot.identity.factors.rules import Authenticator
from xpressbot.identity.outcomes import Reason


class ProtectionRefusal(Reason):
    """Why there is nothing to do with what protects an account."""

    NOT_PROTECTED = "not_protected"


class DisableRefusal(Reason):
    """Why 2FA stays on."""

    REQUIRED_BY_TEAM = "required_by_team"


class AuthenticatorRefusal(Reason):
    """Why there is nothing to do with an authenticator."""

    NO_SUCH_AUTHENTICATOR = "no_such_authenticator"


@dataclass(frozen=True, slots=True)
class Protection:
    """The authenticators in force, the oldest first.

    One of a kind or in a state that only a newer version of this program knows protects its account, too, and proves nothing.
    """

    authenticators: Sequence[Authenticator]

    @property
    def is_on(self) -> bool:
        """Whether signing in needs a second factor."""
        return bool(self.authenticators)

    @property
    def since(self) -> int | None:
        """Since when it has been on; None while it is off."""
        return min((one.confirmed_at or one.created_at for one in self.authenticators), default=None)

    @property
    def newest_since(self) -> int | None:
        """Since when the newest authenticator is in force; None while there is none."""
        return max((one.confirmed_at or one.created_at for one in self.authenticators), default=None)

    @property
    def kinds(self) -> tuple[str, ...]:
        """The kinds of which a proof counts, that of the oldest authenticator first."""
        return tuple(dict.fromkeys(one.kind for one in self.authenticators if one.is_active))

    def find(self, authenticator_id: str) -> Authenticator | None:
        """The authenticator with this id."""
        return next((one for one in self.authenticators if one.id == authenticator_id), None)


def protection_of(tx: Reading, account_id: str) -> Protection:
    """What protects an account."""
    return Protection(store.in_force(tx, account_id))
