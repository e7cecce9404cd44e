"""Mails about the team in words: plain text, without any text that somebody has typed but the recipient's address."""

from xpressbot.entrypoints.messages.formatting import plain_moment
from xpressbot.entrypoints.messages.links import link_address
from xpressbot.entrypoints.messages.mails import Addressee, Words
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.identity.links.rules import LinkKind
from xpressbot.identity.team.invitation_mails import InvitationMail


def invitation_mail(texts: Texts, mail: InvitationMail, public_url: str) -> Words:
    """To a person who may know nothing of the team: not even the inviter's name, which the inviter has chosen."""
    told = {"url": public_url, "address": mail.invitation.email}
    ends = plain_moment(texts, mail.invitation.expires_at)
    lines = [
        texts.gettext("You were invited to the team that works with XpressBot on %(url)s, as %(address)s.") % told,
        "",
        texts.gettext("On this page you choose a name and a password:"),
        link_address(public_url, LinkKind.INVITE, mail.token),
        "",
        texts.gettext("It works once, until %(moment)s.") % {"moment": ends},
        "",
        texts.gettext("If you do not expect an invitation, do nothing: without you no account is made."),
        texts.gettext("This mail was sent automatically; replies are not read."),
    ]
    return Words(texts.gettext("XpressBot: invitation to a team"), "\n".join(lines) + "\n")


def reminder_mail(texts: Texts, addressee: Addressee) -> Words:
    """To a member without 2FA. It has a plain address and no link that does anything."""
    told = {"address": addressee.address, "url": addressee.public_url}
    lines = [
        texts.gettext("About your account %(address)s on %(url)s:") % told,
        "",
        texts.gettext(
            "Your team asks you to turn on 2FA. Your password alone opens your account now; with 2FA it takes a second proof, too."
        ),
        texts.gettext('Sign in, and choose "Enable 2FA" in Account Settings:'),
        f"{addressee.public_url}/account",
        "",
        texts.gettext("This mail was sent automatically; replies are not read."),
    ]
    return Words(texts.gettext("XpressBot: please turn on 2FA"), "\n".join(lines) + "\n")
