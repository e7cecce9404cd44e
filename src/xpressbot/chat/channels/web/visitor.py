"""Who writes on a chat page, and which of their sends are one: known by a token that only their browser has. Pure."""

import hashlib
import re
from typing import Final

from xpressbot.foundation.times import DAY
from xpressbot.foundation.tokens import Token

VISITOR_LIFETIME: Final = 30 * DAY
"""How long a browser keeps the token after the last message; the thread is out of its reach then."""
_SEND_ID: Final = re.compile(r"[0-9a-f]{32}")


def contact_of(token: Token) -> str:
    """The external id of the visitor's contact. The database holds no token: a copy of it opens no thread."""
    return token.digest.hex()


def is_send_id(text: str) -> bool:
    """Whether a form's id of a send is spelt as the page makes them: 128 bits in hexadecimal, as a UUID without its dashes."""
    return _SEND_ID.fullmatch(text) is not None


def event_of(contact: str, send_id: str, text: str) -> str:
    """The external id of a send: the same text of the same form is one message, another text is another."""
    return f"{contact}:{send_id}:{hashlib.sha256(text.encode()).hexdigest()}"
