"""Mails in words: plain text, to a person whose address may not be confirmed, so without any text that somebody has typed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.entrypoints.messages.event_titles import event_title, where
from xpressbot.entrypoints.messages.formatting import number, plain_moment
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.tokens import Token
from xpressbot.identity.audit.rules.event import EventKind
from xpressbot.identity.audit.rules.notice import BY_OPERATOR, Notice
from xpressbot.identity.links.rules import LinkKind


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
_CLOSED: Final = N_(
    "If this was not you, tell the operator of this XpressBot. Nobody can open the account again, but your address can be invited again."
)
_MAIL_IS_READ: Final = N_("If this was not you, someone else can read your mail. Tell the operator of this XpressBot, and not by mail.")
_LINK_IS_MISSING: Final = N_(
    "If this was not you, someone knows your password. Without the link from the operator they cannot sign in. Tell the operator of this"
    " XpressBot."
)
_NEW_PASSWORD_ASKED: Final = N_(
    "Your next sign-in asks for a new password. If the wrong codes were not yours, tell the operator of this XpressBot."
)
_ADVICE: Final[Mapping[EventKind, str]] = {
    EventKind.SECOND_FACTOR_REFUSED: _PASSWORD_IS_KNOWN,
    EventKind.SECOND_FACTOR_SUSPENDED: _PASSWORD_IS_KNOWN,
    EventKind.STOPPED_AT_SECOND_FACTOR: _PASSWORD_IS_KNOWN,
    EventKind.ENROLMENT_AWAITED: _LINK_IS_MISSING,
    EventKind.PASSWORD_EXPOSED: _NEW_PASSWORD_ASKED,
    EventKind.PASSWORD_GUESSING: _GUESSING,
    EventKind.ACCOUNT_CLOSED: _CLOSED,
    EventKind.THIS_WASNT_ME: _MAIL_IS_READ,
}


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whose account a mail is about, on which XpressBot."""

    address: str
    public_url: str

    def link(self, kind: LinkKind, token: Token) -> str:
        """The address of a page that a link opens."""
        return f"{self.public_url}/link/{kind.value}?token={token.text}"


def notice_mail(texts: Texts, notice: Notice, addressee: Addressee, not_me: Token | None = None) -> Words:
    """What happened, when and where, and what to do if it was somebody else. not_me: of the link "This wasn't me"."""
    title = event_title(texts, notice.kind)
    advice = [texts.gettext(_advice(notice.kind)), ""]
    if not_me is not None:
        advice += _not_me(texts, addressee.link(LinkKind.NOT_ME, not_me))
    lines = [_about(texts, addressee), "", title, "", *_circumstances(texts, notice), "", *advice, _foot(texts, notice.kind)]
    return Words(texts.gettext("XpressBot: %(title)s") % {"title": title}, "\n".join(lines) + "\n")


def password_mail(texts: Texts, addressee: Addressee, token: Token) -> Words:
    """The link for a new password, what it does, and that nothing has changed."""
    lines = [
        _about(texts, addressee),
        "",
        texts.gettext("You can set a new password on this page:"),
        addressee.link(LinkKind.PASSWORD, token),
        "",
        texts.gettext("The link works once, for an hour. It signs nobody in, and if 2FA is on, your next sign-in asks for your code."),
        "",
        texts.gettext("If you did not ask for it, there is nothing to do. This mail was sent automatically; replies are not read."),
    ]
    return Words(texts.gettext("XpressBot: link for a new password"), "\n".join(lines) + "\n")


def mail_for_test(texts: Texts, public_url: str) -> Words:
    """What the operator sends to see whether mail arrives."""
    sentence = texts.gettext("This is the test mail that was asked for on %(url)s. Mail works.") % {"url": public_url}
    return Words(texts.gettext("XpressBot: test mail"), f"{sentence}\n")


def _about(texts: Texts, addressee: Addressee) -> str:
    return texts.gettext("About your account %(address)s on %(url)s:") % {"address": addressee.address, "url": addressee.public_url}


def _not_me(texts: Texts, link: str) -> Sequence[str]:
    does = texts.gettext(
        "This page has a button that signs out every browser and keeps out whoever knows no more than your password. It works for 7 days,"
        " and never signs anybody in."
    )
    return [texts.gettext("This wasn't me: %(link)s") % {"link": link}, does, ""]


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


def _foot(texts: Texts, kind: EventKind | None) -> str:
    if kind in BY_OPERATOR:
        return texts.gettext("This mail was sent automatically; replies are not read.")
    return texts.gettext("If this was you, there is nothing to do. This mail was sent automatically; replies are not read.")
