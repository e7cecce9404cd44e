"""Mails in words: plain text, to a person whose address may not be confirmed, so without any text that somebody has typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from xpressbot.entrypoints.messages.event_words import event_advice, event_title, where
from xpressbot.entrypoints.messages.formatting import number, plain_moment
from xpressbot.entrypoints.messages.links import link_address, works_for_days, works_once
from xpressbot.entrypoints.messages.notice_details import ABOUT_A_MEMBER
from xpressbot.entrypoints.messages.translation import N_, Texts
from xpressbot.foundation.tokens import Token
from xpressbot.identity.audit.rules.event import SecurityEvent
from xpressbot.identity.audit.rules.notice import Notice
from xpressbot.identity.links.rules import LinkKind


@dataclass(frozen=True, slots=True)
class Words:
    """What a mail says."""

    subject: str
    text: str


_NOT_CONFIRMED: Final = N_(
    "This address is not confirmed, so this mail has no link that acts on the account. Sign in on %(url)s: Account Settings lists the"
    " browsers that are signed in, and the history of the account."
)


@dataclass(frozen=True, slots=True)
class Addressee:
    """Whose account a mail is about, on which XpressBot."""

    address: str
    public_url: str

    def link(self, kind: LinkKind, token: Token) -> str:
        """The address of a page that a link opens."""
        return link_address(self.public_url, kind, token)


def notice_mail(
    texts: Texts,
    notice: Notice,
    addressee: Addressee,
    not_me: Token | None = None,
    *,
    lacks_link: bool = False,
    reset_stop: Token | None = None,
) -> Words:
    """What happened, when and where, and what to do if it was somebody else.

    not_me: of the link "This wasn't me". lacks_link: whether there is none because the address is not confirmed. reset_stop: of the link
    that stops the reset which the notice tells of.
    """
    title = event_title(texts, notice.kind)
    advice = [event_advice(texts, notice.last), ""]
    if not_me is not None:
        advice += _not_me(texts, addressee.link(LinkKind.NOT_ME, not_me))
    elif lacks_link:
        advice += [texts.gettext(_NOT_CONFIRMED) % {"url": addressee.public_url}, ""]
    if reset_stop is not None:
        stop = texts.gettext("Stop the reset: %(link)s") % {"link": addressee.link(LinkKind.RESET_STOP, reset_stop)}
        advice += [stop, texts.gettext("This page has a button that stops it. The link works as long as the request waits."), ""]
    lines = [_about(texts, addressee), "", title, "", *_circumstances(texts, notice), "", *advice, _foot(texts, notice.last)]
    return Words(texts.gettext("XpressBot: %(title)s") % {"title": title}, "\n".join(lines) + "\n")


def enrolment_mail(texts: Texts, addressee: Addressee, token: Token) -> Words:
    """The link with which 2FA is set up, and what it means if somebody else has asked for it by signing in."""
    lines = [
        _about(texts, addressee),
        "",
        texts.gettext("Your team requires 2FA. Somebody has just signed in with your password. If that was you, set up 2FA on this page:"),
        addressee.link(LinkKind.ENROLMENT, token),
        "",
        works_once(texts, LinkKind.ENROLMENT),
        texts.gettext("It works only in a browser where your password was entered."),
        "",
        texts.gettext("If it was not you, somebody knows your password. Do not open the link; tell an owner of your team."),
        texts.gettext("This mail was sent automatically; replies are not read."),
    ]
    return Words(texts.gettext("XpressBot: link to set up 2FA"), "\n".join(lines) + "\n")


def password_mail(texts: Texts, addressee: Addressee, token: Token) -> Words:
    """The link for a new password, what it does, and that nothing has changed."""
    lines = [
        _about(texts, addressee),
        "",
        texts.gettext("You can set a new password on this page:"),
        addressee.link(LinkKind.PASSWORD, token),
        "",
        works_once(texts, LinkKind.PASSWORD),
        texts.gettext("It signs nobody in, and if 2FA is on, your next sign-in asks for your code."),
        "",
        texts.gettext("If you did not ask for it, there is nothing to do. This mail was sent automatically; replies are not read."),
    ]
    return Words(texts.gettext("XpressBot: link for a new password"), "\n".join(lines) + "\n")


def reset_waits_mail(texts: Texts, public_url: str) -> Words:
    """To an owner or admin: a request waits. Whose, and why, stands on the page."""
    lines = [
        texts.gettext("An owner or admin of your team on %(url)s asks to reset 2FA of a member who has lost phone and recovery codes.")
        % {"url": public_url},
        "",
        texts.gettext("Whose it is, and why, is shown on this page, where you can approve or stop it:"),
        f"{public_url}/team/resets",
        "",
        texts.gettext("Before you approve it, make sure that it is the member who asks: speak with them, not by mail."),
        texts.gettext("This mail was sent automatically; replies are not read."),
    ]
    return Words(texts.gettext("XpressBot: a reset of 2FA waits"), "\n".join(lines) + "\n")


def mail_for_test(texts: Texts, public_url: str) -> Words:
    """What the operator sends to see whether mail arrives."""
    sentence = texts.gettext("This is the test mail that was asked for on %(url)s. Mail works.") % {"url": public_url}
    return Words(texts.gettext("XpressBot: test mail"), f"{sentence}\n")


def _about(texts: Texts, addressee: Addressee) -> str:
    return texts.gettext("About your account %(address)s on %(url)s:") % {"address": addressee.address, "url": addressee.public_url}


def _not_me(texts: Texts, link: str) -> Sequence[str]:
    does = texts.gettext("This page has a button that signs out every browser and keeps out whoever knows no more than your password.")
    return [texts.gettext("This wasn't me: %(link)s") % {"link": link}, f"{does} {works_for_days(texts, LinkKind.NOT_ME)}", ""]


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


def _foot(texts: Texts, event: SecurityEvent) -> str:
    if event.actor not in {None, event.subject} or event.kind in ABOUT_A_MEMBER:
        return texts.gettext("This mail was sent automatically; replies are not read.")
    return texts.gettext("If this was you, there is nothing to do. This mail was sent automatically; replies are not read.")
