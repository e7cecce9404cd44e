"""The SMTP server, as the settings name it."""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, unquote, urlsplit

_EXPECTED: Final = (
    "must be like smtp://name:password@mail.example.com:587 or smtps://mail.example.com; smtp://mail.example.com?starttls=no sends without"
    " encryption"
)
_HOST: Final = re.compile(r"[A-Za-z0-9._-]{1,253}|[0-9A-Fa-f:.]{2,45}")
_WITHOUT_TLS: Final = "starttls=no"


class Security(Enum):
    """How the way to the server is encrypted."""

    STARTTLS = auto()
    TLS = auto()
    NONE = auto()


_PORTS: Final = {Security.STARTTLS: 587, Security.TLS: 465, Security.NONE: 25}


@dataclass(frozen=True, slots=True)
class SmtpServer:
    """Where mails are handed over, how, and as whom. password_file: where the password stands, if not in the URL."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)
    password_file: Path | None = None

    @property
    def place(self) -> str:
        """Host and port."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def read_smtp_url(text: str) -> SmtpServer:
    """The server that a URL names. User and password are percent-encoded in it, and ASCII.

    Raises ValueError with what is expected; it repeats nothing of the URL, which may hold a password.
    """
    try:
        url = urlsplit(text)
        server = _server(url)
    except ValueError:
        raise ValueError(_EXPECTED) from None
    if not _HOST.fullmatch(server.host) or url.path.strip("/") or url.fragment or not text.isprintable():
        raise ValueError(_EXPECTED)
    if not (server.user + server.password).isascii() or (server.password and not server.user):
        raise ValueError("must have a user where it has a password, and both in ASCII")
    return server


def _server(url: SplitResult) -> SmtpServer:
    if url.scheme == "smtps" and not url.query:
        security = Security.TLS
    elif url.scheme == "smtp" and url.query in {"", "starttls=required", _WITHOUT_TLS}:
        security = Security.NONE if url.query == _WITHOUT_TLS else Security.STARTTLS
    else:
        raise ValueError
    port = _PORTS[security] if url.port is None else url.port
    if not port:
        raise ValueError
    return SmtpServer(url.hostname or "", port, security, unquote(url.username or ""), unquote(url.password or ""))


def about_mail(url: str, password_file: Path | None, mail_from: str) -> list[str]:
    """What usable settings of mail lack together, or say twice, in sentences."""
    if not url:
        return [] if password_file is None else ["XPRESSBOT_SMTP_PASSWORD_FILE needs XPRESSBOT_SMTP_URL, with the user in it."]
    server, complaints = read_smtp_url(url), []
    if not mail_from:
        complaints.append("XPRESSBOT_SMTP_URL needs XPRESSBOT_MAIL_FROM, the address that mails are from.")
    if password_file is not None and (server.password or not server.user):
        complaints.append("XPRESSBOT_SMTP_PASSWORD_FILE needs a user, and no password, in XPRESSBOT_SMTP_URL.")
    if password_file is None and server.user and not server.password:
        complaints.append("XPRESSBOT_SMTP_URL has a user and no password: write it there, or set XPRESSBOT_SMTP_PASSWORD_FILE.")
    return complaints
