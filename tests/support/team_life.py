"""All that owners and admins do to a team, and what its policy does: each kind of event of it is recorded."""

from collections.abc import Sequence

from tests.support.installation import Installation
from tests.support.people import Person, enrolling_again, must_enrol, session_by_password, signed_in
from tests.support.policies import REQUIRED, change_policy
from tests.support.resets import Team, again, approve, ask, make_due, make_team
from tests.support.teams import invited, mailing, reminding
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Done, SignedIn
from xpressbot.identity.sessions.listing import SessionsEnded
from xpressbot.identity.team.record import RecordExport
from xpressbot.identity.team.reminders import Reminded
from xpressbot.identity.team.reset_decisions import ReEnrolmentLink


def lead_a_team(installation: Installation) -> Sequence[str]:
    """Make a team and do everything with it. The ids of the accounts whose records tell of it."""
    team = make_team(installation.services)
    _decide_resets(installation, team)
    emil = _look_after_members(installation, team.owner)
    gerd = _require_two_factor(installation, team.owner)
    assert installation.services.identity.members.hand_over_ownership(team.owner.caller, team.bo.account.id) == Done()
    return team.owner.account.id, team.bo.account.id, team.dagny.account.id, emil, gerd


def _decide_resets(installation: Installation, team: Team) -> None:
    """Resets that are stopped, void, done after their time, and approved, with the link."""
    identity = installation.services.identity
    ask(installation.services, team.bo.caller, team.dagny)
    assert identity.reset_requests.stop(team.dagny.caller) == Done()
    ask(installation.services, team.bo.caller, team.dagny)
    again(installation.services, team.dagny)
    identity.reset_decisions.carry_out_due()
    approve(installation.services, team.cai.caller, ask(installation.services, team.bo.caller, team.dagny))
    assert isinstance(identity.reset_decisions.show_link(team.bo.caller, team.dagny.account.id), ReEnrolmentLink)
    ask(installation.services, team.bo.caller, team.cai)
    make_due(installation)
    identity.reset_decisions.carry_out_due()


def _look_after_members(installation: Installation, owner: Person) -> str:
    """Invite, remind, exempt, sign out, suspend, promote and remove, and download the record; whose account is removed."""
    services, identity = installation.services, installation.services.identity
    invitations = mailing(installation)
    assert invitations.revoke(owner.caller, invited(invitations, owner.caller, "finn@example.com").invitation.id) == Done()
    member = signed_in(services, "emil@example.com").account.id
    session_by_password(services, "emil@example.com")
    assert isinstance(reminding(installation).remind(owner.caller), Reminded)
    assert identity.exemptions.exempt(owner.caller, member, None, 3, "New phone") == Done()
    assert identity.exemptions.end(owner.caller, member, installation.clock.now() + 3 * DAY) == Done()
    assert identity.members.end_sessions(owner.caller, member) == SessionsEnded(2)
    assert identity.members.suspend(owner.caller, member) == Done()
    assert identity.members.reinstate(owner.caller, member) == Done()
    assert identity.members.change_role(owner.caller, member, Role.ADMIN) == Done()
    assert identity.members.remove(owner.caller, member) == Done()
    assert isinstance(identity.team_record.export(owner.caller), RecordExport)
    return member


def _require_two_factor(installation: Installation, owner: Person) -> str:
    """A member signs in and sets it up by the password alone, of which the owners are told; whose account it is."""
    services = installation.services
    member = installation.add_account("gerd@example.com", "Gerd Holm")
    change_policy(installation, owner, REQUIRED)
    enrollee, phone = enrolling_again(services, must_enrol(services, "gerd@example.com"), None)
    assert isinstance(services.identity.re_enrolment.confirm(enrollee, TotpCode(phone.code())), SignedIn)
    return member.id
