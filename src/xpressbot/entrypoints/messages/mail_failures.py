"""Why a mail was not taken, in words for the operator."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.formatting import plain_moment
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.mail.outbox import MailState, MailStatus
from xpressbot.foundation.mail.transport import FailureReason

FAILURES: Final[Mapping[FailureReason, str]] = {
    FailureReason.HOST_UNKNOWN: N_("No address is known for the server's name."),
    FailureReason.CONNECTION_REFUSED: N_("The connection was refused: nothing listens on that port, or a firewall refuses it."),
    FailureReason.UNREACHABLE: N_("The server cannot be reached."),
    FailureReason.TIMED_OUT: N_(
        "The server did not answer in time. A wrong port does that, and smtp:// where the server expects smtps://."
    ),
    FailureReason.DISCONNECTED: N_("The server ended the connection before it had taken the mail."),
    FailureReason.SERVER_UNWILLING: N_("The server did not want to talk to this machine."),
    FailureReason.NO_STARTTLS: N_("The server offers no encryption (STARTTLS), and nothing was sent without it."),
    FailureReason.CERTIFICATE_REFUSED: N_("The server's certificate cannot be trusted, and nothing was sent."),
    FailureReason.TLS_FAILED: N_("No encrypted connection came about. smtps:// where the server expects smtp:// does that."),
    FailureReason.PASSWORD_FILE_UNUSABLE: N_("The file with the server's password cannot be used."),
    FailureReason.NO_AUTHENTICATION: N_("The server takes no user and password, or in no way that is known here."),
    FailureReason.AUTHENTICATION_REFUSED: N_("The server refused user or password."),
    FailureReason.SENDER_REFUSED: N_("The server refused the sender, XPRESSBOT_MAIL_FROM."),
    FailureReason.RECIPIENT_REFUSED: N_("The server refused the recipient."),
    FailureReason.MESSAGE_REFUSED: N_("The server refused the mail itself."),
    FailureReason.FILE_NOT_WRITTEN: N_("The file could not be written."),
    FailureReason.NOT_MADE: N_("The mail could not be made. Look into the log lines of the service."),
}


def failure_text(texts: Texts, reason: FailureReason | None) -> str:
    """A sentence or two; None stands for what a newer version has written."""
    return texts.gettext(_UNKNOWN if reason is None else FAILURES[reason])


def text_of_test_mail(texts: Texts, address: str, status: MailStatus) -> str | None:
    """What has become of a test mail to this address; None where there is nothing to tell."""
    said = {"address": address, "moment": plain_moment(texts, status.at)}
    match status.state:
        case MailState.WAITING if status.failure is None:
            return texts.gettext("A test mail to %(address)s is on its way. Open this page again in a moment.") % said
        case MailState.WAITING:
            waits = texts.gettext("The test mail to %(address)s has not left yet, and is tried again at %(moment)s.") % said
            return f"{waits} {failure_text(texts, status.failure)}"
        case MailState.SENT:
            return (
                texts.gettext(
                    "The mail server took the test mail to %(address)s at %(moment)s. See whether it has arrived, and not as spam."
                )
                % said
            )
        case MailState.DEAD:
            given_up = texts.gettext("The test mail to %(address)s was given up at %(moment)s.") % said
            return f"{given_up} {failure_text(texts, status.failure)}"
        case MailState.VOID | None:
            return None


_UNKNOWN: Final = N_("It is not known why.")
