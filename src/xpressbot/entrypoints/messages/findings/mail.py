"""What the doctor says of mail."""

from collections.abc import Mapping
from typing import Final

from xpressbot.entrypoints.messages.findings.words import CheckWords, ProblemWords, moment
from xpressbot.entrypoints.messages.mail_failures import failure_text
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.database.unknown_enum_values import member_or_none
from xpressbot.foundation.mail.transport import FailureReason


def _reason(texts: Texts, reason: str) -> str:
    return failure_text(texts, member_or_none(FailureReason, reason)) if reason else texts.gettext(_NOT_TRIED)


_NOT_TRIED: Final = N_("No process has tried to send it: the service may not be running.")

CHECKS: Final[Mapping[str, CheckWords]] = {
    "mail": CheckWords(N_("Mail"), N_("A server is set, and no mail is late.")),
}

PROBLEMS: Final[Mapping[str, ProblemWords]] = {
    "mail_not_set_up": ProblemWords(
        N_("No mail server is set: notices are not mailed, but written as files to %(directory)s."),
        N_("Set XPRESSBOT_SMTP_URL and XPRESSBOT_MAIL_FROM, and try it with: xpressbot mail test ADDRESS"),
    ),
    "mail_dead_letters": ProblemWords(
        N_("Mails that were given up (dead letters): %(count)s."),
        N_("See with xpressbot mail test ADDRESS what is wrong. Once it is mended, run: xpressbot mail retry"),
    ),
    "mail_waits": ProblemWords(
        N_("Mails that wait: %(count)s, the oldest since %(since)s. %(reason)s"),
        N_("See with xpressbot mail test ADDRESS what is wrong. They are sent by themselves once it is mended."),
        {"since": moment, "reason": _reason},
    ),
}
