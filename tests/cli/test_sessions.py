"""xpressbot sessions: the operator sees where an account is signed in, and signs it out (ASVS 7.4.5)."""

from tests.support.command_line import Shell
from tests.support.people import caller_with, session_by_password, signed_in
from xpressbot.entrypoints.services import Services
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.sessions.caller import Client

CHROME = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
EMAIL = "anna@example.com"
FAILED = 1


def test_the_operator_lists_and_ends_sessions(shell: Shell, services: Services) -> None:
    """One by its id, then all; what is ended opens nothing, and the person reads of it."""
    first = signed_in(services, EMAIL)
    second = caller_with(services, session_by_password(services, EMAIL, client=Client("198.51.100.4", CHROME)).session)
    listed = shell.run("sessions", "list", EMAIL).out
    assert listed.count(" live ") == 2
    assert all(text in listed for text in (first.session.id, "Firefox on Linux", "Chrome on Windows", "198.51.100.4", " pwd "))
    answer = shell.run("sessions", "end", EMAIL, "--session", first.session.id)
    assert (answer.code, answer.out) == (0, f"{EMAIL}: sessions that have ended: 1.\n")
    assert services.identity.sessions.find(first.token) is None
    assert services.identity.sessions.find(second.token) is not None
    again = shell.run("sessions", "end", EMAIL, "--session", first.session.id)
    assert (again.code, again.err) == (FAILED, f"{EMAIL} has no such session. See `xpressbot sessions list`.\n")
    assert shell.run("sessions", "end", EMAIL).out == f"{EMAIL}: sessions that have ended: 1.\n"
    assert shell.run("sessions", "end", EMAIL).out == f"{EMAIL}: sessions that have ended: 0.\n"
    assert services.identity.sessions.find(second.token) is None
    back = caller_with(services, session_by_password(services, EMAIL).session)
    assert [notice.kind for notice in services.identity.account_page.dashboard(back).notices].count(
        EventKind.SESSIONS_ENDED_BY_OPERATOR
    ) == 2


def test_a_session_of_another_account_is_not_ended(shell: Shell, services: Services) -> None:
    """The id has to belong to the account that is named; an account that there is not is said to be none."""
    signed_in(services, EMAIL)
    berta = signed_in(services, "berta@example.com")
    assert shell.run("sessions", "end", EMAIL, "--session", berta.session.id).code == FAILED
    assert services.identity.sessions.find(berta.token) is not None
    for words in (("list",), ("end",)):
        answer = shell.run("sessions", *words, "nobody@example.com")
        assert (answer.code, answer.err) == (FAILED, "There is no account 'nobody@example.com'.\n")
