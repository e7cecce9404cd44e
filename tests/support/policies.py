"""The team's policy in an installation, set by its owner or as a row."""

from sqlalchemy import update

from tests.support.installation import Installation
from tests.support.people import Person
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts import installation as installation_store
from xpressbot.identity.accounts.rules.two_factor_policy import TeamPolicy, TwoFactorPolicy
from xpressbot.identity.outcomes import Done
from xpressbot.identity.tables import ACCOUNT, INSTALLATION

ASKED, REQUIRED = TwoFactorPolicy.ASKED, TwoFactorPolicy.REQUIRED


def policy_of(installation: Installation) -> TeamPolicy:
    """The policy as it is stored."""
    with installation.services.database.read() as connection:
        return installation_store.policy_from(connection.execute(INSTALLATION.select()).one())


def change_policy(installation: Installation, owner: Person, kind: TwoFactorPolicy, *, days: int | None = None) -> TeamPolicy:
    """Change the policy as an owner whose proof is fresh does. days: from when it is required; None for at once."""
    required_from = None if days is None else installation.clock.now() + days * DAY
    outcome = installation.services.identity.policy_change.change(owner.caller, policy_of(installation), kind, required_from)
    assert outcome == Done(), outcome
    return policy_of(installation)


def require_two_factor(installation: Installation, required_from: int | None = None) -> int:
    """As if 2FA were required from a moment on, by default from now; that moment."""
    at = installation.clock.now() if required_from is None else required_from
    with installation.services.database.write() as connection:
        connection.execute(update(INSTALLATION).values(two_factor_policy=REQUIRED.value, two_factor_required_from=at))
        connection.commit()
    return at


def exempt_until(installation: Installation, email: str, until: int) -> None:
    """As if an owner had exempted a member."""
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == email).values(exempt_until=until, exempt_reason="New phone"))
        connection.commit()
