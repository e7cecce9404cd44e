"""A reset of a member's 2FA that another asks for: two admins, or 24 hours in which the member can stop it (ASVS 6.4.4)."""

import sqlite3
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from tests.support.databases import SqliteTemplate
from tests.support.engine_events import listening
from tests.support.installation import CLIENT, PASSWORD, Installation, install
from tests.support.mail_server import Received, free_port, mail_server
from tests.support.mails import links, send
from tests.support.people import (
    adding,
    caller_with,
    completed,
    enrolling_again,
    must_enrol,
    pending,
    protected,
    prove,
    recovery_code,
    refused,
    reset,
    signed_in,
)
from tests.support.resets import (
    BO,
    CAI,
    DAGNY,
    OWNER,
    REASON,
    Team,
    again,
    approve,
    ask,
    let_pass,
    make_due,
    make_team,
    run_job,
    waiting,
    write,
)
from tests.use_cases.instrumentation import after_transaction, events, tries
from xpressbot.bootstrap import end_what_is_open
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock_and_entropy import System
from xpressbot.foundation.database.leases import take_lease
from xpressbot.foundation.database.transaction import Transactions
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.times import DAY, HOUR, MINUTE
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import TEAM, EventKind
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.links.charges import LinkRefusal
from xpressbot.identity.links.rules import LinkKind, LinkState
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, SignedIn, StepUpRequired
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import ACCOUNT, CHAIN_HEAD, LINK, RESERVED_ADDRESS
from xpressbot.identity.team import reset_decisions, reset_store
from xpressbot.identity.team.reset_decisions import LEASE_TERM, ReEnrolmentLink
from xpressbot.identity.team.reset_refusals import ResetRefusal
from xpressbot.identity.team.reset_requests import StoppableReset
from xpressbot.identity.team.rules.reset import COUNTED_AT_MOST, INDEPENDENT_AFTER, REQUEST_LIFETIME, ROLE_HELD_FOR, STOPPABLE_FOR
from xpressbot.identity.team.tables import RESET_REQUEST
from xpressbot.identity.throttling.charges import ThrottleRefusal
from xpressbot.identity.throttling.rules import RESET_REQUEST as RESET_REQUEST_POLICY


@pytest.fixture
def services(installation: Installation) -> Services:
    return installation.services


@pytest.fixture
def team(services: Services) -> Team:
    return make_team(services)


@dataclass(frozen=True)
class Mailing:
    """A team whose mails a real server takes, or not."""

    installation: Installation
    port: int
    team: Team

    @property
    def services(self) -> Services:
        return self.installation.services

    def deliver(self, **replies: str) -> Received:
        """Send what is due to a server that answers so."""
        with mail_server(self.port, received=Received(replies={key.replace("_at_", "@"): said for key, said in replies.items()})) as got:
            while self.services.mail.next_round():
                pass
        return got


@pytest.fixture
def mailing(tmp_path: Path, sqlite_template: SqliteTemplate) -> Iterator[Mailing]:
    port = free_port()
    url = f"smtp://localhost:{port}?starttls=no"
    installation = install(tmp_path, sqlite_template.fresh(tmp_path), smtp_url=url, mail_from="bot@example.com")
    made = Mailing(installation, port, make_team(installation.services))
    made.deliver()
    yield made
    installation.close()


def kinds_of(installation: Installation, subject: str) -> list[EventKind | None]:
    return [event.kind for event in events(installation, subject)]


def requests(services: Services) -> int:
    with services.database.read() as connection:
        return len(connection.execute(select(RESET_REQUEST)).all())


def waiting_mails(services: Services) -> int:
    with services.database.read() as connection:
        return len(connection.execute(select(OUTBOX)).all())


def is_reset(services: Services, team: Team) -> bool:
    with services.database.read() as connection:
        row = connection.execute(select(ACCOUNT).where(ACCOUNT.c.id == team.dagny.account.id)).one()
    return bool(row.must_enrol) and row.protected_since is None


def test_a_second_admin_approves_and_the_member_enrols_with_password_and_link(
    installation: Installation, services: Services, team: Team
) -> None:
    """Nothing happens before. Then it is the operator's reset: no factor, no session, no sign-in without the link (ASVS 6.4.4)."""
    asked = ask(services, team.bo.caller, team.dagny)
    assert services.identity.sessions.find(team.dagny.caller.token) is not None
    assert not is_reset(services, team)
    link = approve(services, team.cai.caller, asked)
    assert is_reset(services, team)
    assert services.identity.sessions.find(team.dagny.caller.token) is None
    token = must_enrol(services, DAGNY)
    enrollee, phone = enrolling_again(services, token, link)
    assert isinstance(services.identity.re_enrolment.confirm(enrollee, TotpCode(phone.code())), SignedIn)
    assert requests(services) == 0


