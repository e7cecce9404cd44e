"""xpressbot 2fa reset and accounts invite: what is printed, how it ends, and that the printed link works."""

import json
import os
import re
from pathlib import Path

import httpx
import pytest
from sqlalchemy import select

from tests.conftest import ENGINES
from tests.support.authenticator_app import AuthenticatorApp
from tests.support.browser import otpauth_uri, shown_codes
from tests.support.command_line import Answer, Shell
from tests.support.form_client import FormClient
from tests.support.installation import PASSWORD
from tests.support.optional import present
from tests.support.people import invited_address, must_enrol, protected, signed_in
from tests.support.postgres import new_database
from tests.support.server import serving
from xpressbot.entrypoints.services import Services
from xpressbot.foundation.clock import SystemClock
from xpressbot.foundation.tokens import Token
from xpressbot.identity.tables import LINK, SECURITY_EVENT

FAILED = 1
MISUSED = 2
ANNA = "anna@example.com"
BERTA = "berta@example.com"
KEPT = ["[red]lost[/red] :boom:", "<script>alert(1)</script>", "%(reason)s %d", "--reason", "naïve 電話", '"; DROP']
USELESS = ["", "berta", "berta@example", "a b@example.com", "b\x1b[31m@example.com", "\u202eb@example.com", "a" * 2000]
HOSTILE = ["", "   ", "x" * 101, "x" * 5000, "lost\x07", "a\nb\x1b[2J", "\x1b]0;owned\x07", "\u202etsol", b"\xff\xfe"]


@pytest.fixture(params=ENGINES)
def served(request: pytest.FixtureRequest, shell: Shell, tmp_path: Path) -> Shell:
    """A shell on either engine, the schema made."""
    if request.param == "sqlite":
        return shell
    url = new_database(request.getfixturevalue("postgres_server"), f"cli_{os.getpid()}_{request.node.name[:20]}")
    shell = shell.with_settings(XPRESSBOT_DATABASE_URL=url)
    assert shell.run("db", "upgrade").code == 0
    return shell


def reset(shell: Shell, email: str = ANNA, reason: str = "phone lost") -> Answer:
    return shell.run("2fa", "reset", email, "--reason", reason)


def printed_link(answer: Answer) -> str:
    """The one link in what a command printed."""
    assert (answer.code, answer.err) == (0, "")
    (link,) = re.findall(r"http\S+", answer.out)
    return str(link)


def token_of(link: str) -> Token:
    token = Token.parse(link.partition("token=")[2])
    assert token is not None
    return token


def test_a_reset_prints_one_link_and_what_to_do_with_it(shell: Shell, services: Services) -> None:
    """The link stands alone on its line, so that it can be copied whole."""
    protected(services)
    answer = reset(shell)
    link = printed_link(answer)
    assert answer.out == (
        "2FA of anna@example.com is reset, and all its sessions have ended.\n"
        "Make sure whom you are talking to, then hand over this link. Together with the password it sets up 2FA again,\n"
        "once, within 24 hours; an earlier one is void.\n"
        f"\n  {link}\n\n"
    )
    assert re.fullmatch(r"http://localhost:8000/link/re-enrolment\?token=[\w-]{43}", link)
    assert services.identity.re_enrolment.is_open(token_of(link))
    must_enrol(services)


def test_a_second_reset_voids_the_first_link(shell: Shell, services: Services) -> None:
    """Each prints another."""
    protected(services)
    first, second = (token_of(printed_link(reset(shell, reason=reason))) for reason in ("phone lost", "link lost"))
    assert [services.identity.re_enrolment.is_open(token) for token in (first, second)] == [False, True]


def test_the_link_bears_the_public_address(shell: Shell, services: Services) -> None:
    """That people reach XpressBot by, not the one it listens on."""
    protected(services)
    public = shell.with_settings(XPRESSBOT_PUBLIC_URL="https://chat.example.com")
    assert printed_link(reset(public)).startswith("https://chat.example.com/link/re-enrolment?token=")
    assert printed_link(public.run("accounts", "invite", BERTA)).startswith("https://chat.example.com/link/invite?token=")


def test_status_and_list_show_who_was_reset(shell: Shell, services: Services) -> None:
    """Until the new app has proven a code."""
    protected(services)
    reset(shell)
    text = "anna@example.com: 2FA was reset and is to be set up again, with the link from `xpressbot 2fa reset`\n"
    assert shell.run("2fa", "status", ANNA) == Answer(0, text, "")
    (line,) = (line for line in shell.run("accounts", "list").out.splitlines() if ANNA in line)
    email, _confirmed, *others = (cell.strip() for cell in line.strip("│").split("│"))
    assert [email, *others] == [ANNA, "Anna Berg", "active", "owner", "reset", ""]


