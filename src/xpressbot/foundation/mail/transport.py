"""What a way for mails to leave is, and why one did not."""

from dataclasses import dataclass
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol


class FailureReason(StrEnum):
    """Why a mail was not taken."""

    HOST_UNKNOWN = "host_unknown"
    CONNECTION_REFUSED = "connection_refused"
    UNREACHABLE = "unreachable"
    TIMED_OUT = "timed_out"
    DISCONNECTED = "disconnected"
    SERVER_UNWILLING = "server_unwilling"
    NO_STARTTLS = "no_starttls"
    CERTIFICATE_REFUSED = "certificate_refused"
    TLS_FAILED = "tls_failed"
    PASSWORD_FILE_UNUSABLE = "password_file_unusable"
    NO_AUTHENTICATION = "no_authentication"
    AUTHENTICATION_REFUSED = "authentication_refused"
    SENDER_REFUSED = "sender_refused"
    RECIPIENT_REFUSED = "recipient_refused"
    MESSAGE_REFUSED = "message_refused"
    FILE_NOT_WRITTEN = "file_not_written"
    NOT_MADE = "not_made"
    """The mail could not be made: a bug of ours, or a newer version has written what this one cannot tell."""


OF_ONE_MAIL = frozenset({FailureReason.RECIPIENT_REFUSED, FailureReason.MESSAGE_REFUSED, FailureReason.NOT_MADE})
"""Reasons that say nothing about the next mail."""


@dataclass(frozen=True, slots=True)
class SendFailure:
    """Why a mail was not taken. detail: what the server or the system said, for the operator alone; it may name an address.

    is_final: the server refuses this recipient for good (a reply of 5xx, RFC 5321 section 4.2.1).
    is_uncertain: the mail was on its way when the server fell silent: it may have taken it all the same (RFC 1047).
    """

    reason: FailureReason
    detail: str = ""
    is_final: bool = False
    is_uncertain: bool = False


class Transport(Protocol):
    """A way for mails to leave."""

    def send(self, mail_id: str, message: EmailMessage) -> SendFailure | None:
        """Hand a mail over; None once it was taken. It takes a bounded time."""

    def stop(self) -> None:
        """The process ends: a mail that is being handed over is given a few seconds more."""