def test_a_reset_is_in_the_record_of_the_team_and_in_the_members_own_with_who_did_it(
    installation: Installation, services: Services, team: Team
) -> None:
    """Both get notices (ASVS 6.4.4); the reason and who asked stand in it, and no address or browser of an admin in the member's."""
    approve(services, team.cai.caller, ask(services, team.bo.caller, team.dagny))
    asked, approved = events(installation, TEAM)[-2:]
    assert (asked.kind, asked.actor, asked.target) == (EventKind.RESET_REQUESTED, team.bo.account.id, team.dagny.account.id)
    assert (approved.kind, approved.actor, approved.target) == (EventKind.RESET_APPROVED, team.cai.account.id, team.dagny.account.id)
    assert (approved.details["reason"], approved.details["asked_by"]) == (REASON, BO)
    told, done = events(installation, team.dagny.account.id)[-2:]
    assert (told.kind, told.actor) == (EventKind.TWO_FACTOR_RESET_REQUESTED, team.bo.account.id)
    assert (done.kind, done.actor) == (EventKind.TWO_FACTOR_RESET, team.cai.account.id)
    assert told.details == done.details == {"reason": REASON, "asked_by": BO}


def test_the_one_who_asked_the_member_and_an_agent_do_not_approve(services: Services, team: Team) -> None:
    """ASVS 6.4.4: nobody approves their own request, or their own reset."""
    decisions = services.identity.reset_decisions
    asked = ask(services, team.bo.caller, team.dagny)
    who = [(team.bo, ResetRefusal.OWN_REQUEST), (team.dagny, SessionRefusal.NOT_PERMITTED)]
    for person, reason in who:
        assert decisions.approve(person.caller, team.dagny.account.id, asked.request.id) == Denied(reason)
    of_admin = ask(services, team.bo.caller, team.cai)
    assert decisions.approve(team.cai.caller, team.cai.account.id, of_admin.request.id) == Denied(ResetRefusal.OWN_RESET)
    assert not is_reset(services, team)


def test_nobody_asks_for_their_own_reset_and_an_owner_is_reset_by_owners_only(services: Services, team: Team) -> None:
    """PEOPLE 19. The only owner is reset by nobody in the team: the command line is left."""
    requests_ = services.identity.reset_requests
    for person in (team.owner, team.bo):
        assert requests_.ask(person.caller, person.account.id, REASON) == Denied(ResetRefusal.OWN_RESET)
    assert requests_.ask(team.bo.caller, team.owner.account.id, REASON) == Denied(SessionRefusal.NOT_PERMITTED)
    for person in (team.cai, team.dagny):
        write(services, person.account.id, role=Role.OWNER.value)
    asked = ask(services, caller_with(services, team.cai.caller.token), team.owner)
    assert services.identity.reset_decisions.approve(team.bo.caller, team.owner.account.id, asked.request.id) == Denied(
        SessionRefusal.NOT_PERMITTED
    )


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"role_since": -ROLE_HELD_FOR + MINUTE}, ResetRefusal.ROLE_TOO_NEW),
        ({"role_since": HOUR}, ResetRefusal.ROLE_TOO_NEW),
        ({"role_since": -ROLE_HELD_FOR}, None),
        ({"created_at": -INDEPENDENT_AFTER + MINUTE, "invited_by": BO}, ResetRefusal.DEPENDS_ON_ASKER),
        ({"created_at": -INDEPENDENT_AFTER, "invited_by": BO}, None),
        ({"created_at": -INDEPENDENT_AFTER + MINUTE, "invited_by": OWNER}, None),
        ({"role_since": -INDEPENDENT_AFTER + MINUTE, "role_given_by": BO}, ResetRefusal.DEPENDS_ON_ASKER),
        ({"role_since": -INDEPENDENT_AFTER, "role_given_by": BO}, None),
        ({"role_since": -ROLE_HELD_FOR, "role_given_by": OWNER}, None),
    ],
)
def test_who_approves_has_held_the_role_and_has_it_not_from_the_one_who_asks(
    services: Services, team: Team, values: dict[str, object], reason: ResetRefusal | None
) -> None:
    """7 days; nor invited or promoted by that one within 30 (ASVS 6.4.4, PEOPLE 20)."""
    ids = {BO: team.bo.account.id, OWNER: team.owner.account.id}
    now = services.clock.now()
    stored = {name: ids[value] if isinstance(value, str) else now + int(str(value)) for name, value in values.items()}
    write(services, team.cai.account.id, **stored)
    asked = ask(services, team.bo.caller, team.dagny)
    outcome = services.identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id)
    assert isinstance(outcome, ReEnrolmentLink) if reason is None else outcome == Denied(reason)
    assert waiting(services, team.owner.caller) == {} if reason is None else True
    assert is_reset(services, team) is (reason is None)


