"""Ending the process at any statement leaves an account as before or as after, never between; a try stays counted."""

from typing import Any

import pytest
from sqlalchemy import Column

from tests.support.crashes import Content, crash_everywhere
from tests.support.installation import CLIENT, PASSWORD, Installation
from tests.support.people import (
    added,
    adding,
    completed,
    enrolling_again,
    enrolment_steps,
    must_enrol,
    pending,
    protected,
    prove,
    recovery_code,
    refused,
    reset,
    signed_in,
)
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.tokens import Token
from xpressbot.identity.factors.kind import ProofRefusal
from xpressbot.identity.factors.recovery_codes.kind import RecoveryCodeText
from xpressbot.identity.factors.totp.kind import Totp, TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.outcomes import Denied, Done, SessionRenewed, SignedIn
from xpressbot.identity.passwords.session_password import PasswordRefusal
from xpressbot.identity.registration.new_accounts import NewAccount
from xpressbot.identity.sessions.caller import Caller
from xpressbot.identity.sign_in.refusals import SignInRefusal
from xpressbot.identity.tables import AUTHENTICATOR, LINK, PENDING_SIGN_IN

BUCKETS = "throttle_bucket"
ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""Marks operations whose transactions are built as those are that run on both engines."""


def confirmed(services: Services, caller: Caller, code: TotpCode) -> InPlace:
    outcome = services.identity.two_factor.confirm(caller, code)
    assert isinstance(outcome, InPlace), outcome
    return outcome


@ON_SQLITE
def test_starting_an_enrolment(installation: Installation) -> None:
    """The secret and its event, or neither."""
    caller = signed_in(installation.services)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.two_factor.start(caller, Totp.name), Done)

    before, after = crash_everywhere(installation, operation)
    assert (_states(before), _states(after)) == ([], ["pending"])


def test_confirming_an_enrolment(installation: Installation) -> None:
    """The authenticator, ten codes, the raised session, the ended others and the event, or none; the try is counted first."""
    caller = signed_in(installation.services)
    elsewhere = installation.services.identity.password_step.begin("anna@example.com", PASSWORD, "/", CLIENT)
    phone, _secret = enrolment_steps(installation.services, caller)
    code = TotpCode(phone.code())

    def operation(services: Services) -> None:
        assert confirmed(services, caller, code).shows_backups is True

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert (_states(before), _states(after)) == (["pending"], ["active"])
    assert [len(stage["recovery_code"]) for stage in (before, after)] == [0, 10]
    assert [len(stage["session"]) for stage in (before, after)] == [2, 1]
    assert isinstance(elsewhere, SignedIn)


def test_moving_to_a_new_phone(installation: Installation) -> None:
    """The old authenticator works until the new one does; there is no moment without one, and none with two."""
    person = protected(installation.services)
    phone, _secret = enrolment_steps(installation.services, person.caller)
    code = TotpCode(phone.code())

    def operation(services: Services) -> None:
        assert confirmed(services, person.caller, code).shows_backups is False

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert (_states(before), _states(after)) == (["active", "pending"], ["active", "revoked"])
    assert before["recovery_code"] == after["recovery_code"]


@ON_SQLITE
def test_moving_from_a_lost_phone(installation: Installation) -> None:
    """App and recovery codes change together: never a new app with the codes that a thief may have, nor the other way round."""
    person = protected(installation.services)
    phone, _secret = enrolment_steps(installation.services, person.caller, lost=True)
    code = TotpCode(phone.code())

    def operation(services: Services) -> None:
        assert confirmed(services, person.caller, code).shows_backups is True

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert (_states(before), _states(after)) == (["active", "pending"], ["active", "revoked"])
    assert [len(stage["recovery_code"]) for stage in (before, after)] == [10, 10]
    assert not set(before["recovery_code"]) & set(after["recovery_code"])


@ON_SQLITE
def test_adding_an_app(installation: Installation) -> None:
    """It is there with its event and the raised session, or it is not; the others are as they were."""
    person = protected(installation.services)
    pending(installation.services)
    code = TotpCode(adding(installation.services, person.caller, "Tablet").code())

    def operation(services: Services) -> None:
        assert confirmed(services, person.caller, code).added is True

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert (_states(before), _states(after)) == (["active", "pending"], ["active", "active"])
    assert before["recovery_code"] == after["recovery_code"]
    assert len(after["security_event"]) == len(before["security_event"]) + 1


@ON_SQLITE
def test_removing_an_app(installation: Installation) -> None:
    """It is gone with its secret and with the sessions it may have opened, or nothing is."""
    person = protected(installation.services)
    caller = added(installation.services, person.caller, "Tablet")
    completed(installation.services, pending(installation.services), TotpCode(person.phone.code()))
    (phone, *_others) = installation.services.identity.authenticators.listed(caller)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.authenticators.remove(caller, phone.id), SessionRenewed)

    before, after = crash_everywhere(installation, operation)
    assert (_states(before), _states(after)) == (["active", "active"], ["active", "revoked"])
    assert [len(stage["session"]) for stage in (before, after)] == [2, 1]


@ON_SQLITE
def test_disabling(installation: Installation) -> None:
    """Authenticator, codes, other sessions and pending sign-ins all go, or all stay."""
    person = protected(installation.services)
    completed(installation.services, pending(installation.services), TotpCode(person.phone.code()))
    waiting = pending(installation.services)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.two_factor.disable(person.caller), SessionRenewed)

    before, after = crash_everywhere(installation, operation)
    assert (_states(before), _states(after)) == (["active"], ["revoked"])
    assert [len(after[table]) for table in ("recovery_code", "recovery_code_set", "session")] == [0, 0, 1]
    assert {row[0] for row in after["pending_sign_in"]} <= {row[0] for row in before["pending_sign_in"]}
    operation(installation.services)
    assert_ended(installation.services, waiting)


@ON_SQLITE
def test_replacing_the_recovery_codes(installation: Installation) -> None:
    """The old set is in force or the new one: never none, never both."""
    person = protected(installation.services)
    assert isinstance(installation.services.identity.recovery_codes.regenerate(person.caller), Done)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.recovery_codes.keep(person.caller, ""), SessionRenewed)

    before, after = crash_everywhere(installation, operation)
    assert [len(stage["recovery_code"]) for stage in (before, after)] == [20, 10]


def test_signing_in_with_a_recovery_code(installation: Installation) -> None:
    """The code is used up and the session there, or the code is still good; the try is counted first."""
    person = protected(installation.services)
    token, code = pending(installation.services), recovery_code(person.codes[2])

    def operation(services: Services) -> None:
        assert isinstance(prove(services.identity, token, code, CLIENT), SignedIn)

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert [len(stage["session"]) for stage in (before, after)] == [1, 2]
    assert len([row for row in after["recovery_code"] if row not in before["recovery_code"]]) == 1


def test_signing_in_with_a_code_from_the_app(installation: Installation) -> None:
    """The step is used up and the session there, or the step is still good; the try is counted first."""
    person = protected(installation.services)
    token, code = pending(installation.services), TotpCode(person.phone.code())

    def operation(services: Services) -> None:
        assert isinstance(prove(services.identity, token, code, CLIENT), SignedIn)

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert [len(stage["session"]) for stage in (before, after)] == [1, 2]


@pytest.mark.parametrize("factor", [TotpCode("000000"), RecoveryCodeText("0" * 16)], ids=["totp", "recovery code"])
def test_a_wrong_code_stays_counted(installation: Installation, factor: TotpCode | RecoveryCodeText) -> None:
    """Once its charge is committed no crash takes it back: a client that can crash the process gets no guess for nothing."""
    protected(installation.services)
    token = pending(installation.services)

    def operation(services: Services) -> None:
        assert refused(prove(services.identity, token, factor, CLIENT)).reason is ProofRefusal.WRONG_CODE

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert counted[BUCKETS] == after[BUCKETS]
    assert len(after["security_event"]) == len(before["security_event"]) + 1


def test_a_wrong_password_stays_counted(installation: Installation) -> None:
    """The charge is committed before the password is looked at; nothing else is written."""
    signed_in(installation.services)

    def operation(services: Services) -> None:
        outcome = services.identity.password_step.begin("anna@example.com", "wrong", "/", CLIENT)
        assert refused(outcome).reason is PasswordRefusal.WRONG_CREDENTIALS

    before, counted = crash_everywhere(installation, operation, hashes=True)
    _assert_only_counted(before, counted, BUCKETS, rows=2)


@ON_SQLITE
def test_claiming_the_installation(installation: Installation) -> None:
    """Account, ownership, used link, session and event, or none of them: there is no half-made owner."""
    token = installation.services.identity.registration.issue_welcome_link()

    def operation(services: Services) -> None:
        assert isinstance(
            services.identity.registration.claim(token, NewAccount("anna@example.com", "Anna Berg", PASSWORD), CLIENT), SignedIn
        )

    before, counted, after = crash_everywhere(installation, operation, hashes=True)
    _assert_only_counted(before, counted, BUCKETS)
    tables = ("account", "chain_head", "security_event", "session", "known_browser")
    # The owner's chain and the team's.
    assert [[len(stage[table]) for table in tables] for stage in (before, after)] == [[0, 0, 0, 0, 0], [1, 2, 3, 1, 1]]
    assert [stage["installation"][0][:2] for stage in (before, after)] == [(1, None), (1, after["account"][0][0])]


@ON_SQLITE
def test_resetting_2fa(installation: Installation) -> None:
    """Apps, codes, sessions, known browsers and waits go, sign-ins and set-ups count no more, and the link is there: all or nothing."""
    person = protected(installation.services)
    enrolment_steps(installation.services, person.caller)
    waiting = pending(installation.services)
    prove(installation.services.identity, waiting, TotpCode("000000"), CLIENT)

    def operation(services: Services) -> None:
        reset(services)

    before, after = crash_everywhere(installation, operation)
    assert (_states(before), _states(after)) == (["active", "pending"], ["pending", "revoked"])
    tables = ("recovery_code", "recovery_code_set", "session", "known_browser", "link")
    assert [[len(stage[table]) for table in tables] for stage in (before, after)] == [[10, 1, 1, 1, 0], [0, 0, 0, 0, 1]]
    assert {row[0] for row in after["pending_sign_in"]} <= {row[0] for row in before["pending_sign_in"]}
    operation(installation.services)
    assert_ended(installation.services, waiting)
    assert [row[0] for row in before[BUCKETS] if row not in after[BUCKETS]] == [f"totp:{person.account.id}"]


def test_confirming_after_a_reset(installation: Installation) -> None:
    """App, codes, session, used link and sign-in, and the end of having to enrol: all or none; the try is counted first."""
    protected(installation.services)
    link = reset(installation.services)
    enrollee, phone = enrolling_again(installation.services, must_enrol(installation.services), link)
    code = TotpCode(phone.code())

    def operation(services: Services) -> None:
        assert isinstance(services.identity.re_enrolment.confirm(enrollee, code), SignedIn)

    before, counted, after = crash_everywhere(installation, operation)
    _assert_only_counted(before, counted, BUCKETS)
    assert (_states(before), _states(after)) == (["pending", "revoked"], ["active", "revoked"])
    assert [[len(stage[table]) for table in ("recovery_code", "session", "known_browser")] for stage in (before, after)] == [
        [0, 0, 0],
        [10, 1, 1],
    ]
    assert [[row[_index(LINK.c.consumed_at)] is None for row in stage["link"]] for stage in (before, after)] == [[True], [False]]
    used = PENDING_SIGN_IN.c.consumed_at
    assert [[row[_index(used)] is None for row in stage["pending_sign_in"]] for stage in (before, after)] == [[True], [False]]


@ON_SQLITE
def test_accepting_an_invitation(installation: Installation) -> None:
    """Account, used link, session and event, or none of them; the first one is the owner's in the same moment."""
    token = installation.services.identity.invitations.issue("anna@example.com")
    assert isinstance(token, Token)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.joining.accept(token, "Anna Berg", PASSWORD, CLIENT), SignedIn)

    before, counted, after = crash_everywhere(installation, operation, hashes=True)
    _assert_only_counted(before, counted, BUCKETS)
    tables = ("invitation", "account", "chain_head", "security_event", "session", "known_browser")
    assert [[len(stage[table]) for table in tables] for stage in (before, after)] == [[1, 0, 0, 0, 0, 0], [0, 1, 2, 3, 1, 1]]
    assert [[row[_index(LINK.c.consumed_at)] is None for row in stage["link"]] for stage in (before, after)] == [[True], [False]]
    assert [stage["installation"][0][1] for stage in (before, after)] == [None, after["account"][0][0]]


def assert_ended(services: Services, waiting: Token) -> None:
    """The row stays to be told to its account, and is of no more use to the browser."""
    assert prove(services.identity, waiting, TotpCode("000000"), CLIENT) == Denied(SignInRefusal.START_AGAIN)


def _states(stage: Content) -> list[str]:
    return sorted(row[_index(AUTHENTICATOR.c.state)] for row in stage["authenticator"])


def _index(column: Column[Any]) -> int:
    return list(column.table.columns).index(column)


def _assert_only_counted(before: Content, counted: Content, table: str, *, rows: int = 1) -> None:
    """Nothing differs but what counts the try."""
    assert {name for name in before if before[name] != counted[name]} == {table}
    assert len([row for row in counted[table] if row not in before[table]]) == rows
