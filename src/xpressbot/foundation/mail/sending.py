"""Who sends mails, and over which server, by the settings."""

import ipaddress
from dataclasses import replace
from typing import Final
from urllib.parse import urlsplit

from xpressbot.foundation.mail.message import Sender, read_sender
from xpressbot.foundation.mail.smtp import SmtpTransport
from xpressbot.foundation.mail.smtp_url import read_smtp_url
from xpressbot.foundation.settings import Settings

_OF_FILES: Final = Sender("xpressbot@localhost", "XpressBot")
"""Of mails that are files and go nowhere."""


def mail_sender(settings: Settings) -> Sender:
    """Whom mails are from."""
    return read_sender(settings.mail_from) if settings.mail_from else _OF_FILES


def smtp_transport(settings: Settings) -> SmtpTransport:
    """The way to the server that is set."""
    server = replace(read_smtp_url(settings.smtp_url), password_file=settings.smtp_password_file)
    return SmtpTransport(server, _own_name(urlsplit(settings.public_url).hostname or ""))


def _own_name(host: str) -> str:
    """How this machine introduces itself (RFC 5321 section 4.1.3). Its own name is not asked for: that may wait for a name server."""
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return host
    return f"[{address}]" if address.version == 4 else f"[IPv6:{address}]"