@pytest.mark.parametrize("giver", ["invited_by", "role_given_by"])
def test_nobody_approves_what_somebody_asks_for_whom_they_have_lately_invited_or_promoted(
    services: Services, team: Team, giver: str
) -> None:
    """An owner could make a second pair of eyes for themselves, and reset anybody alone."""
    lately = services.clock.now() - DAY
    write(services, team.bo.account.id, **{giver: team.cai.account.id}, created_at=lately, role_since=lately)
    asked = ask(services, team.bo.caller, team.dagny)
    assert waiting(services, team.cai.caller)[team.dagny.account.id].approval is ResetRefusal.DEPENDS_ON_ASKER
    outcome = services.identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id)
    assert outcome == Denied(ResetRefusal.DEPENDS_ON_ASKER)
    shown = services.identity.resets.of_member(team.bo.caller, team.dagny.account.id)
    assert not isinstance(shown, Denied)
    assert team.cai.account not in shown.approvers
    assert isinstance(approve(services, team.owner.caller, asked), Token)


def test_asking_approving_and_showing_the_link_take_a_fresh_proof_and_stopping_none(
    installation: Installation, services: Services, team: Team
) -> None:
    """A reason and step-up (ASVS 6.4.4)."""
    asked = ask(services, team.bo.caller, team.dagny)
    installation.clock.advance(minutes=6)
    member = team.dagny.account.id
    assert services.identity.reset_requests.ask(team.bo.caller, member, REASON) == StepUpRequired()
    assert services.identity.reset_decisions.approve(team.cai.caller, member, asked.request.id) == StepUpRequired()
    assert services.identity.reset_decisions.show_link(team.cai.caller, member) == StepUpRequired()
    assert services.identity.reset_requests.stop(team.dagny.caller) == Done()


def test_there_is_nothing_to_reset_without_2fa_or_after_a_reset_or_while_one_waits(services: Services, team: Team) -> None:
    """Of two requests for one member the second is told, also by another admin."""
    ask_ = services.identity.reset_requests.ask
    emil = signed_in(services, "emil@example.com")
    assert ask_(team.bo.caller, emil.account.id, REASON) == Denied(ResetRefusal.RESET_NOT_NEEDED)
    assert ask_(team.bo.caller, "0" * 32, REASON) == Denied(SessionRefusal.NO_SUCH_MEMBER)
    ask(services, team.bo.caller, team.dagny)
    assert ask_(team.cai.caller, team.dagny.account.id, REASON) == Denied(ResetRefusal.RESET_ASKED_FOR)
    reset(services, DAGNY)
    assert ask_(team.cai.caller, team.dagny.account.id, REASON) == Denied(ResetRefusal.RESET_NOT_NEEDED)
    services.identity.administration.set_status(CAI, AccountStatus.DISABLED)
    assert ask_(team.bo.caller, team.cai.account.id, REASON) == Denied(ResetRefusal.RESET_NOT_NEEDED)


def test_a_team_with_one_admin_has_the_command_line(installation: Installation, services: Services, team: Team) -> None:
    """Where no mail reaches the member either, a request would wait for nothing."""
    for person in (team.bo, team.cai):
        write(services, person.account.id, role=Role.AGENT.value)
    shown = services.identity.resets.of_member(team.owner.caller, team.dagny.account.id)
    assert not isinstance(shown, Denied)
    assert (shown.may_ask, shown.others, shown.approvers, shown.is_told_by_mail) == (True, 0, [], False)
    outcome = services.identity.reset_requests.ask(team.owner.caller, team.dagny.account.id, REASON)
    assert outcome == Denied(ResetRefusal.NOBODY_TO_APPROVE)


def _stepped_up(services: Services, team: Team) -> None:
    assert isinstance(services.identity.step_up.confirm(team.dagny.caller, PASSWORD, TotpCode(team.dagny.phone.code())), SessionRenewed)


def _new_password(services: Services) -> None:
    link = services.identity.password_reset.issue(DAGNY)
    assert isinstance(link, Token)
    assert services.identity.password_reset.set(link, "copper-lantern-willow-harbour", CLIENT) == Done()


def _raised(services: Services, team: Team) -> None:
    write(services, team.bo.account.id, security_version=ACCOUNT.c.security_version + 1)


