"""Handing mails to an SMTP server (RFC 5321, RFC 6409). The server's certificate is verified, and every step has a limit."""

import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from email.message import EmailMessage
from typing import Any, Final

from xpressbot.foundation.mail.smtp_url import Security, SmtpServer
from xpressbot.foundation.mail.transport import FailureReason, SendFailure

STEP_SECONDS: Final = 20
"""How long one answer of the server may take, and one part of it."""
MAIL_SECONDS: Final = 90
"""How long one mail may take in all: a server that sends byte by byte keeps no step waiting for too long."""
STOP_SECONDS: Final = 5
"""How much longer a mail may take once the process is to end."""
_QUIT_SECONDS: Final = 2
"""The mail is taken by then: the answer to QUIT matters to nobody."""
_MOST_SAID: Final = 300
_GO_ON: Final = 354
_WITHOUT_ANSWER: Final = frozenset({FailureReason.TIMED_OUT, FailureReason.DISCONNECTED})


class _Watched:
    """The connection that is open, so that it can be cut from another thread."""

    def __init__(self) -> None:
        self.client: smtplib.SMTP | None = None
        self.is_cut = False
        self.is_asked_for_mail = False
        """Whether the server has asked for the mail itself (354)."""

    def cut(self) -> None:
        """End it: what waits for the server goes on at once, with an error."""
        self.is_cut = True
        connection = self.client.sock if self.client is not None else None
        if connection is not None:
            with suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


class _Client(smtplib.SMTP):
    """One that can be cut while it still waits for the greeting."""

    def __init__(self, watched: _Watched, **options: Any) -> None:
        watched.client, self._watched = self, watched
        super().__init__(**options)

    def getreply(self) -> tuple[int, bytes]:
        if self._watched.is_cut:  # before there was a connection to cut
            self.close()
            raise smtplib.SMTPServerDisconnected
        code, said = super().getreply()
        self._watched.is_asked_for_mail |= code == _GO_ON
        return code, said


class _TlsClient(_Client, smtplib.SMTP_SSL):
    """The same, encrypted from the start."""


class SmtpTransport:
    """Hands mails to one server, one connection for each. Authorities other than the system's: OpenSSL's variable SSL_CERT_FILE."""

    def __init__(
        self, server: SmtpServer, own_name: str, *, step_seconds: float = STEP_SECONDS, mail_seconds: float = MAIL_SECONDS
    ) -> None:
        """own_name: how this machine introduces itself (EHLO)."""
        self.server = server
        self._own_name = own_name
        self._step_seconds = step_seconds
        self._mail_seconds = mail_seconds
        self._watched = _Watched()

    def send(self, mail_id: str, message: EmailMessage) -> SendFailure | None:  # noqa: ARG002  # a server names mails by their headers
        """Hand a mail over; None once the server has taken it."""
        try:
            server = _with_password(self.server)
        except (OSError, UnicodeError, ValueError) as error:
            return SendFailure(FailureReason.PASSWORD_FILE_UNUSABLE, getattr(error, "strerror", None) or str(error))
        watched = self._watched = _Watched()
        with _cutting(watched, self._mail_seconds):
            try:
                self._hand_over(server, watched, message)
            except (smtplib.SMTPException, OSError, ValueError) as error:
                cut = SendFailure(FailureReason.TIMED_OUT, f"not done after {self._mail_seconds:g} s")
                failure = cut if watched.is_cut else failure_of(error)
                return replace(failure, is_uncertain=watched.is_asked_for_mail and failure.reason in _WITHOUT_ANSWER)
        return None

    def stop(self) -> None:
        """The process ends: a mail that is being handed over is given a few seconds more."""
        ending = threading.Timer(STOP_SECONDS, self._watched.cut)
        ending.daemon = True
        ending.start()

    def _hand_over(self, server: SmtpServer, watched: _Watched, message: EmailMessage) -> None:
        options = {"host": server.host, "port": server.port, "local_hostname": self._own_name, "timeout": self._step_seconds}
        if server.security is Security.TLS:
            client: smtplib.SMTP = _TlsClient(watched, **options, context=ssl.create_default_context())
        else:
            client = _Client(watched, **options)
        try:
            if server.security is Security.STARTTLS:
                client.starttls(context=ssl.create_default_context())
            if server.user:
                client.login(server.user, server.password)
            client.send_message(message)
            with suppress(smtplib.SMTPException, OSError):
                if client.sock is not None:
                    client.sock.settimeout(_QUIT_SECONDS)
                client.quit()
        finally:
            client.close()


