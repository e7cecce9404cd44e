"""xpressbot accounts and xpressbot 2fa: what the operator types, what it does, how it ends."""

import re
import sqlite3
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tests.support.command_line import SOURCE, Answer, Shell
from tests.support.installation import CLIENT, PASSWORD
from tests.support.optional import present
from tests.support.people import caller_with, enrolment_steps, pending, protected, refused, session_by_password
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.times import SECOND
from xpressbot.foundation.tokens import Token
from xpressbot.identity.accounts.rules.account import AccountStatus
from xpressbot.identity.factors.totp.kind import TotpCode
from xpressbot.identity.factors.two_factor import InPlace
from xpressbot.identity.sessions.caller import Client

FAILED = 1
MISUSED = 2


def create(shell: Shell, email: str = "anna@example.com", name: str = "Anna Berg", password: str | bytes = PASSWORD + "\n") -> Answer:
    return shell.run("accounts", "create", "--email", email, "--name", name, stdin=password)


def test_an_account_is_made_with_the_password_from_standard_input(shell: Shell, services: Services) -> None:
    """The line's end and a byte order mark are no part of the password, and the first account is the owner's."""
    assert create(shell) == Answer(0, "Account anna@example.com created.\n", "")
    assert services.identity.registration.has_owner()
    for number, line in enumerate([PASSWORD, PASSWORD + "\r\n", f"\ufeff{PASSWORD}\n"]):
        assert create(shell, f"user{number}@example.com", password=line).code == 0
        caller_with(services, session_by_password(services, f"user{number}@example.com", client=_client()).session)


def test_a_password_keeps_the_white_space_that_belongs_to_it(shell: Shell, services: Services) -> None:
    """Only the line's end is taken away: leading and trailing spaces stay (ASVS 6.2.8)."""
    assert create(shell, password=f"  {PASSWORD} \n").code == 0
    caller_with(services, session_by_password(services, "anna@example.com", f"  {PASSWORD} ", client=_client()).session)


@pytest.mark.parametrize(
    ("password", "message"),
    [
        ("short", "Use at least 15 characters. A few unrelated words make a good passphrase.\n"),
        ("", "There is no password on standard input.\n"),
        ("\n", "There is no password on standard input.\n"),
        ("\ufeff\r\n", "There is no password on standard input.\n"),
        (f"{PASSWORD}\n{PASSWORD}\n", "There is more than one line on standard input. The password is one line.\n"),
        (f"{PASSWORD}\n\n", "There is more than one line on standard input. The password is one line.\n"),
        (f"{PASSWORD}\r\n\r\n", "There is more than one line on standard input. The password is one line.\n"),
        (f"{PASSWORD}\r{PASSWORD}", "There is more than one line on standard input. The password is one line.\n"),
        (f"\n{PASSWORD}\n", "There is more than one line on standard input. The password is one line.\n"),
        (f"{PASSWORD}\x00", "It has a control character or a line break, which cannot be typed when you sign in. Leave that out.\n"),
        (f"{PASSWORD}\t\n", "It has a control character or a line break"),
        (f"{PASSWORD}\x1b[A\n", "It has a control character or a line break"),
        (f"{PASSWORD}\x85\n", "It has a control character or a line break"),
        (f"{PASSWORD}\u2028{PASSWORD}\n", "It has a control character or a line break"),
        (PASSWORD.encode("utf-16"), "The password is not UTF-8 text.\n"),
        (PASSWORD.encode() + b"\xed\xa0\x80\n", "The password is not UTF-8 text.\n"),
        ("passwordpassword", "This would be guessed quickly"),
        ("anna.berg-xpressbot", "Your name, your address and the product's name are tried first"),
        ("x" * 1025, "Use at most 1,024 bytes."),
        ("y" * 1_000_000, "Use at most 1,024 bytes."),
    ],
)
def test_a_weak_or_unusable_password_is_refused_with_the_reason(
    shell: Shell, services: Services, password: str | bytes, message: str
) -> None:
    """Exit code 1, one sentence on standard error, no account, and the password in neither stream."""
    answer = create(shell, password=password)
    assert (answer.code, answer.out) == (FAILED, "")
    assert answer.err.startswith(message)
    assert len(password) < 15 or PASSWORD not in answer.err
    assert shell.run("accounts", "list").out.count("example.com") == 0