STOPS: dict[str, Callable[[Services, Team], object]] = {
    "a sign-in with a code": lambda services, team: again(services, team.dagny),
    "a sign-in with a recovery code": lambda services, team: completed(
        services, pending(services, DAGNY), recovery_code(team.dagny.codes[0])
    ),
    "a step-up with a code": _stepped_up,
    "one app more": lambda services, team: services.identity.two_factor.confirm(
        team.dagny.caller, TotpCode(adding(services, team.dagny.caller, "Tablet").code())
    ),
    "a password set by a link": lambda services, team: _new_password(services),
    "suspended": lambda services, team: services.identity.administration.set_status(DAGNY, AccountStatus.DISABLED),
    "the operator's reset": lambda services, team: reset(services, DAGNY),
    "the asker is no admin any more": lambda services, team: write(services, team.bo.account.id, role=Role.AGENT.value),
    "the asker is suspended": lambda services, team: services.identity.administration.set_status(BO, AccountStatus.DISABLED),
    "the asker is removed": lambda services, team: services.identity.members.remove(team.owner.caller, team.bo.account.id),
    "the asker's account has changed": _raised,
    "the member is an owner now": lambda services, team: write(services, team.dagny.account.id, role=Role.OWNER.value),
}
CAUSES = {
    "a sign-in with a code": "second_factor_proven",
    "a sign-in with a recovery code": "second_factor_proven",
    "a step-up with a code": "second_factor_proven",
    "the asker is no admin any more": "asker_not_permitted",
    "the asker is suspended": "asker_not_permitted",
    "the asker is removed": "asker_not_permitted",
    "the asker's account has changed": "asker_changed",
    "the member is an owner now": "asker_not_permitted",
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_shows_that_the_reset_is_not_needed_or_not_wanted_voids_it(
    installation: Installation, services: Services, team: Team, stop: str
) -> None:
    """At once for an approval, whatever the job has recorded by then; the job records why (PEOPLE 20)."""
    asked = ask(services, team.bo.caller, team.dagny)
    STOPS[stop](services, team)
    approver = team.owner if stop == "the member is an owner now" else team.cai
    outcome = services.identity.reset_decisions.approve(approver.caller, team.dagny.account.id, asked.request.id)
    assert outcome == Denied(ResetRefusal.RESET_REQUEST_OVER)
    assert waiting(services, team.owner.caller) == {}
    run_job(installation)
    assert requests(services) == 0
    last = events(installation, TEAM)[-1]
    cause = CAUSES.get(stop, "account_changed")
    assert (last.kind, last.actor, last.details["cause"]) == (EventKind.RESET_VOIDED, None, cause)
    told = events(installation, team.dagny.account.id)[-1]
    assert (told.kind, told.details) == (EventKind.TWO_FACTOR_RESET_STOPPED, {"cause": cause})
    assert is_reset(services, team) is (stop == "the operator's reset")


def test_of_two_who_ask_for_the_same_at_once_the_second_is_told(installation: Installation, services: Services, team: Team) -> None:
    """Between the count and the write nothing holds a lock: what waits is looked at again."""
    with after_transaction(installation, 2, lambda: ask(services, team.cai.caller, team.dagny)):
        outcome = services.identity.reset_requests.ask(team.bo.caller, team.dagny.account.id, REASON)
    assert outcome == Denied(ResetRefusal.RESET_ASKED_FOR)
    assert (requests(services), waiting(services, team.bo.caller)[team.dagny.account.id].asker.email) == (1, CAI)
    assert kinds_of(installation, TEAM).count(EventKind.RESET_REQUESTED) == 1


def test_a_password_alone_voids_nothing(services: Services, team: Team) -> None:
    """A thief who knows it must not keep its person from being helped, and a sign-in that stops at the code proves nothing."""
    asked = ask(services, team.bo.caller, team.dagny)
    pending(services, DAGNY)
    refused(prove(services.identity, pending(services, DAGNY), TotpCode("000000")))
    assert waiting(services, team.cai.caller)[team.dagny.account.id].request == asked.request


def test_the_member_stops_it_in_any_session_and_by_no_proof(installation: Installation, services: Services, team: Team) -> None:
    """The account says that one waits, so that every page can show the button."""
    asked = ask(services, team.bo.caller, team.dagny)
    caller = caller_with(services, team.dagny.caller.token)
    assert caller.account.reset_request_id == asked.request.id
    assert services.identity.reset_requests.stop(caller) == Done()
    assert caller_with(services, team.dagny.caller.token).account.reset_request_id is None
    assert services.identity.reset_requests.stop(caller) == Denied(ResetRefusal.RESET_REQUEST_OVER)
    outcome = services.identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, asked.request.id)
    assert outcome == Denied(ResetRefusal.RESET_REQUEST_OVER)
    stopped = events(installation, TEAM)[-1]
    assert (stopped.kind, stopped.actor) == (EventKind.RESET_STOPPED, team.dagny.account.id)


def test_three_resets_a_day_are_asked_for_one_member_whoever_asks(installation: Installation, services: Services, team: Team) -> None:
    """Asked for and withdrawn again and again, they would mail the member until the real one is stopped by nobody."""
    requests, clock = services.identity.reset_requests, installation.clock
    for asker in (team.bo, team.cai, team.bo)[: RESET_REQUEST_POLICY.free]:
        asked = ask(services, asker.caller, team.dagny)
        assert requests.ask(team.cai.caller, team.dagny.account.id, REASON) == Denied(ResetRefusal.RESET_ASKED_FOR)
        assert requests.withdraw(asker.caller, team.dagny.account.id, asked.request.id) == Done()
    mails, told = waiting_mails(services), kinds_of(installation, team.dagny.account.id)
    throttled = Denied(ThrottleRefusal.THROTTLED, retry_at=clock.now() + 24 * HOUR)
    assert requests.ask(team.owner.caller, team.dagny.account.id, REASON) == throttled
    assert (waiting_mails(services), kinds_of(installation, team.dagny.account.id)) == (mails, told)
    ask(services, team.owner.caller, team.cai)
    clock.advance(hours=24)
    ask(services, again(services, team.bo), team.dagny)


