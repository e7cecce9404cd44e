"""xpressbot mail: one mail now, and what happened in words."""

from pathlib import Path

import pytest

from tests.support.command_line import Answer, Shell
from tests.support.mail_server import PASSWORD, USER, Received, authority, free_port, mail_server, tls

ANNA = "anna@example.com"


def tried(shell: Shell, url: str, **more: str) -> Answer:
    settings = {"XPRESSBOT_SMTP_URL": url, "XPRESSBOT_MAIL_FROM": "XpressBot <bot@example.com>"} | more
    return shell.with_settings(**settings).run("mail", "test", ANNA)


@pytest.fixture(autouse=True)
def _made(shell: Shell) -> None:
    assert shell.run("accounts", "create", "--email", ANNA, "--name", "Anna", stdin="violet-anchor-meadow-kettle\n").code == 0


def test_without_a_server_the_mail_is_a_file_and_its_place_is_said(shell: Shell) -> None:
    """Nothing else is needed to see one."""
    answer = shell.run("mail", "test", ANNA)
    assert (answer.code, answer.err) == (0, "")
    path = Path(answer.out.removeprefix("No mail server is set. The mail was written to ").strip())
    assert path.parent == (shell.directory / "var" / "data" / "mail").resolve()
    assert b"This is the test mail that was asked for" in path.read_bytes()


def test_a_mail_that_was_taken_is_said_to_be(shell: Shell, tmp_path: Path) -> None:
    """Over TLS, with the password from its file. Neither is shown."""
    certificate, key = authority(tmp_path)
    password, port = tmp_path / "password", free_port()
    password.write_text(PASSWORD)
    with mail_server(port, starttls=tls(certificate, key), auth=True) as received:
        answer = tried(shell, f"smtp://{USER}@localhost:{port}", XPRESSBOT_SMTP_PASSWORD_FILE=str(password), SSL_CERT_FILE=str(certificate))
        assert (answer.code, answer.err) == (0, "")
        assert answer.out == f"localhost:{port} has taken the mail to {ANNA}. See whether it arrives, and not as spam.\n"
        refused = tried(shell, f"smtp://{USER}:wrong@localhost:{port}", SSL_CERT_FILE=str(certificate))
        untrusted = tried(shell, f"smtp://{USER}:wrong@localhost:{port}")
    assert received.recipients == [ANNA]
    assert refused.err.startswith(f"localhost:{port}: The server refused user or password. It said: 535 ")
    assert untrusted.err.startswith(f"localhost:{port}: The server's certificate cannot be trusted, and nothing was sent. It said: self")
    assert (refused.code, untrusted.code) == (1, 1)
    assert "wrong" not in refused.out + refused.err + untrusted.err


def test_each_fault_is_said_in_words(shell: Shell) -> None:
    """Nothing listens; no encryption is offered; the recipient is refused."""
    port = free_port()
    assert tried(shell, f"smtp://localhost:{port}").err == (
        f"localhost:{port}: The connection was refused: nothing listens on that port, or a firewall refuses it.\n"
    )
    with mail_server(port, received=Received(replies={ANNA: "550 No such\x1b[2J user"})):
        assert tried(shell, f"smtp://localhost:{port}").err.startswith(f"localhost:{port}: The server offers no encryption (STARTTLS)")
        refused = tried(shell, f"smtp://localhost:{port}?starttls=no")
    assert (refused.code, refused.err) == (1, f"localhost:{port}: The server refused the recipient. It said: 550 No such [2J user\n")


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"XPRESSBOT_SMTP_URL": "smtp://u:hidden@mail/x"}, "XPRESSBOT_SMTP_URL: must be like smtp://name:password@mail.example.com:587"),
        ({"XPRESSBOT_SMTP_URL": "smtp://mail"}, "XPRESSBOT_SMTP_URL needs XPRESSBOT_MAIL_FROM"),
        ({"XPRESSBOT_MAIL_FROM": "nobody"}, "XPRESSBOT_MAIL_FROM: must be one address"),
        ({"XPRESSBOT_SMTP_PASSWORD_FILE": "~/password"}, "XPRESSBOT_SMTP_PASSWORD_FILE: must be a whole path"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(shell: Shell, settings: dict[str, str], said: str) -> None:
    """At once, and without what may be secret in them."""
    answer = shell.with_settings(**settings).run("mail", "test", ANNA)
    assert answer.code == 2
    assert said in answer.err
    assert "hidden" not in answer.err


def test_an_address_that_is_none_is_refused(shell: Shell) -> None:
    """Before anything is sent."""
    answer = shell.run("mail", "test", "anna@example.com\nBcc: mallory@example.com")
    assert (answer.code, answer.out) == (1, "")