def test_an_account_without_2fa_has_nothing_to_reset(shell: Shell, services: Services) -> None:
    """Exit code 1 and a sentence; the sessions go on."""
    caller = signed_in(services)
    assert reset(shell) == Answer(FAILED, "", "anna@example.com has 2FA off: there is nothing to reset.\n")
    assert services.identity.sessions.resolve(caller.client) is not None


def test_an_unknown_account_is_named(shell: Shell, services: Services) -> None:
    """Exit code 1 and a sentence; nothing is printed that looks like a link."""
    protected(services)
    assert reset(shell, "nobody@example.com") == Answer(FAILED, "", "There is no account 'nobody@example.com'.\n")


def test_an_account_is_found_however_its_address_is_spelt(shell: Shell, services: Services) -> None:
    """As everywhere."""
    protected(services)
    assert services.identity.re_enrolment.is_open(token_of(printed_link(reset(shell, " ANNA@Example.COM "))))


def test_a_disabled_account_is_reset_and_said_to_be_disabled(shell: Shell, services: Services) -> None:
    """Or the operator would hand over a link that leads to a refusal."""
    protected(services)
    shell.run("accounts", "disable", ANNA, "--yes")
    answer = reset(shell)
    assert answer.out.endswith("enabling it ends this link: `xpressbot accounts enable` first, then this again.\n")
    shell.run("accounts", "enable", ANNA)
    assert not services.identity.re_enrolment.is_open(token_of(printed_link(answer)))
    assert services.identity.re_enrolment.is_open(token_of(printed_link(reset(shell))))
    must_enrol(services)


def test_a_link_for_a_new_password_is_printed_alone_on_its_line(shell: Shell, services: Services) -> None:
    """ASVS 6.4.6: nobody but its person chooses a password. The link says how long it is good, and is no way round 2FA."""
    protected(services)
    answer = shell.run("accounts", "reset-password", " ANNA@Example.COM ")
    link = printed_link(answer)
    assert answer.out == (
        "Make sure whom you are talking to, then hand this link to ANNA@Example.COM. It sets a new password,\n"
        "once, within 1 hour. 2FA stays as it is: if it is on, the next sign-in asks for a code.\n"
        f"\n  {link}\n\n"
    )
    assert re.fullmatch(r"http://localhost:8000/link/password\?token=[\w-]{43}", link)
    assert present(services.identity.password_reset.account_of(token_of(link))).email == ANNA
    with services.database.read() as connection:
        issued = connection.execute(select(SECURITY_EVENT).where(SECURITY_EVENT.c.kind == "password.link_issued")).one()
    assert issued.actor == "operator"


def test_no_link_for_a_new_password_is_made_for_an_account_that_cannot_use_it(shell: Shell, services: Services) -> None:
    """One that is disabled, or is not there: exit code 1, a sentence, nothing that looks like a link."""
    signed_in(services)
    shell.run("accounts", "disable", ANNA, "--yes")
    assert shell.run("accounts", "reset-password", ANNA) == Answer(
        FAILED, "", "anna@example.com is disabled. Enable it first: a link made before that would not work.\n"
    )
    assert shell.run("accounts", "reset-password", BERTA) == Answer(FAILED, "", "There is no account 'berta@example.com'.\n")
    with services.database.read() as connection:
        assert connection.execute(select(LINK)).all() == []


def test_a_reset_needs_a_reason(shell: Shell, services: Services) -> None:
    """Without the option it is misused, and nothing is done."""
    protected(services)
    assert shell.run("2fa", "reset", ANNA).code == MISUSED
    assert present(services.identity.administration.summary(ANNA)).protected_since is not None


@pytest.mark.parametrize("reason", HOSTILE, ids=range(len(HOSTILE)))
def test_a_reason_that_no_operator_could_read_is_refused(shell: Shell, services: Services, reason: str | bytes) -> None:
    """Empty, too long, with controls or a turned reading direction: one sentence, and nothing was reset."""
    protected(services)
    answer = reset(shell, reason=os.fsdecode(reason) if isinstance(reason, bytes) else reason)
    assert answer == Answer(FAILED, "", "The reason must have 1 to 100 characters and no control characters.\n")
    assert present(services.identity.administration.summary(ANNA)).protected_since is not None