def test_what_is_refused_anyway_counts_against_nobody(installation: Installation, services: Services, team: Team) -> None:
    """An admin does not use up the tries that owners have for an owner, and nobody those for themselves."""
    requests = services.identity.reset_requests
    assert requests.ask(team.bo.caller, team.owner.account.id, REASON) == Denied(SessionRefusal.NOT_PERMITTED)
    assert requests.ask(team.dagny.caller, team.cai.account.id, REASON) == Denied(SessionRefusal.NOT_PERMITTED)
    assert requests.ask(team.bo.caller, team.bo.account.id, REASON) == Denied(ResetRefusal.OWN_RESET)
    assert requests.ask(team.bo.caller, "0" * 32, REASON) == Denied(SessionRefusal.NO_SUCH_MEMBER)
    assert tries(installation)["reset_request"] == 0


def test_an_approval_is_of_the_request_that_was_seen(services: Services, team: Team) -> None:
    """One that was stopped and asked for anew, with another reason, is another one; so is the stop."""
    seen = ask(services, team.bo.caller, team.dagny)
    withdraw = services.identity.reset_requests.withdraw
    assert withdraw(team.bo.caller, team.dagny.account.id, seen.request.id) == Done()
    ask(services, team.bo.caller, team.dagny, "Another reason")
    over = Denied(ResetRefusal.RESET_REQUEST_OVER)
    assert services.identity.reset_decisions.approve(team.cai.caller, team.dagny.account.id, seen.request.id) == over
    assert withdraw(team.cai.caller, team.dagny.account.id, seen.request.id) == over
    assert len(waiting(services, team.cai.caller)) == 1


def test_after_24_hours_from_the_mail_it_is_carried_out_and_the_link_is_shown_to_an_admin(mailing: Mailing) -> None:
    """Counted from the mail server's acceptance; nothing is mailed that lets anybody in (PEOPLE 20)."""
    services, team, clock = mailing.services, mailing.team, mailing.installation.clock
    ask(services, team.bo.caller, team.dagny)
    clock.advance(hours=5)
    mailing.deliver(**{DAGNY.replace("@", "_at_"): "450 later"})
    assert waiting(services, again(services, team.cai))[team.dagny.account.id].request.due_at is None
    clock.advance(hours=3)
    received = mailing.deliver()
    (stop,) = links([mail for mail in received.mails if mail["To"] == DAGNY], LinkKind.RESET_STOP)
    assert services.identity.reset_requests.preview(stop) is not None
    assert links(received.mails, LinkKind.RE_ENROLMENT) == []
    due_at = clock.now() + STOPPABLE_FOR
    let_pass(mailing.installation, STOPPABLE_FOR - 1)
    assert not is_reset(services, team)
    assert waiting(services, again(services, team.cai))[team.dagny.account.id].request.due_at == due_at
    let_pass(mailing.installation, 1)
    assert is_reset(services, team)
    assert services.identity.reset_requests.preview(stop) is None
    done, told = events(mailing.installation, TEAM)[-1], events(mailing.installation, team.dagny.account.id)[-1]
    assert (done.kind, done.actor, done.details["asked_by"]) == (EventKind.RESET_DONE, None, BO)
    assert (told.kind, told.actor) == (EventKind.TWO_FACTOR_RESET, team.bo.account.id)
    bo = again(services, team.bo)
    found = services.identity.resets.waiting(bo)
    assert not isinstance(found, Denied)
    assert [one.id for one in found.without_link] == [team.dagny.account.id]
    first, second = (services.identity.reset_decisions.show_link(bo, team.dagny.account.id) for _time in range(2))
    assert isinstance(first, ReEnrolmentLink)
    assert isinstance(second, ReEnrolmentLink)
    assert [services.identity.re_enrolment.is_open(one.token) for one in (first, second)] == [False, True]
    assert kinds_of(mailing.installation, TEAM)[-2:] == [EventKind.RESET_LINK_SHOWN] * 2
    enrollee, phone = enrolling_again(services, must_enrol(services, DAGNY), second.token)
    assert isinstance(services.identity.re_enrolment.confirm(enrollee, TotpCode(phone.code())), SignedIn)
    outcome = services.identity.reset_decisions.show_link(bo, team.dagny.account.id)
    assert outcome == Denied(ResetRefusal.IS_ENROLLED)


@pytest.mark.parametrize("ahead", [5 * DAY, -30 * MINUTE])
def test_a_clock_that_is_set_takes_no_time_from_the_member(mailing: Mailing, ahead: int) -> None:
    """One that was days behind when the mail left, and is put right. What passes by the clock at once counts as a few minutes."""
    services, team, clock = mailing.services, mailing.team, mailing.installation.clock
    ask(services, team.bo.caller, team.dagny)
    mailing.deliver()
    let_pass(mailing.installation, HOUR)
    clock.set(clock.now() + ahead)
    before = clock.now()
    run_job(mailing.installation)
    with services.database.read() as connection:
        (row,) = connection.execute(select(RESET_REQUEST)).all()
    assert (row.counted_at, row.time_left) == (before, STOPPABLE_FOR - HOUR - (COUNTED_AT_MOST if ahead > 0 else 0))
    assert not is_reset(services, team)


