"""Mails that were sent to files, and the links in them."""

import re
from collections.abc import Sequence
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default

from tests.support.installation import Installation
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done
from xpressbot.identity.profile.email_confirmation import EmailChanged
from xpressbot.identity.sessions.caller import Caller


def send_mails(installation: Installation) -> Sequence[EmailMessage]:
    """Send what is due; all mails that were ever written."""
    while installation.services.mail.next_round():
        continue
    files = sorted((installation.services.settings.data_dir / "mail").glob("*.eml"))
    mails = [message_from_bytes(file.read_bytes(), policy=default) for file in files]
    return [mail for mail in mails if isinstance(mail, EmailMessage)]


def links_to(installation: Installation, address: str, kind: LinkKind) -> list[Token]:
    """The tokens of all links of a kind that were mailed to an address, after sending what is due."""
    texts = [str(mail.get_content()) for mail in send_mails(installation) if mail["To"] == address]
    found = [token for text in texts for token in re.findall(rf"/link/{kind}\?token=(\S+)", text)]
    tokens = [Token.parse(token) for token in found]
    return [token for token in tokens if token is not None]


def email_link(installation: Installation, caller: Caller, email: str) -> Token:
    """The token of the link that is mailed to an address which a signed-in person asks for."""
    before = links_to(installation, email, LinkKind.EMAIL)
    assert installation.services.identity.email_change.ask(caller, email) == Done()
    (mailed,) = [token for token in links_to(installation, email, LinkKind.EMAIL) if token not in before]
    return mailed


def change_email(installation: Installation, caller: Caller, email: str) -> EmailChanged:
    """Change the address of a signed-in person, by the mailed link."""
    changed = installation.services.identity.email_confirmation.confirm(caller, email_link(installation, caller, email))
    assert isinstance(changed, EmailChanged), changed
    return changed
