"""xpressbot accounts create --role, role and remove: the way out for a team whose owner is away."""

from tests.support.command_line import Shell
from tests.support.installation import PASSWORD
from tests.support.people import signed_in
from xpressbot.entrypoints.services import Services

FAILED = ABORTED = 1
MISUSED = 2
EMIL = "emil@example.com"


def test_an_account_is_made_with_the_role_that_is_asked_for(shell: Shell, services: Services) -> None:
    """But for the first, which is always an owner's. A role that there is not is a misuse, and makes nothing."""
    for email, role in (("anna@example.com", "agent"), ("carla@example.com", "admin")):
        assert shell.run("accounts", "create", "--email", email, "--name", "N", "--role", role, stdin=PASSWORD).code == 0
    listed = shell.run("accounts", "list").out
    assert [line.split("│")[5].strip() for line in listed.splitlines() if "@" in line] == ["owner", "admin"]
    wrong = shell.run("accounts", "create", "--email", EMIL, "--name", "N", "--role", "god", stdin=PASSWORD)
    assert (wrong.code, EMIL in shell.run("accounts", "list").out) == (MISUSED, False)
    assert services.identity.registration.has_owner()


def test_a_role_is_given_and_the_only_owner_keeps_theirs(shell: Shell, services: Services) -> None:
    """Once there is another owner, the first may lose it."""
    signed_in(services, "anna@example.com")
    signed_in(services, EMIL)
    refused = shell.run("accounts", "role", "anna@example.com", "agent")
    assert (refused.code, refused.err.startswith("No other owner is active.")) == (FAILED, True)
    given = shell.run("accounts", "role", EMIL, "owner")
    assert (given.code, given.out) == (0, f"The role of {EMIL} is owner now.\n")
    again = shell.run("accounts", "role", EMIL, "owner")
    assert (again.code, again.err) == (FAILED, "This was done already, by you or by somebody else. Nothing more has changed.\n")
    assert shell.run("accounts", "role", "anna@example.com", "agent").code == 0
    nobody = shell.run("accounts", "role", "nobody@example.com", "owner")
    assert (nobody.code, nobody.err) == (FAILED, "There is no account 'nobody@example.com'.\n")


def test_a_member_is_removed_once_it_is_confirmed(shell: Shell, services: Services) -> None:
    """The address is free then, and the only owner stays."""
    signed_in(services, "anna@example.com")
    emil = signed_in(services, EMIL)
    for answer in ("n\n", ""):
        assert shell.run("accounts", "remove", EMIL, stdin=answer).code == ABORTED
    assert services.identity.sessions.find(emil.token) is not None
    removed = shell.run("accounts", "remove", EMIL, stdin="y\n")
    assert (removed.code, removed.out.endswith(f"{EMIL} is removed. The address can be invited again.\n")) == (0, True)
    assert services.identity.sessions.find(emil.token) is None
    assert shell.run("accounts", "remove", EMIL, "--yes").code == FAILED
    assert shell.run("accounts", "remove", "anna@example.com", "--yes").err.startswith("No other owner is active.")
    assert signed_in(services, EMIL).account.id != emil.account.id