def test_while_nothing_runs_no_time_passes(mailing: Mailing) -> None:
    """The member could stop nothing: the first round after it carries nothing out."""
    services, team = mailing.services, mailing.team
    ask(services, team.bo.caller, team.dagny)
    mailing.deliver()
    let_pass(mailing.installation, HOUR)
    mailing.installation.clock.advance(hours=30)
    run_job(mailing.installation)
    assert not is_reset(services, team)
    let_pass(mailing.installation, STOPPABLE_FOR - HOUR - COUNTED_AT_MOST)
    assert is_reset(services, team)


def test_the_mailed_link_stops_it_once_and_changes_nothing_else(mailing: Mailing) -> None:
    """It takes power away from the one who asked, and signs nobody in."""
    services, team = mailing.services, mailing.team
    ask(services, team.bo.caller, team.dagny)
    received = mailing.deliver()
    (stop,) = links([mail for mail in received.mails if mail["To"] == DAGNY], LinkKind.RESET_STOP)
    for wrong in (None, Token(bytes(32))):
        assert services.identity.reset_requests.preview(wrong) is None
        assert services.identity.reset_requests.stop_by_link(wrong, CLIENT) == Denied(LinkRefusal.LINK_GONE)
    stopped = services.identity.reset_requests.stop_by_link(stop, CLIENT)
    assert isinstance(stopped, StoppableReset)
    assert (stopped.member.email, stopped.asker.email) == (DAGNY, BO)
    assert services.identity.reset_requests.stop_by_link(stop, CLIENT) == Denied(LinkRefusal.LINK_GONE)
    assert services.identity.sessions.find(team.dagny.caller.token) is not None
    assert requests(services) == 0
    last = events(mailing.installation, TEAM)[-1]
    assert (last.kind, last.actor) == (EventKind.RESET_STOPPED, None)


def test_a_link_of_an_earlier_request_stops_no_later_one(mailing: Mailing) -> None:
    """It ends with its request, however that ended."""
    services, team = mailing.services, mailing.team
    ask(services, team.bo.caller, team.dagny)
    (stop,) = links(mailing.deliver().mails, LinkKind.RESET_STOP)
    assert services.identity.reset_requests.stop(team.dagny.caller) == Done()
    assert services.identity.link_states.of(LinkKind.RESET_STOP, stop) is LinkState.USED
    ask(services, team.bo.caller, team.dagny)
    assert services.identity.reset_requests.stop_by_link(stop, CLIENT) == Denied(LinkRefusal.LINK_GONE)
    assert len(waiting(services, team.cai.caller)) == 1


def _stopped_and_asked_for_anew(services: Services, team: Team) -> None:
    assert services.identity.reset_requests.stop(team.dagny.caller) == Done()
    ask(services, team.bo.caller, team.dagny, "Another reason")


MEANWHILE: dict[str, tuple[Callable[[Services, Team], object], int]] = {
    "stopped": (lambda services, team: services.identity.reset_requests.stop(team.dagny.caller), 0),
    "stopped and asked for anew": (_stopped_and_asked_for_anew, 1),
}
"""What becomes of a request between two steps, and how many requests wait then."""


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_link_whose_request_ends_before_its_account_is_locked_stops_nothing(mailing: Mailing, meanwhile: str) -> None:
    """The other half of a double click, or a request that the holder of the link was not told of."""
    services, team = mailing.services, mailing.team
    operation, left = MEANWHILE[meanwhile]
    ask(services, team.bo.caller, team.dagny)
    (stop,) = links(mailing.deliver().mails, LinkKind.RESET_STOP)
    with after_transaction(mailing.installation, 1, lambda: operation(services, team)):
        assert services.identity.reset_requests.stop_by_link(stop, CLIENT) == Denied(LinkRefusal.LINK_GONE)
    assert len(waiting(services, team.cai.caller)) == requests(services) == left
    assert kinds_of(mailing.installation, TEAM).count(EventKind.RESET_STOPPED) == 1


@pytest.mark.parametrize("meanwhile", MEANWHILE)
def test_a_request_that_ends_between_words_and_link_has_no_link(mailing: Mailing, meanwhile: str) -> None:
    """The mail is made anew, after the transactions that look for it, claim it, and read the notice and the request."""
    services, team = mailing.services, mailing.team
    operation, left = MEANWHILE[meanwhile]
    ask(services, team.bo.caller, team.dagny)
    with after_transaction(mailing.installation, 4, lambda: operation(services, team)):
        received = mailing.deliver()
    assert DAGNY in received.recipients
    assert len(links(received.mails, LinkKind.RESET_STOP)) == left
    assert [one.request.due_at is not None for one in waiting(services, team.cai.caller).values()] == [True] * left