@pytest.mark.parametrize(
    "reason", ["[red]lost[/red] :boom:", "<script>alert(1)</script>", "%(reason)s %d", "--reason", "naïve 電話", '"; DROP']
)
def test_a_reason_is_kept_as_it_was_typed(shell: Shell, services: Services, reason: str) -> None:
    """And draws nothing on the terminal: it is not printed."""
    protected(services)
    answer = reset(shell, reason=reason)
    assert answer.code == 0
    assert reason not in answer.out
    assert services.identity.re_enrolment.is_open(token_of(printed_link(answer)))
    with services.database.read() as connection:
        stored = connection.execute(select(SECURITY_EVENT).where(SECURITY_EVENT.c.kind == "two_factor.reset")).one()
    assert (stored.actor, json.loads(stored.details)) == ("operator", {"reason": reason})


def test_an_invitation_prints_one_link(shell: Shell, services: Services) -> None:
    """For the address as it was typed; a second one voids it."""
    signed_in(services)
    answer = shell.run("accounts", "invite", " Berta@Example.com")
    link = printed_link(answer)
    assert answer.out == (
        f"Hand this link to Berta@Example.com. It makes their account, once, within 24 hours; an earlier one is void.\n\n  {link}\n\n"
    )
    assert re.fullmatch(r"http://localhost:8000/link/invite\?token=[\w-]{43}", link)
    assert invited_address(services.identity, token_of(link)) == "Berta@Example.com"
    second = token_of(printed_link(shell.run("accounts", "invite", "berta@example.com")))
    assert [invited_address(services.identity, token) for token in (token_of(link), second)] == [None, BERTA]


def test_the_first_invitation_says_that_it_makes_the_owner(shell: Shell, services: Services) -> None:
    """No person becomes the owner unawares."""
    answer = shell.run("accounts", "invite", BERTA)
    assert "There is no account yet, and the first one made is the owner's.\n" in answer.out
    assert printed_link(answer)


def test_an_address_that_has_an_account_is_not_invited(shell: Shell, services: Services) -> None:
    """However it is spelt."""
    signed_in(services)
    assert shell.run("accounts", "invite", "ANNA@example.com") == Answer(
        FAILED, "", "There is an account with this address already: its person is in the team.\n"
    )
    with services.database.read() as connection:
        assert connection.execute(select(LINK)).all() == []


@pytest.mark.parametrize(
    "email", ["", "berta", "berta@example", "a b@example.com", "b\x1b[31m@example.com", "\u202eb@example.com", "a" * 2000]
)
def test_a_useless_address_is_not_invited(shell: Shell, email: str) -> None:
    """Control characters are shown escaped, and nothing is made on the disk."""
    answer = shell.run("accounts", "invite", email)
    assert (answer.code, answer.out, answer.err.count("\n")) == (FAILED, "", 1)
    assert answer.err.startswith(f"{email!r} is no usable e-mail address.")
    assert not (shell.directory / "var").exists()


def test_printed_links_work_from_end_to_end(served: Shell) -> None:
    """Invited, 2FA on, everything lost, reset, set up again with password and link, signed in with the new app: on both engines."""
    with serving(served) as server:
        headers = {"Origin": server.url, "Sec-Fetch-Site": "same-origin"}
        shell = served.with_settings(XPRESSBOT_PUBLIC_URL=server.url)
        with FormClient(base_url=server.url, headers=headers) as berta:
            berta.get(printed_link(shell.run("accounts", "invite", BERTA)), follow_redirects=True)
            assert berta.post("/link/invite", data={"name": "Berta", "password": PASSWORD}).headers["location"] == "/"
            enable(berta)
        link = printed_link(reset(shell, BERTA))
        with FormClient(base_url=server.url, headers=headers) as berta:
            assert sign_in(berta) == "/link/re-enrolment"
            assert berta.get(link).headers["location"] == "/link/re-enrolment"
            phone = enable(berta)
            berta.post("/sign-out")
            assert sign_in(berta) == "/sign-in/code"
            assert berta.post("/sign-in/code", data={"code": phone.code(steps=1)}).headers["location"] == "/"
            assert berta.get(link).status_code == 410
        assert token_of(link).text.encode() not in server.logs


def sign_in(client: httpx.Client) -> str:
    return client.post("/sign-in", data={"email": BERTA, "password": PASSWORD}).headers["location"]


def enable(client: httpx.Client) -> AuthenticatorApp:
    """Set up 2FA and keep the codes; the code of the step before turns it on, so that the next is not far."""
    client.post("/account/2fa/start")
    phone = AuthenticatorApp(otpauth_uri(client.get("/account/2fa/setup").text), SystemClock())
    assert client.post("/account/2fa/confirm", data={"code": phone.code()}).headers["location"] == "/account/2fa/recovery-codes"
    assert len(shown_codes(client.get("/account/2fa/recovery-codes").text)) == 10
    client.post("/account/2fa/recovery-codes/continue")
    return phone
