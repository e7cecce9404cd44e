"""Handing mails to a real SMTP server: what is taken, and what each fault is called."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from tests.support.mail_server import HOST, PASSWORD, USER, Received, Script, authority, free_port, mail_server, misbehaving_server, tls
from xpressbot.foundation.mail.message import Letter, Sender, compose
from xpressbot.foundation.mail.smtp import SmtpTransport
from xpressbot.foundation.mail.smtp_url import Security, SmtpServer
from xpressbot.foundation.mail.transport import FailureReason, SendFailure
from xpressbot.foundation.times import SECOND

pytestmark = pytest.mark.filterwarnings("ignore:Requiring AUTH while not requiring TLS:UserWarning")  # it knows of no smtps
ID = "0" * 32
ANNA = "anna@example.com"
EHLO, OK = "250 here", "250 OK"
UP_TO_DATA = {"EHLO": EHLO, "MAIL": OK, "RCPT": OK}
HANGS_SECONDS = 60
"""What takes so long hangs, however busy the machine is."""


def letter(subject: str = "Größe", text: str = "Zwölf Boxkämpfer.\n.\nEnde\n") -> EmailMessage:
    return compose(Sender("bot@example.com", "Bot"), Letter(ANNA, subject, text, "en"), ID, 1_790_000_000 * SECOND)


def send(server: SmtpServer, **options: float) -> SendFailure | None:
    return SmtpTransport(server, HOST, **options).send(ID, letter())


@pytest.fixture
def certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """Of the server's host, signed by an authority that this machine trusts."""
    files = authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    return files


@pytest.fixture
def plain() -> Iterator[tuple[SmtpServer, Received]]:
    """A server without TLS, and the way to it."""
    port = free_port()
    with mail_server(port) as received:
        yield SmtpServer(HOST, port, Security.NONE), received


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
def test_a_mail_is_taken_over_tls_from_one_who_signs_in(security: Security, certificate: tuple[Path, Path]) -> None:
    """Whole, with its own lines of one dot, and only once encrypted."""
    port, context = free_port(), tls(*certificate)
    starttls, smtps = (context, None) if security is Security.STARTTLS else (None, context)
    with mail_server(port, starttls=starttls, smtps=smtps, auth=True) as received:
        assert send(SmtpServer(HOST, port, security, USER, PASSWORD)) is None
    assert (received.encrypted, received.ids) == ([True], [f"<{ID}@example.com>"])
    assert received.mails[0].get_content().replace("\r\n", "\n") == "Zwölf Boxkämpfer.\n.\nEnde\n"
    assert all(byte < 128 for byte in received.raw[0])


def test_the_password_is_read_from_its_file_for_each_mail(certificate: tuple[Path, Path], tmp_path: Path) -> None:
    """A new one needs no restart; one that cannot be read is a fault with a name of its own."""
    port, file = free_port(), tmp_path / "password"
    transport = SmtpTransport(SmtpServer(HOST, port, Security.STARTTLS, USER, password_file=file), HOST)
    with mail_server(port, starttls=tls(*certificate), auth=True) as received:
        assert transport.send(ID, letter()) == SendFailure(FailureReason.PASSWORD_FILE_UNUSABLE, "No such file or directory")
        file.write_text("ümlaut\n")
        failure = transport.send(ID, letter())
        assert failure is not None
        assert failure.reason is FailureReason.PASSWORD_FILE_UNUSABLE
        assert "ümlaut" not in failure.detail
        file.write_text(f"{PASSWORD}\n")
        assert transport.send(ID, letter()) is None
    assert len(received.mails) == 1