def test_to_end_a_request_that_has_ended_leaves_the_one_that_waits_since(services: Services, team: Team) -> None:
    """Whoever comes second is told so, and has changed nothing."""
    ended = ask(services, team.bo.caller, team.dagny).request
    _stopped_and_asked_for_anew(services, team)
    later = waiting(services, team.cai.caller)
    with Transactions(services.database).writing() as tx:
        assert not reset_store.end(tx, ended, services.clock.now())
        tx.commit()
    assert waiting(services, team.cai.caller) == later != {}


def test_the_other_owners_and_admins_are_mailed_that_a_reset_waits(mailing: Mailing) -> None:
    """Neither the one who asked nor an agent; nothing that somebody typed, and no link that does something."""
    ask(mailing.services, mailing.team.bo.caller, mailing.team.dagny)
    received = mailing.deliver()
    to_admins = [mail for mail in received.mails if "waits" in str(mail["Subject"])]
    assert sorted(str(mail["To"]) for mail in to_admins) == [CAI, OWNER]
    text = to_admins[0].get_content()
    assert "/team/resets" in text
    assert REASON not in text
    assert "token=" not in text


def test_a_request_that_is_over_is_not_mailed_to_the_other_admins(mailing: Mailing) -> None:
    """It was stopped before the sender came to it; the member's mail then has no link."""
    ask(mailing.services, mailing.team.bo.caller, mailing.team.dagny)
    assert mailing.services.identity.reset_requests.stop(mailing.team.dagny.caller) == Done()
    received = mailing.deliver()
    assert [mail["To"] for mail in received.mails if "waits" in str(mail["Subject"])] == []
    assert links(received.mails, LinkKind.RESET_STOP) == []


@pytest.mark.parametrize("stop", STOPS)
def test_a_request_that_is_void_is_not_mailed_to_the_other_admins(mailing: Mailing, stop: str) -> None:
    """Also before the job has recorded it: nobody is called to what nobody can approve."""
    ask(mailing.services, mailing.team.bo.caller, mailing.team.dagny)
    STOPS[stop](mailing.services, mailing.team)
    assert [mail["To"] for mail in mailing.deliver().mails if "waits" in str(mail["Subject"])] == []


@pytest.mark.parametrize("values", [{"role": "admin"}, {"role": "agent"}, {"status": "disabled"}])
def test_who_cannot_decide_any_more_is_not_mailed_that_a_reset_waits(mailing: Mailing, values: dict[str, str]) -> None:
    """An owner's reset is for owners, and for nobody who was suspended meanwhile."""
    services, team = mailing.services, mailing.team
    for person in (team.dagny, team.bo):
        write(services, person.account.id, role="owner")
    ask(services, team.owner.caller, team.dagny)
    write(services, team.bo.account.id, **values)
    assert [mail["To"] for mail in mailing.deliver().mails if "waits" in str(mail["Subject"])] == []


def test_no_time_begins_with_a_file(installation: Installation, services: Services, team: Team) -> None:
    """Without a mail server only a second admin works, whatever the operator does with the file."""
    ask(services, team.bo.caller, team.dagny)
    assert links([mail for mail in send(installation) if mail["To"] == DAGNY], LinkKind.RESET_STOP) != []
    assert waiting(services, team.bo.caller)[team.dagny.account.id].request.due_at is None


@pytest.mark.parametrize("is_confirmed", [True, False])
def test_no_time_begins_with_a_mail_to_an_address_that_may_be_a_strangers(mailing: Mailing, is_confirmed: bool) -> None:
    """One that no mailed link has confirmed gets no link either (PEOPLE 13). One that was changed lately may be a thief's (PEOPLE 14)."""
    services, bo, dagny = mailing.services, mailing.team.bo, mailing.team.dagny
    if is_confirmed:
        now = services.clock.now()
        row = {"email_key": "d@example.net", "account_id": dagny.account.id, "email": "d@example.net", "reserved_until": now + HOUR}
        with services.database.write() as connection:
            connection.execute(insert(RESERVED_ADDRESS).values(row))
            connection.commit()
    else:
        write(services, dagny.account.id, email_confirmed_at=None)
    ask(services, bo.caller, dagny)
    received = mailing.deliver()
    assert DAGNY in received.recipients
    assert bool(links(received.mails, LinkKind.RESET_STOP)) is is_confirmed
    assert waiting(services, bo.caller)[dagny.account.id].request.due_at is None
    shown = services.identity.resets.of_member(mailing.team.cai.caller, dagny.account.id)
    assert not isinstance(shown, Denied)
    assert shown.is_told_by_mail is False


def test_what_nobody_approves_comes_to_nothing_after_a_week(installation: Installation, services: Services, team: Team) -> None:
    """Then it can be asked for anew, at once: the request that is over is recorded first."""
    asked = ask(services, team.bo.caller, team.dagny)
    installation.clock.set(asked.request.asked_at + REQUEST_LIFETIME)
    bo = again(services, team.bo)
    ask(services, bo, team.dagny)
    assert kinds_of(installation, TEAM)[-2:] == [EventKind.RESET_VOIDED, EventKind.RESET_REQUESTED]
    assert events(installation, TEAM)[-2].details["cause"] == "expired"


