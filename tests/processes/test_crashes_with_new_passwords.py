"""Ending the process at any statement leaves password, link and session as before or as after, never between."""

from sqlalchemy import update

from tests.support.crashes import crash_everywhere
from tests.support.installation import CLIENT, Installation
from tests.support.people import pending, protected, prove
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import PasswordStatus
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.outcomes import Done, NewPasswordRequired, SignedIn
from xpressbot.identity.sign_in.new_password_step import Subscriber
from xpressbot.identity.tables import ACCOUNT, LINK

NEW = "copper-lantern-willow-harbour"
_STATUS = [column.name for column in ACCOUNT.c if column.name != "password_hash"].index("password_status")
"""The stages leave password hashes out, whose salts differ from run to run."""
_CONSUMED = list(LINK.c).index(LINK.c.consumed_at)


def test_the_last_step_of_a_sign_in(installation: Installation) -> None:
    """The new password is in use and its session is there, or neither; the try is counted first."""
    services = installation.services
    anna = protected(services)
    with services.database.write() as connection:
        connection.execute(update(ACCOUNT).values(password_status=PasswordStatus.TO_BE_REPLACED.value))
        connection.commit()
    required = prove(services.identity, pending(services), TotpCode(anna.phone.code()), CLIENT)
    assert isinstance(required, NewPasswordRequired)
    subscriber = services.identity.new_password_step.subscriber(required.pending, CLIENT)
    assert isinstance(subscriber, Subscriber)

    def operation(services: Services) -> None:
        assert isinstance(services.identity.new_password_step.set(subscriber, NEW), SignedIn)

    before, counted, after = crash_everywhere(installation, operation, hashes=True)
    statuses = [stage["account"][0][_STATUS] for stage in (before, counted, after)]
    assert statuses == ["to_be_replaced", "to_be_replaced", "in_use"]
    assert before["session"] == counted["session"] != after["session"]
    assert [len(stage["session"]) for stage in (before, after)] == [1, 1]


def test_a_forgotten_password(installation: Installation) -> None:
    """The mail waits, or it does not; the try is counted first."""
    installation.add_account()

    def operation(services: Services) -> None:
        assert services.identity.forgotten.ask("anna@example.com", CLIENT) == Done()

    before, counted, after = crash_everywhere(installation, operation)
    assert [len(stage["outbox"]) for stage in (before, counted, after)] == [0, 0, 1]
    assert [len(stage["throttle_bucket"]) for stage in (before, counted, after)] == [0, 1, 1]


def test_a_new_password_by_a_link(installation: Installation) -> None:
    """Password, used link, ended sessions and event, or none of them."""
    services = installation.services
    protected(services)
    link = services.identity.password_reset.issue("anna@example.com")
    assert isinstance(link, Token)

    def operation(services: Services) -> None:
        assert services.identity.password_reset.set(link, NEW, CLIENT) == Done()

    before, counted, after = crash_everywhere(installation, operation, hashes=True)
    assert before["account"] == counted["account"] != after["account"]
    assert [[row[_CONSUMED] is None for row in stage["link"]] for stage in (before, counted, after)] == [[True], [True], [False]]
    assert [len(stage["session"]) for stage in (before, counted, after)] == [1, 1, 0]
