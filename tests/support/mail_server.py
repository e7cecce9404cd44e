"""A real SMTP server on loopback, and servers that misbehave."""

import socket
import socketserver
import ssl
import threading
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

from tests.support.certificate import make_certificate

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    from aiosmtpd.controller import Controller
    from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

HOST = "localhost"
USER, PASSWORD = "xpressbot", "p@ss/word"


def free_port() -> int:
    """A port on which nothing listens now."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


@dataclass
class Received:
    """What a server was handed, and what it answers. replies: by recipient or by the step, "MAIL" or "DATA"; else it takes all."""

    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    replies: dict[str, str] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)

    async def handle_MAIL(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]) -> str:
        self.commands.append("MAIL")
        envelope.mail_from = address
        return self.replies.get("MAIL", "250 OK")

    async def handle_RCPT(self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _options: Sequence[str]) -> str:
        self.commands.append("RCPT")
        envelope.rcpt_tos.append(address)
        return self.replies.get(address, "250 OK")

    async def handle_DATA(self, server: SMTP, _session: Session, envelope: Envelope) -> str:
        reply = self.replies.get("DATA", "250 OK")
        if reply.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            mail = message_from_bytes(content, policy=default)
            assert isinstance(mail, EmailMessage)
            self.raw.append(content)
            with self.changed:
                self.mails.append(mail)
                self.changed.notify_all()
            assert server.transport is not None
            self.encrypted.append(server.transport.get_extra_info("ssl_object") is not None)
        return reply

    def wait_for(self, mails: int) -> None:
        """Until so many were taken, within a minute."""
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.mails) >= mails, 60)

    @property
    def ids(self) -> list[str]:
        """The Message-IDs, in the order in which they came."""
        return [str(mail["Message-ID"]) for mail in self.mails]

    @property
    def recipients(self) -> list[str]:
        return [str(mail["To"]) for mail in self.mails]


def authority(directory: Path, host: str = HOST) -> tuple[Path, Path]:
    """A certificate for that host, and its key."""
    files = directory / f"{host}.crt", directory / f"{host}.key"
    make_certificate(host, *files)
    return files


def tls(certificate: Path, key: Path) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    return context


def _authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, data: Any) -> AuthResult:
    assert isinstance(data, LoginPassword)
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@contextmanager
def mail_server(
    port: int,
    *,
    received: Received | None = None,
    starttls: ssl.SSLContext | None = None,
    smtps: ssl.SSLContext | None = None,
    auth: bool = False,
) -> Iterator[Received]:
    """A server that listens meanwhile. auth: it takes mail of those alone who sign in, over TLS."""
    received = Received() if received is None else received
    options: Mapping[str, Any] = {"authenticator": _authenticate, "auth_required": auth, "auth_require_tls": smtps is None} if auth else {}
    controller = Controller(
        received,
        hostname="127.0.0.1",
        server_hostname=HOST,
        port=port,
        ssl_context=smtps,
        tls_context=starttls,
        require_starttls=starttls is not None,
        **options,
    )
    controller.start()
    try:
        yield received
    finally:
        controller.stop()


@dataclass
class Script:
    """How a server that misbehaves answers each line of a client; None: it hangs up. endless: it hangs instead at what is not listed."""

    greeting: str | None
    answers: Mapping[str, str | None] = field(default_factory=dict)
    connected: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@contextmanager
def misbehaving_server(script: Script) -> Iterator[int]:
    """Listens meanwhile, and gives its port. Where the script says nothing, it says nothing either, until it is released."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            script.connected.set()
            if script.greeting is None:
                script.released.wait()
                return
            self.wfile.write(f"{script.greeting}\r\n".encode())
            in_data = False
            for line in self.rfile:
                word = "." if in_data and line == b".\r\n" else line.split()[0].decode().upper() if line.split() else ""
                if in_data and word != ".":
                    continue
                if word not in script.answers:
                    script.released.wait()
                    return
                answer = script.answers[word]
                if answer is None:
                    return
                in_data = word == "DATA"
                self.wfile.write(f"{answer}\r\n".encode())

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

        def handle_error(self, *_client: object) -> None:
            """A client that hangs up is no fault of the test."""

    with Server(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            script.released.set()
            server.shutdown()
            thread.join()