def test_a_request_that_fails_holds_up_no_other_one(installation: Installation, services: Services, team: Team) -> None:
    """Its record is damaged, say. A log line names it, and each round tries it again."""
    emil = protected(services, "emil@example.com")
    first = ask(services, team.bo.caller, team.dagny).request
    installation.clock.advance(seconds=1)
    assert first.id < ask(services, team.bo.caller, emil).request.id
    make_due(installation)
    head = CHAIN_HEAD.c.subject == team.dagny.account.id
    with services.database.write() as connection:
        connection.execute(update(CHAIN_HEAD).where(head).values(subject="lost"))
        connection.commit()
    with capture_logs() as lines:
        run_job(installation)
    assert [(line["event"], line["log_level"], line["reset"]) for line in lines] == [("resets.failed", "error", first.id)]
    assert (is_reset(services, team), kinds_of(installation, emil.account.id)[-1]) == (False, EventKind.TWO_FACTOR_RESET)
    with services.database.write() as connection:
        connection.execute(update(CHAIN_HEAD).where(CHAIN_HEAD.c.subject == "lost").values(subject=team.dagny.account.id))
        connection.commit()
    run_job(installation)
    assert is_reset(services, team)


def test_requests_that_wait_keep_the_job_from_none_behind_them(
    installation: Installation, services: Services, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It reads them in batches, each from where the one before has ended."""
    monkeypatch.setattr(reset_decisions, "BATCH", 2)
    emil = protected(services, "emil@example.com")
    for member in (team.dagny, team.cai, emil):
        last = ask(services, team.bo.caller, member).request
        installation.clock.advance(seconds=1)
    with services.database.write() as connection:
        due = {"counted_at": installation.clock.now(), "time_left": 0}
        connection.execute(update(RESET_REQUEST).where(RESET_REQUEST.c.id == last.id).values(due))
        connection.commit()
    run_job(installation)
    assert kinds_of(installation, emil.account.id)[-1] is EventKind.TWO_FACTOR_RESET
    assert waiting(services, team.owner.caller).keys() == {team.dagny.account.id, team.cai.account.id}


def test_a_request_that_is_stopped_while_the_job_runs_is_not_carried_out(
    installation: Installation, services: Services, team: Team
) -> None:
    """After the transactions that take the lease and read what waits. It is no failure, and records nothing of its own."""
    ask(services, team.bo.caller, team.dagny)
    make_due(installation)
    with capture_logs() as lines, after_transaction(installation, 2, lambda: services.identity.reset_requests.stop(team.dagny.caller)):
        run_job(installation)
    assert (lines, is_reset(services, team)) == ([], False)
    assert kinds_of(installation, TEAM)[-2:] == [EventKind.RESET_REQUESTED, EventKind.RESET_STOPPED]


def test_a_database_that_is_away_ends_the_round(installation: Installation, services: Services, team: Team) -> None:
    """It would fail for every request that follows; the job's caller says so once, and the next round does them."""
    ask(services, team.bo.caller, team.dagny)
    make_due(installation)

    def fail(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        if statement.startswith("DELETE FROM reset_request"):
            raise OperationalError(statement, None, sqlite3.OperationalError("disk I/O error"))

    with (
        listening(services.database, "before_cursor_execute", fail),
        capture_logs() as lines,
        pytest.raises(OperationalError, match="disk I/O error"),
    ):
        run_job(installation)
    assert lines == []
    run_job(installation)
    assert is_reset(services, team)


def test_one_process_at_a_time_does_the_job(installation: Installation, services: Services, team: Team) -> None:
    """Under a lease, which another takes over when its holder is gone."""
    transactions = Transactions(services.database)
    with transactions.writing() as tx:
        assert take_lease(tx, "resets", "another", services.clock.now(), LEASE_TERM)
        tx.commit()
    ask(services, team.bo.caller, team.dagny)
    again(services, team.dagny)
    run_job(installation)
    assert requests(services) == 1
    installation.clock.set(services.clock.now() + LEASE_TERM)
    run_job(installation)
    assert requests(services) == 0


def test_a_restore_ends_requests_and_the_links_that_stop_them(mailing: Mailing) -> None:
    """All that waits to happen (PEOPLE 25); the account waits for none any more."""
    services, team = mailing.services, mailing.team
    ask(services, team.bo.caller, team.dagny)
    mailing.deliver()
    restored = end_what_is_open(services.settings.url, System(mailing.installation.clock, mailing.installation.entropy))
    assert restored.ended["requested resets"] == 1
    assert requests(services) == 0
    with services.database.read() as connection:
        assert connection.execute(select(ACCOUNT.c.reset_request_id).distinct()).scalars().all() == [None]
        assert connection.execute(select(LINK.c.kind).where(LINK.c.kind == LinkKind.RESET_STOP.value)).all() == []
        assert connection.execute(select(OUTBOX.c.id).where(OUTBOX.c.state == "waiting")).all() == []
