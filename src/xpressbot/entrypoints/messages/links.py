"""Links in words: where each kind leads, and how long it works."""

from xpressbot.entrypoints.messages.formatting import number
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import DAY, HOUR
from xpressbot.foundation.tokens import Token
from xpressbot.identity.links.rules import LIFETIME, LinkKind


def link_path(kind: LinkKind) -> str:
    """The path of the page that a kind of link opens."""
    return "/welcome" if kind is LinkKind.WELCOME else f"/link/{kind.value}"


def link_address(public_url: str, kind: LinkKind, token: Token) -> str:
    """The whole link, as it is mailed or printed."""
    return f"{public_url}{link_path(kind)}?token={token.text}"


def lifetime_hours(kind: LinkKind) -> int:
    """For how many hours a link of this kind is good."""
    return LIFETIME[kind] // HOUR


def works_once(texts: Texts, kind: LinkKind) -> str:
    """How often a link works, and for how long."""
    hours = lifetime_hours(kind)
    sentence = texts.ngettext("It works once, for %(hours)s hour.", "It works once, for %(hours)s hours.", hours)
    return sentence % {"hours": number(texts, hours)}


def works_for_days(texts: Texts, kind: LinkKind) -> str:
    """For how many days one is good that signs nobody in."""
    days = LIFETIME[kind] // DAY
    sentence = texts.ngettext(
        "It works for %(days)s day, and never signs anybody in.", "It works for %(days)s days, and never signs anybody in.", days
    )
    return sentence % {"days": number(texts, days)}


def can_be_stopped(texts: Texts) -> str:
    """How a change of address can be undone, and for how long."""
    hours = lifetime_hours(LinkKind.EMAIL_STOP)
    sentence = texts.ngettext(
        "A mail goes to the old address. With its link, the change can be undone for %(hours)s hour.",
        "A mail goes to the old address. With its link, the change can be undone for %(hours)s hours.",
        hours,
    )
    return sentence % {"hours": number(texts, hours)}
