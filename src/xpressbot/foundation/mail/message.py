"""One mail as it goes over the wire: plain text, with the headers of a program that writes by itself (RFC 5322, RFC 3834)."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import Header
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, EmailPolicy
from email.utils import format_datetime
from typing import Final

import idna

from xpressbot.foundation.times import SECOND

_EXPECTED: Final = "must be one address, such as xpressbot@example.com or XpressBot <xpressbot@example.com>"
_LONGEST_ADDRESS: Final = 254
_SUBJECT: Final = "Subject"


class _KeepsSpaces(EmailPolicy):
    """Folds a subject with every space that it has.

    Python's own folding loses the space where it begins an encoded word on a new line (python/cpython#92081, open in 3.11), so that two
    words of a long Hindi subject became one.
    """

    def fold(self, name: str, value: str) -> str:
        """A header in lines."""
        return _folded_subject(value, self.linesep) if name == _SUBJECT else super().fold(name, value)

    def fold_binary(self, name: str, value: str) -> bytes:
        """The same in bytes."""
        return _folded_subject(value, self.linesep).encode() if name == _SUBJECT else super().fold_binary(name, value)


_POLICY: Final = _KeepsSpaces(linesep=SMTP.linesep)


@dataclass(frozen=True, slots=True)
class Sender:
    """Whom mails are from: the address in ASCII, and a name that is shown before it, or none."""

    address: str
    name: str = ""

    @property
    def domain(self) -> str:
        """Where its mailbox is."""
        return self.address.rpartition("@")[2]


@dataclass(frozen=True, slots=True)
class Letter:
    """What one mail says to one person. language: as headers name it (BCP 47)."""

    recipient: str
    subject: str
    text: str
    language: str


def read_sender(text: str) -> Sender:
    """An address with or without a name before it.

    Raises ValueError with what is expected.
    """
    try:
        header = SMTP.header_factory("From", text)
        (address,) = header.addresses
        domain = address.domain if address.domain.isascii() else idna.encode(address.domain, uts46=True).decode()
        sender = Sender(f"{address.username}@{domain}", address.display_name)
        is_usable = not header.defects and bool(address.username and domain) and len(sender.address) <= _LONGEST_ADDRESS
        Address(addr_spec=sender.address)
    except (ValueError, IndexError, MessageError):
        raise ValueError(_EXPECTED) from None
    if not is_usable or not sender.address.isascii() or not text.isprintable():
        raise ValueError(_EXPECTED)
    return sender


def compose(sender: Sender, letter: Letter, mail_id: str, now: int) -> EmailMessage:
    """Make the mail. Its Message-ID follows from `mail_id`, so that a second copy of one mail can be told from another mail.

    Raises ValueError where a header would hold a line break, and ValueError or MessageError where the recipient is no single ASCII
    address: the library refuses both, and encodes everything else that a header cannot hold.
    """
    message = EmailMessage(policy=_POLICY)
    message["From"] = Address(sender.name, addr_spec=sender.address)
    message["To"] = Address(addr_spec=letter.recipient)
    message[_SUBJECT] = letter.subject
    message["Date"] = format_datetime(datetime.fromtimestamp(now // SECOND, tz=UTC))
    message["Message-ID"] = f"<{mail_id}@{sender.domain}>"
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(letter.text, charset="utf-8", cte="quoted-printable")
    message["Content-Language"] = letter.language
    return message


def _folded_subject(subject: str, linesep: str) -> str:
    charset = "us-ascii" if subject.isascii() else "utf-8"
    return f"{_SUBJECT}: {Header(str(subject), charset, header_name=_SUBJECT).encode(linesep=linesep)}{linesep}"
