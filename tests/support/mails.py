"""The mails of an installation without a mail server: files, which are read as their recipients would."""

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from sqlalchemy import select

from tests.support.installation import Installation
from xpressbot.foundation.mail.outbox import OUTBOX
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind


def send(installation: Installation) -> Sequence[EmailMessage]:
    """Send what is due; all mails that were ever written, the oldest first."""
    while installation.services.mail.next_round():
        pass
    files = sorted((installation.services.settings.data_dir / "mail").glob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


def states_of(installation: Installation, kind: str) -> list[str]:
    """What has become of the mails of one kind, in the order in which they were asked for."""
    with installation.services.database.read() as connection:
        return list(connection.execute(select(OUTBOX.c.state).where(OUTBOX.c.kind == kind).order_by(OUTBOX.c.id)).scalars())


def links(mails: Sequence[EmailMessage], kind: LinkKind, public_url: str = "http://localhost:8000") -> list[Token]:
    """The tokens of the links of one kind in mails, in their order; their host is that of the public URL."""
    found = re.compile(rf"{re.escape(public_url)}/link/{kind.value}\?token=(\S+)$", re.MULTILINE)
    tokens = [Token.parse(text) for mail in mails for text in found.findall(mail.get_content().replace("\r\n", "\n"))]
    return [token for token in tokens if token is not None]