def test_a_wrong_password_is_told(certificate: tuple[Path, Path]) -> None:
    """With what the server says of it."""
    port = free_port()
    with mail_server(port, starttls=tls(*certificate), auth=True) as received:
        failure = send(SmtpServer(HOST, port, Security.STARTTLS, USER, "wrong"))
    assert failure is not None
    assert (failure.reason, failure.detail[:3], received.commands) == (FailureReason.AUTHENTICATION_REFUSED, "535", [])


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
@pytest.mark.parametrize(("host", "trusted", "said"), [(HOST, False, "self"), ("mail.example", True, "ostname mismatch")])
def test_nothing_is_sent_to_a_server_with_a_wrong_certificate(
    security: Security, host: str, *, trusted: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Signed by nobody who is trusted, and made for another host. The reason is told."""
    files = authority(tmp_path, host)
    if trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
    port = free_port()
    starttls, smtps = (tls(*files), None) if security is Security.STARTTLS else (None, tls(*files))
    with mail_server(port, starttls=starttls, smtps=smtps) as received:
        failure = send(SmtpServer(HOST, port, security, USER, PASSWORD))
    assert failure is not None
    assert (failure.reason, received.commands) == (FailureReason.CERTIFICATE_REFUSED, [])
    assert said in failure.detail


def test_nothing_is_sent_where_no_encryption_is_offered(plain: tuple[SmtpServer, Received]) -> None:
    """An attacker on the way can hide the offer: neither password nor mail follows."""
    server, received = plain
    assert send(replace(server, security=Security.STARTTLS, user=USER, password=PASSWORD)) == SendFailure(FailureReason.NO_STARTTLS)
    assert received.commands == []
    assert send(server) is None


@pytest.mark.parametrize(
    ("refusing", "reply", "reason", "is_final"),
    [
        (ANNA, "550 No such user", FailureReason.RECIPIENT_REFUSED, True),
        (ANNA, "450 Mailbox busy", FailureReason.RECIPIENT_REFUSED, False),
        ("MAIL", "553 Not yours", FailureReason.SENDER_REFUSED, False),
        ("DATA", "554 Looks like spam", FailureReason.MESSAGE_REFUSED, False),
        ("DATA", "451 Try later", FailureReason.MESSAGE_REFUSED, False),
    ],
)
def test_a_refusal_says_what_was_refused(
    refusing: str, reply: str, reason: FailureReason, *, is_final: bool, plain: tuple[SmtpServer, Received]
) -> None:
    """Only a recipient that is refused for good ends all tries."""
    server, received = plain
    received.replies[refusing] = reply
    assert send(server) == SendFailure(reason, reply, is_final)
    assert received.mails == []


def test_a_server_that_does_not_take_passwords_is_told_apart(plain: tuple[SmtpServer, Received]) -> None:
    """Nothing is sent as nobody."""
    server, received = plain
    failure = send(replace(server, user=USER, password=PASSWORD))
    assert failure is not None
    assert (failure.reason, received.commands) == (FailureReason.NO_AUTHENTICATION, [])


def test_a_server_that_is_not_there_is_told_apart(tmp_path: Path) -> None:
    """By its port and by its name."""
    assert send(SmtpServer(HOST, free_port(), Security.NONE)) == SendFailure(FailureReason.CONNECTION_REFUSED)
    failure = send(SmtpServer("xpressbot.invalid", 25, Security.NONE))
    assert failure is not None
    assert failure.reason is FailureReason.HOST_UNKNOWN


HANGING = {
    "at once": Script(None),
    "after the greeting": Script("220 here"),
    "at the recipient": Script("220 here", {"EHLO": EHLO, "MAIL": OK}),
    "after the mail": Script("220 here", UP_TO_DATA | {"DATA": "354 go on"}),
}


@pytest.mark.parametrize("script", HANGING.values(), ids=HANGING)
@pytest.mark.parametrize("limit", [{"step_seconds": 0.05}, {"mail_seconds": 0.05}], ids=["one step", "the whole mail"])
def test_a_server_that_hangs_is_left(script: Script, limit: dict[str, float]) -> None:
    """Whatever it has said before, by the limit of one step, and by that of the whole mail."""
    with misbehaving_server(Script(script.greeting, script.answers)) as port:
        failure = send(SmtpServer(HOST, port, Security.NONE), **limit)
    assert failure is not None
    assert failure.reason is FailureReason.TIMED_OUT
    assert failure.is_uncertain == (script is HANGING["after the mail"])


DYING = {
    "before the greeting's end": (Script("220-here", {}), FailureReason.TIMED_OUT),
    "at the sender": (Script("220 here", {"EHLO": EHLO, "MAIL": None}), FailureReason.DISCONNECTED),
    "before the mail": (Script("220 here", UP_TO_DATA | {"DATA": None}), FailureReason.DISCONNECTED),
    "in mid-message": (Script("220 here", UP_TO_DATA | {"DATA": "354 go on", ".": None}), FailureReason.DISCONNECTED),
    "unwilling": (Script("554 no", {}), FailureReason.SERVER_UNWILLING),
    "without sense": (Script("hello", {}), FailureReason.SERVER_UNWILLING),
}


@pytest.mark.parametrize(("script", "reason"), DYING.values(), ids=DYING)
def test_a_server_that_hangs_up_has_not_taken_the_mail(script: Script, reason: FailureReason) -> None:
    """At any moment before it says so."""
    with misbehaving_server(script) as port:
        failure = send(SmtpServer(HOST, port, Security.NONE), step_seconds=0.2)
    assert failure is not None
    assert failure.reason is reason
    assert failure.is_uncertain == (script is DYING["in mid-message"][0])


@pytest.mark.parametrize("answer", [None, "500 what"])
def test_what_follows_the_acceptance_changes_nothing(answer: str | None) -> None:
    """The mail is taken, whether or not the server says goodbye."""
    with misbehaving_server(Script("220 here", UP_TO_DATA | {"DATA": "354 go on", ".": "250 taken", "QUIT": answer})) as port:
        assert send(SmtpServer(HOST, port, Security.NONE)) is None


def test_a_process_that_ends_lets_go_of_a_server_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Soon, and not when the server's time is over."""
    monkeypatch.setattr("xpressbot.foundation.mail.smtp.STOP_SECONDS", 0)
    script = Script("220 here")
    with misbehaving_server(script) as port:
        transport = SmtpTransport(SmtpServer(HOST, port, Security.NONE), HOST)
        found = in_background(lambda: transport.send(ID, letter()))
        assert script.connected.wait(HANGS_SECONDS)
        transport.stop()
        failure = found()
    assert failure is not None
    assert failure.reason is FailureReason.TIMED_OUT


def test_a_process_that_ends_while_a_connection_is_made_does_not_wait_for_the_server(monkeypatch: pytest.MonkeyPatch) -> None:
    """There is no connection to cut yet; the first answer is not waited for."""
    monkeypatch.setattr("xpressbot.foundation.mail.smtp.STOP_SECONDS", 0)
    connect = socket.create_connection

    def connect_at_the_end(*arguments: Any, **options: Any) -> socket.socket:
        connection = connect(*arguments, **options)
        transport.stop()
        for timer in [one for one in threading.enumerate() if isinstance(one, threading.Timer) and one.interval == 0]:
            timer.join(HANGS_SECONDS)
        return connection

    monkeypatch.setattr(socket, "create_connection", connect_at_the_end)
    with misbehaving_server(Script(None)) as port:
        transport = SmtpTransport(SmtpServer(HOST, port, Security.NONE), HOST, step_seconds=HANGS_SECONDS)
        failure = in_background(lambda: transport.send(ID, letter()))()
    assert failure is not None
    assert failure.reason is FailureReason.TIMED_OUT


def in_background(work: Callable[[], SendFailure | None]) -> Callable[[], SendFailure | None]:
    pool = ThreadPoolExecutor(1)
    future = pool.submit(work)
    pool.shutdown(wait=False)
    return lambda: future.result(HANGS_SECONDS)
