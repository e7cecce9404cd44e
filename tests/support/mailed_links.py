"""The links that were mailed to an address."""

from tests.support.installation import Installation
from tests.support.mails import links, send
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.outcomes import Done
from xpressbot.identity.profile.email_confirmation import EmailChanged
from xpressbot.identity.sessions.caller import Caller


def links_to(installation: Installation, address: str, kind: LinkKind) -> list[Token]:
    """The tokens of all links of a kind that were mailed to an address, after sending what is due."""
    mails = [mail for mail in send(installation) if mail["To"] == address]
    return links(mails, kind, str(installation.services.settings.public_url))


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
