"""Mails in words: plain text, to a person whose address may not be confirmed, so without any text that somebody has typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from xpressbot.entrypoints.messages.event_titles import event_title, where
from xpressbot.entrypoints.messages.formatting import number, plain_moment
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.audit.rules.notice import BY_OPERATOR, Notice


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says."""

    subject: str
    text: str


_ASK_THE_OPERATOR: Final = N_("The operator of this XpressBot did this. If you do not know why, ask them.")
_PASSWORD_IS_KNOWN: Final = N_(
    "If this was not you, someone knows your password, and your second factor has kept them out. Tell the operator of this XpressBot."
)
_GUESSING: Final = N_("If this was not you, someone is guessing your password. If this goes on, tell the operator of this XpressBot.")
_CHANGED: Final = N_(
    "If this was not you, someone else can change your account. Tell the operator of this XpressBot at once: they can reset 2FA or disable"
    " the account."
)
_ADVICE: Final[Mapping[EventKind, str]] = {
    EventKind.SECOND_FACTOR_REFUSED: _PASSWORD_IS_KNOWN,
    EventKind.SECOND_FACTOR_SUSPENDED: _PASSWORD_IS_KNOWN,
    EventKind.STOPPED_AT_SECOND_FACTOR: _PASSWORD_IS_KNOWN,
    EventKind.ENROLMENT_AWAITED: _PASSWORD_IS_KNOWN,
    EventKind.PASSWORD_GUESSING: _GUESSING,
}


def notice_mail(texts: Texts, notice: Notice, address: str, public_url: str) -> Words:
    """What happened, when and where, and what to do if it was somebody else. address: the account's."""
    title = event_title(texts, notice.kind)
    about = texts.gettext("About your account %(address)s on %(url)s:") % {"address": address, "url": public_url}
    lines = [about, "", title, "", *_circumstances(texts, notice), "", texts.gettext(_advice(notice.kind)), "", _foot(texts)]
    return Words(texts.gettext("XpressBot: %(title)s") % {"title": title}, "\n".join(lines) + "\n")


def mail_for_test(texts: Texts, public_url: str) -> Words:
    """What the operator sends to see whether mail arrives."""
    sentence = texts.gettext("This is the test mail that was asked for on %(url)s. Mail works.") % {"url": public_url}
    return Words(texts.gettext("XpressBot: test mail"), f"{sentence}\n")


def _circumstances(texts: Texts, notice: Notice) -> list[str]:
    browser, address = where(texts, notice.last)
    first = notice.first.details.get("first_at", notice.first.at)
    last = notice.last.details.get("last_at", notice.last.at)
    began, ended = (plain_moment(texts, at if isinstance(at, int) else notice.last.at) for at in (first, last))
    lines = [texts.gettext("When: %(moment)s") % {"moment": ended}]
    if notice.count > 1:
        often = texts.ngettext("%(count)s time since %(moment)s", "%(count)s times since %(moment)s", notice.count)
        lines.append(texts.gettext("How often: %(often)s") % {"often": often % {"count": number(texts, notice.count), "moment": began}})
    if notice.several_places:
        lines.append(texts.gettext("From several browsers or networks, most recently:"))
    if browser:
        lines.append(texts.gettext("Browser: %(browser)s") % {"browser": browser})
    if address:
        lines.append(texts.gettext("Network address: %(address)s") % {"address": address})
    return lines


def _advice(kind: EventKind | None) -> str:
    if kind in BY_OPERATOR:
        return _ASK_THE_OPERATOR
    return _CHANGED if kind is None else _ADVICE.get(kind, _CHANGED)


def _foot(texts: Texts) -> str:
    return texts.gettext("If this was you, nothing needs doing. This mail was sent by a program: nobody reads answers to it.")