def test_a_password_that_is_no_text_is_refused_without_a_traceback(shell: Shell) -> None:
    """Bytes that are not UTF-8 cannot be typed at the sign-in page either."""
    answer = create(shell, password=b"\xff\xfe" * 20)
    assert answer.code in {FAILED, MISUSED}
    assert "Traceback" not in answer.err
    assert answer.err.count("\n") == 1


@pytest.mark.parametrize(
    "email",
    [
        "",
        "anna",
        "anna@",
        "anna@example..com",
        "anna@example.com.",
        "anna@[192.0.2.1]",
        "anna@192.0.2.1",
        "@example.com",
        "anna@example",
        "a b@example.com",
        "a\x1b[31m@example.com",
        "a@b.c" * 60,
    ],
)
def test_a_useless_address_is_refused(shell: Shell, email: str) -> None:
    """Before the password is asked for; control characters are shown escaped."""
    answer = create(shell, email=email)
    assert (answer.code, answer.out, answer.err) == (FAILED, "", f"{email!r} is no usable e-mail address.\n")


def test_a_closed_standard_input_has_no_password(shell: Shell, services: Services) -> None:
    """As some supervisors start programs: a sentence, and no traceback."""
    closed = ("sh", "-c", f'exec {sys.executable} -m xpressbot "$@" <&-', "sh")
    answer = (
        replace(shell, command=closed)
        .with_settings(PYTHONPATH=str(SOURCE))
        .run_fresh("accounts", "create", "--email", "anna@example.com", "--name", "Anna Berg")
    )
    assert answer == Answer(FAILED, "", "There is no password on standard input.\n")


@pytest.mark.parametrize(
    ("email", "reason"),
    [
        ("anna\u200b@example.com", "A character in this address cannot be seen."),
        ("anna@exam\ufe0fple.com", "A character in this address cannot be seen."),
        ("jörg@example.com", "Before the @, use only letters from A to Z, digits and signs."),
    ],
)
@pytest.mark.parametrize("command", ["create", "invite"])
def test_an_address_that_forms_refuse_is_refused_with_the_reason(shell: Shell, command: str, email: str, reason: str) -> None:
    """The sentence is the form's own."""
    answer = create(shell, email=email) if command == "create" else shell.run("accounts", "invite", email)
    assert (answer.code, answer.out) == (FAILED, "")
    assert answer.err.startswith(f"{email!r} is no usable e-mail address. {reason}")


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "Anna\x07"])
def test_a_useless_name_is_refused(shell: Shell, name: str) -> None:
    """One sentence says what a name may be."""
    answer = create(shell, name=name)
    assert (answer.code, answer.err) == (FAILED, "The name must have 1 to 100 characters and no control characters.\n")


def test_a_taken_address_is_refused_however_it_is_spelt(shell: Shell, services: Services) -> None:
    """Nothing of the first account changes."""
    create(shell)
    answer = create(shell, email="ANNA@Example.com", name="Another", password="lantern-pebble-orchid-thunder")
    assert answer == Answer(FAILED, "", "There is an account with this address already.\n")
    caller_with(services, session_by_password(services, "anna@example.com", client=_client()).session)


