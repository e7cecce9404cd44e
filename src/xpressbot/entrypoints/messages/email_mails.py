"""Mails about addresses in words: plain text with one link, and without any text that somebody has typed but the recipient's address."""

from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.links import lifetime_hours, link_address, works_once
from xpressbot.entrypoints.messages.mails import Words
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.profile.email_mails import EmailLinkMail


def email_mail(texts: Texts, mail: EmailLinkMail, public_url: str) -> Words:
    """To an address that is to be confirmed. Whoever reads it may have nothing to do with the account."""
    if mail.changes:
        subject = texts.gettext("XpressBot: confirm your new address")
        asked = texts.gettext("Somebody asked on %(url)s to make this the address of their account: %(address)s.")
    else:
        subject = texts.gettext("XpressBot: confirm your address")
        asked = texts.gettext("Somebody asked on %(url)s to confirm that this is the address of their account: %(address)s.")
    lines = [
        asked % {"url": public_url, "address": mail.email},
        "",
        texts.gettext("If that was you, open this link, sign in if you are asked to, and press the button:"),
        link_address(public_url, LinkKind.EMAIL, mail.token),
        "",
        works_once(texts, LinkKind.EMAIL),
        "",
        texts.gettext("If it was not you, do nothing: without you nothing changes."),
        _foot(texts),
    ]
    return Words(subject, "\n".join(lines) + "\n")


def email_changed_mail(texts: Texts, mail: EmailLinkMail, public_url: str) -> Words:
    """To the address that the account had before. It does not name the new one: whoever chose that would have text in this mail."""
    hours = lifetime_hours(LinkKind.EMAIL_STOP)
    lines = [
        texts.gettext("Until now %(address)s was the address of your account on %(url)s. Now it has another one.")
        % {"address": mail.email, "url": public_url},
        "",
        texts.gettext("If that was not you, open this link and press the button:"),
        link_address(public_url, LinkKind.EMAIL_STOP, mail.token),
        "",
        texts.gettext("It brings this address back and signs out every browser. The password stops working until you set a new one."),
        texts.ngettext(
            "It works once, until %(hours)s hour after the change.", "It works once, until %(hours)s hours after the change.", hours
        )
        % {"hours": number(texts, hours)},
        "",
        texts.gettext("If it was you, there is nothing to do."),
        _foot(texts),
    ]
    return Words(texts.gettext("XpressBot: the address of your account was changed"), "\n".join(lines) + "\n")


def _foot(texts: Texts) -> str:
    return texts.gettext("This mail was sent automatically; replies are not read.")
