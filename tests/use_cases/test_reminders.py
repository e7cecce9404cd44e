"""Reminders to members without 2FA: whom they reach, how often, and what is in them."""

from sqlalchemy import update

from tests.support.installation import Installation
from tests.support.mails import send
from tests.support.people import Person, enrolment_steps, protected, signed_in
from tests.support.teams import recorded, reminding, roster
from xpressbot.foundation.times import DAY
from xpressbot.identity.accounts.rules.roles import Role
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Denied
from xpressbot.identity.sessions.gate import SessionRefusal
from xpressbot.identity.tables import ACCOUNT
from xpressbot.identity.team import reminders
from xpressbot.identity.team.reminders import Reminded, ReminderRefusal
from xpressbot.identity.use_cases import Identity

NOBODY = Denied(ReminderRefusal.NOBODY_TO_REMIND)


def reminded(installation: Installation) -> list[str]:
    """Whom reminders were mailed to, in the order of the mails."""
    return [str(mail["To"]) for mail in send(installation) if mail["Subject"] == "XpressBot: please turn on 2FA"]


def owner_of(installation: Installation) -> Person:
    return protected(installation.services, "owner@example.com")


def change(installation: Installation, email: str, **columns: object) -> None:
    with installation.services.database.write() as connection:
        connection.execute(update(ACCOUNT).where(ACCOUNT.c.email == email).values(columns))
        connection.commit()


def test_members_without_2fa_are_reminded_once_a_day(installation: Installation) -> None:
    """Whoever asks; the roster says how many were, and how many are left."""
    owner = owner_of(installation)
    admin = protected(installation.services, "admin@example.com", role=Role.ADMIN)
    for email in ("berta@example.com", "carl@example.com"):
        signed_in(installation.services, email)
    counts = roster(installation.services, owner.caller).counts
    assert (counts.active, counts.protected, counts.to_remind, counts.reminded) == (4, 2, 2, 0)
    assert reminding(installation).remind(owner.caller) == Reminded(2)
    assert reminding(installation).remind(admin.caller) == NOBODY
    assert sorted(reminded(installation)) == ["berta@example.com", "carl@example.com"]
    counts = roster(installation.services, owner.caller).counts
    assert (counts.to_remind, counts.reminded) == (0, 2)
    installation.clock.advance(seconds=DAY // 1_000_000 - 1)
    session = protected(installation.services, "later@example.com", role=Role.ADMIN).caller
    assert reminding(installation).remind(session) == NOBODY
    installation.clock.advance(seconds=1)
    assert reminding(installation).remind(session) == Reminded(2)
    assert [event.details["members"] for event in recorded(installation, EventKind.MEMBERS_REMINDED)] == [2, 2]


def test_who_can_do_nothing_about_it_is_not_reminded(installation: Installation) -> None:
    """Suspended, removed, exempt, or waiting for a link after a reset."""
    owner = owner_of(installation)
    for name in ("suspended", "removed", "exempt", "reset", "exempt-before"):
        signed_in(installation.services, f"{name}@example.com")
    now = installation.clock.now()
    change(installation, "suspended@example.com", status="disabled")
    change(installation, "removed@example.com", status="removed", email_key=None)
    change(installation, "exempt@example.com", exempt_until=now + DAY, exempt_reason="No phone")
    change(installation, "reset@example.com", must_enrol=True)
    change(installation, "exempt-before@example.com", exempt_until=now, exempt_reason="No phone")
    assert reminding(installation).remind(owner.caller) == Reminded(1)
    assert reminded(installation) == ["exempt-before@example.com"]


def test_who_turns_2fa_on_before_the_mail_leaves_gets_none(installation: Installation) -> None:
    """What it asks for is done."""
    owner = owner_of(installation)
    berta = signed_in(installation.services, "berta@example.com")
    assert reminding(installation).remind(owner.caller) == Reminded(1)
    phone, _secret = enrolment_steps(installation.services, berta)
    installation.services.identity.two_factor.confirm(berta, TotpCode(phone.code()))
    assert reminded(installation) == []


def test_without_a_mail_server_nobody_is_reminded(installation: Installation, identity: Identity) -> None:
    """And nothing is written, so that the day on which there is one is not lost."""
    owner = owner_of(installation)
    signed_in(installation.services, "berta@example.com")
    assert identity.reminders.remind(owner.caller) == Denied(ReminderRefusal.NO_MAIL)
    assert roster(installation.services, owner.caller).counts.to_remind == 1
    assert recorded(installation, EventKind.MEMBERS_REMINDED) == []


def test_an_agent_reminds_nobody(installation: Installation) -> None:
    """It is not for their role."""
    owner_of(installation)
    agent = protected(installation.services, "agent@example.com")
    assert reminding(installation).remind(agent.caller) == Denied(SessionRefusal.NOT_PERMITTED)


def test_a_large_team_is_reminded_in_parts(installation: Installation) -> None:
    """So that one click writes no more than the bound; the next one reaches the others."""
    owner = owner_of(installation)
    people = [f"person{number}@example.com" for number in range(3)]
    for email in people:
        installation.add_account(email)
    most, reminders.MOST_REMINDED = reminders.MOST_REMINDED, 2  # type: ignore[misc]
    try:
        assert [reminding(installation).remind(owner.caller) for _click in range(3)] == [Reminded(2), Reminded(1), NOBODY]
    finally:
        reminders.MOST_REMINDED = most  # type: ignore[misc]
    assert sorted(reminded(installation)) == people
