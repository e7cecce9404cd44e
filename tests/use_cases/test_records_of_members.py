"""What a member's own record says of what the team did: who did it, and not from which network and browser."""

from tests.support.installation import Installation
from tests.support.people import session_by_password, signed_in
from tests.support.resets import approve, ask, make_team
from tests.use_cases.instrumentation import events
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import CIRCUMSTANCES, OPERATOR, EventKind
from xpressbot.identity.outcomes import Done
from xpressbot.identity.sessions.listing import SessionsEnded
from xpressbot.identity.team.reset_decisions import ReEnrolmentLink

TOLD = [
    EventKind.TWO_FACTOR_RESET_REQUESTED,
    EventKind.TWO_FACTOR_RESET_STOPPED,
    EventKind.TWO_FACTOR_RESET_REQUESTED,
    EventKind.TWO_FACTOR_RESET,
    EventKind.TWO_FACTOR_RESET_LINK_SHOWN,
    EventKind.ACCOUNT_REMOVED,
    EventKind.EXEMPTED,
    EventKind.EXEMPTION_ENDED,
    EventKind.SESSIONS_ENDED_BY_TEAM,
    EventKind.SESSIONS_ENDED_BY_TEAM,
    EventKind.ACCOUNT_DISABLED,
    EventKind.ACCOUNT_ENABLED,
    EventKind.ROLE_CHANGED,
    EventKind.ROLE_CHANGED,
]
"""What the two members below are told of; the first of them until the removal."""


def test_no_record_of_a_member_has_the_network_or_the_browser_of_another(installation: Installation) -> None:
    """They are personal data of who did it; the member's history, export and mails would give them away. The team's record has them."""
    services, identity = installation.services, installation.services.identity
    team = make_team(services)
    owner, dagny = team.owner.caller, team.dagny.account.id
    asked = ask(services, team.bo.caller, team.dagny)
    assert identity.reset_requests.withdraw(team.cai.caller, dagny, asked.request.id) == Done()
    approve(services, team.cai.caller, ask(services, team.bo.caller, team.dagny))
    assert isinstance(identity.reset_decisions.show_link(team.cai.caller, dagny), ReEnrolmentLink)
    assert identity.members.remove(owner, dagny) == Done()
    first_session = signed_in(services, "emil@example.com")
    session_by_password(services, "emil@example.com")
    emil = first_session.account
    assert identity.exemptions.exempt(owner, emil.id, None, 3, "New phone") == Done()
    assert identity.exemptions.end(owner, emil.id, installation.clock.now() + 3 * DAY) == Done()
    assert identity.members.end_session(owner, emil.id, first_session.session.id) == SessionsEnded(1)
    assert identity.members.end_sessions(owner, emil.id) == SessionsEnded(1)
    assert identity.members.suspend(owner, emil.id) == Done()
    assert identity.members.reinstate(owner, emil.id) == Done()
    assert identity.members.change_role(owner, emil.id, Role.ADMIN) == Done()
    assert identity.members.hand_over_ownership(owner, emil.id) == Done()
    by_others = [event for one in (dagny, emil.id) for event in events(installation, one) if event.actor not in {one, OPERATOR, None}]
    assert [event.kind for event in by_others] == TOLD
    assert [event.kind for event in by_others if event.details.keys() & CIRCUMSTANCES] == []