def test_the_list_tells_who_is_there_and_how_protected(shell: Shell, services: Services) -> None:
    """Address and since when it is confirmed, name, status, owner, 2FA and codes left; nothing secret."""
    create(shell)
    protected(services, "bela@example.com")
    answer = shell.run("accounts", "list")
    assert answer.code == 0
    anna, bela = (next(line for line in answer.out.splitlines() if address in line) for address in ("anna@", "bela@"))
    assert [cell.strip() for cell in anna.strip("│").split("│")] == [
        "anna@example.com",
        "no",
        "Anna Berg",
        "active",
        "owner",
        "disabled",
        "",
    ]
    cells = [cell.strip() for cell in bela.strip("│").split("│")]
    confirmed = datetime.fromtimestamp(services.clock.now() // SECOND, tz=UTC).strftime("%Y-%m-%d")
    assert cells == ["bela@example.com", confirmed, "Anna Berg", "active", "agent", f"enabled {confirmed}", "10"]


def test_the_list_shows_what_is_odd_about_an_address(shell: Shell) -> None:
    """Other letters stand beside their scripts and the form without them; the rest is as it is."""
    create(shell, "anna@example.com")
    create(shell, "anna@bücher.example")
    create(shell, "anna@ex\u0430mple.com")
    create(shell, "anna@\u0430\u0440\u0440\u04cf\u0435.com")
    listed = [line.strip("│").split("│")[0].strip() for line in shell.run("accounts", "list").out.splitlines() if "@" in line]
    assert sorted(listed) == sorted(
        [
            "anna@example.com",
            "anna@bücher.example (anna@xn--bcher-kva.example)",
            "anna@xn--exmple-4nf.com (Cyrillic + Latin)",
            "anna@\u0430\u0440\u0440\u04cf\u0435.com (Cyrillic + Latin, anna@xn--80ak6aa92e.com)",
        ]
    )


def test_names_cannot_draw_on_the_operators_terminal(shell: Shell) -> None:
    """A name in rich's markup is shown as it is."""
    create(shell, name="[red]Anna[/red] :warning:")
    assert "[red]Anna[/red] :warning:" in shell.run("accounts", "list").out


def test_a_disabled_account_loses_its_sessions_and_an_enabled_one_may_sign_in_again(shell: Shell, services: Services) -> None:
    """Disabling takes effect in the running server at once; enabling does not bring old sessions back."""
    create(shell)
    session = session_by_password(services, "anna@example.com", client=_client()).session

    assert shell.run("accounts", "disable", "anna@example.com", "--yes") == Answer(0, "Account anna@example.com is disabled.\n", "")
    assert services.identity.sessions.resolve(_client(session)) is None
    assert shell.run("accounts", "disable", "Anna@Example.com").code == 0
    assert "disabled" in shell.run("accounts", "list").out
    assert shell.run("accounts", "enable", "anna@example.com") == Answer(0, "Account anna@example.com is active.\n", "")
    assert services.identity.sessions.resolve(_client(session)) is None
    account = present(services.identity.administration.summary("anna@example.com")).account
    assert account.security_version == 3  # each change voids what came before
    caller_with(services, session_by_password(services, "anna@example.com", client=_client()).session)


def test_disabling_the_only_active_owner_is_asked_about_first(shell: Shell, services: Services) -> None:
    """Whoever it is then, nobody in the team could administer it. The others are not asked about, as scripts rely on."""
    for email in ("anna@example.com", "bela@example.com"):
        create(shell, email)

    def status(email: str) -> AccountStatus | None:
        return present(services.identity.administration.summary(email)).account.status

    for typed in ("", "n\n"):
        asked = shell.run("accounts", "disable", "anna@example.com", stdin=typed)
        assert (asked.code, status("anna@example.com")) == (1, AccountStatus.ACTIVE)
        assert asked.out.startswith("anna@example.com is the only active owner.")
        assert "`xpressbot accounts role`" in asked.out
    assert shell.run("accounts", "disable", "bela@example.com") == Answer(0, "Account bela@example.com is disabled.\n", "")
    assert shell.run("accounts", "disable", "anna@example.com", stdin="y\n").code == 0
    assert status("anna@example.com") is AccountStatus.DISABLED
    assert shell.run("accounts", "disable", "anna@example.com").code == 0  # it is, so that there is nothing to ask


def test_an_owner_beside_another_is_disabled_without_a_question(shell: Shell, services: Services) -> None:
    """A suspended one is none."""
    create(shell, "anna@example.com")
    create(shell, "bela@example.com")
    assert shell.run("accounts", "role", "bela@example.com", "owner").code == 0
    assert shell.run("accounts", "disable", "anna@example.com").code == 0
    assert shell.run("accounts", "disable", "bela@example.com").code == 1
    assert present(services.identity.administration.summary("bela@example.com")).account.status is AccountStatus.ACTIVE


def test_disabling_ends_a_sign_in_that_waits_for_its_code(shell: Shell, services: Services) -> None:
    """Also after the account was enabled again."""
    protected(services)
    waiting = pending(services)
    shell.run("accounts", "disable", "anna@example.com", "--yes")
    shell.run("accounts", "enable", "anna@example.com")
    assert refused(services.identity.second_step.claimant(waiting, CLIENT)).reason == "start_again"


@pytest.mark.parametrize("command", [("accounts", "disable"), ("accounts", "enable"), ("2fa", "status")])
def test_an_unknown_account_is_named(shell: Shell, command: tuple[str, str]) -> None:
    """Exit code 1 and a sentence."""
    create(shell)
    assert shell.run(*command, "nobody@example.com") == Answer(FAILED, "", "There is no account 'nobody@example.com'.\n")


def test_the_2fa_status_is_told(shell: Shell, services: Services) -> None:
    """Off, and on since when with how many codes; setting up alone changes nothing."""
    create(shell)
    assert shell.run("2fa", "status", "anna@example.com") == Answer(0, "anna@example.com: 2FA Disabled\n", "")
    caller = caller_with(services, session_by_password(services, "anna@example.com", client=_client()).session)
    phone, _secret = enrolment_steps(services, caller)
    assert shell.run("2fa", "status", "anna@example.com").out.endswith("2FA Disabled\n")
    assert isinstance(services.identity.two_factor.confirm(caller, TotpCode(phone.code())), InPlace)
    answer = shell.run("2fa", "status", "ANNA@example.com")
    assert answer.out.startswith("anna@example.com: 2FA Enabled since 20")
    assert answer.out.endswith(", 10 recovery codes left\n")


@pytest.mark.parametrize(
    "arguments", [("accounts", "create"), ("accounts", "disable"), ("accounts", "explode"), ("2fa",), ("serve", "--port", "0")]
)
def test_a_command_that_is_misused_says_how_to_use_it(shell: Shell, arguments: tuple[str, ...]) -> None:
    """Exit code 2, and nothing is made on the disk."""
    answer = shell.run(*arguments)
    assert answer.code == MISUSED
    assert re.search(r"Usage: (\S.*)?xpressbot", answer.err + answer.out)
    assert not (shell.directory / "var").exists()


def test_files_that_a_command_makes_are_its_users_own(shell: Shell) -> None:
    """Database and key ring, and the directories they lie in, are closed to group and others."""
    create(shell)
    made = [path for path in (shell.directory / "var").rglob("*") if path.parent != shell.directory]
    assert {path.name for path in made} >= {"data", "keys", "keyring.json", "xpressbot.sqlite3"}
    assert [path for path in made if path.stat().st_mode & 0o077] == []


def test_the_password_stands_nowhere_on_the_disk(shell: Shell) -> None:
    """Nor in what the command said."""
    answer = create(shell)
    files = [path.read_bytes() for path in (shell.directory / "var").rglob("*") if path.is_file()]
    assert any(b"anna@example.com" in content for content in files)
    assert not any(PASSWORD.encode() in content for content in files)
    assert PASSWORD not in answer.out + answer.err
    with sqlite3.connect(shell.directory / "var" / "data" / "xpressbot.sqlite3") as connection:
        (stored,) = connection.execute("SELECT password_hash FROM account").fetchone()
    connection.close()
    assert stored.startswith("$argon2id$v=19$m=8,t=1,p=1$")


def _client(session: Token | None = None) -> Client:
    return replace(CLIENT, session=session)
