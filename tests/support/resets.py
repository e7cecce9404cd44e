"""A team in which somebody has lost phone and codes, and what is said and done about it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import update

from tests.support.installation import Installation
from tests.support.people import Person, caller_with, completed, pending, protected
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.times import DAY
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Done
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team.reset_decisions import ReEnrolmentLink
from xpressbot.identity.team.resets import WaitingReset
from xpressbot.identity.team.rules.reset import COUNTED_EVERY
from xpressbot.identity.team.tables import RESET_REQUEST

OWNER, BO, CAI, DAGNY = "owner@example.com", "bo@example.com", "cai@example.com", "dagny@example.com"
REASON = "Phone and codes lost, called her"


@dataclass(frozen=True)
class Team:
    """An owner, two admins and an agent, all with 2FA on, who have their roles for long."""

    owner: Person
    bo: Person
    cai: Person
    dagny: Person


def make_team(services: Services) -> Team:
    """The members; bo and cai are the admins, and dagny has lost everything."""
    owner = protected(services, OWNER, role=Role.OWNER)
    bo, cai = (protected(services, email, role=Role.ADMIN) for email in (BO, CAI))
    dagny = protected(services, DAGNY)
    write(services, None, role_since=services.clock.now() - 40 * DAY, created_at=services.clock.now() - 40 * DAY)
    return Team(owner, bo, cai, dagny)


def write(services: Services, account_id: str | None, **values: object) -> None:
    """Set columns of one account, or of all."""
    with services.database.write() as connection:
        of_whom = update(ACCOUNT) if account_id is None else update(ACCOUNT).where(ACCOUNT.c.id == account_id)
        connection.execute(of_whom.values(values))
        connection.commit()


def again(services: Services, person: Person) -> Caller:
    """The same person, signed in anew with a fresh code."""
    signed = completed(services, pending(services, person.account.email), TotpCode(person.phone.code()))
    return caller_with(services, signed.session)


def ask(services: Services, asker: Caller, member: Person, reason: str = REASON) -> WaitingReset:
    """Ask for a reset, and give what waits."""
    assert services.identity.reset_requests.ask(asker, member.account.id, reason) == Done()
    return waiting(services, asker)[member.account.id]


def waiting(services: Services, caller: Caller) -> Mapping[str, WaitingReset]:
    """What waits, by the member's id, as an owner or admin sees it."""
    found = services.identity.resets.waiting(caller)
    return {one.member.id: one for one in found.waiting}  # type: ignore[union-attr]


def approve(services: Services, approver: Caller, asked: WaitingReset) -> Token:
    """Approve a reset; the token of the link."""
    outcome = services.identity.reset_decisions.approve(approver, asked.member.id, asked.request.id)
    assert isinstance(outcome, ReEnrolmentLink), outcome
    return outcome.token


def run_job(installation: Installation) -> None:
    """One round of the periodic job."""
    installation.services.identity.reset_decisions.carry_out_due()


def make_due(installation: Installation) -> None:
    """As if the member had had their day to stop it."""
    with installation.services.database.write() as connection:
        connection.execute(update(RESET_REQUEST).values(counted_at=installation.clock.now(), time_left=0))
        connection.commit()


def let_pass(installation: Installation, duration: int) -> None:
    """Let time pass in which the periodic job runs."""
    while duration > 0:
        installation.clock.set(installation.clock.now() + min(duration, COUNTED_EVERY))
        run_job(installation)
        duration -= COUNTED_EVERY