@contextmanager
def _cutting(watched: _Watched, seconds: float) -> Iterator[None]:
    """Cut the connection where it is still open after so long."""
    timer = threading.Timer(seconds, watched.cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _with_password(server: SmtpServer) -> SmtpServer:
    """The file is read for each mail: a new password needs no restart."""
    if server.password_file is None:
        return server
    password = server.password_file.read_text("utf-8").rstrip("\r\n")
    if not password.isascii() or not password:
        raise ValueError("must hold a password in ASCII")
    return replace(server, password=password)


def failure_of(error: Exception) -> SendFailure:  # noqa: C901, PLR0911, PLR0912  # one line for each way to fail
    """What an exception of the library or the system means."""
    match error:
        case smtplib.SMTPRecipientsRefused():
            code, said = _reply_of(error.recipients)
            return SendFailure(FailureReason.RECIPIENT_REFUSED, said, is_final=code >= 500)
        case smtplib.SMTPSenderRefused():
            return SendFailure(FailureReason.SENDER_REFUSED, _said(error))
        case smtplib.SMTPDataError():
            return SendFailure(FailureReason.MESSAGE_REFUSED, _said(error))
        case smtplib.SMTPAuthenticationError():
            return SendFailure(FailureReason.AUTHENTICATION_REFUSED, _said(error))
        case smtplib.SMTPNotSupportedError():
            is_about_tls = "STARTTLS" in str(error)
            return SendFailure(FailureReason.NO_STARTTLS if is_about_tls else FailureReason.NO_AUTHENTICATION)
        case smtplib.SMTPServerDisconnected():
            is_late = isinstance(error.__context__, TimeoutError)  # the library wraps what reading raised
            return SendFailure(FailureReason.TIMED_OUT if is_late else FailureReason.DISCONNECTED)
        case smtplib.SMTPResponseException():
            return SendFailure(FailureReason.SERVER_UNWILLING, _said(error))
        case ssl.SSLCertVerificationError():
            return SendFailure(FailureReason.CERTIFICATE_REFUSED, error.verify_message)
        case ssl.SSLError():
            return SendFailure(FailureReason.TLS_FAILED, error.reason or "")
        case smtplib.SMTPException():
            return SendFailure(FailureReason.NO_AUTHENTICATION, _printable(str(error)))
        case socket.gaierror():
            return SendFailure(FailureReason.HOST_UNKNOWN)
        case TimeoutError():
            return SendFailure(FailureReason.TIMED_OUT)
        case ConnectionRefusedError():
            return SendFailure(FailureReason.CONNECTION_REFUSED)
        case ConnectionError():
            return SendFailure(FailureReason.DISCONNECTED)
        case OSError():
            return SendFailure(FailureReason.UNREACHABLE, error.strerror or "")
        case _:
            return SendFailure(FailureReason.NOT_MADE, type(error).__name__)


def _reply_of(recipients: Mapping[str, tuple[int, bytes]]) -> tuple[int, str]:
    """The reply to the one recipient that each of our mails has."""
    code, said = next(iter(recipients.values()))
    return code, _printable(f"{code} {said.decode('utf-8', 'replace')}")


def _said(error: smtplib.SMTPResponseException) -> str:
    said = error.smtp_error
    text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
    return _printable(f"{error.smtp_code} {text}")


def _printable(text: str) -> str:
    """What a stranger's server said, in one line that draws nothing on a terminal."""
    return "".join(one if one.isprintable() else " " for one in text)[:_MOST_SAID]
