"""Values as people read them: times, names within a sentence, browsers."""

from datetime import UTC, datetime
from functools import lru_cache

import ua_parser
from markupsafe import Markup

from xpressbot.entrypoints.messages.translation import _
from xpressbot.foundation.times import SECOND


def as_is(text: str) -> Markup:
    """A name, an address or a secret within a sentence: a browser that translates the page leaves it alone."""
    return Markup('<span translate="no">{}</span>').format(text)


def moment(at: int) -> Markup:
    """Date and time; the page's script rewrites it to the reader's time zone."""
    return Markup('<time datetime="{}" data-moment>{}</time>').format(_iso(at), moment_text(at))


def moment_text(at: int) -> str:
    """Date and time where no script reaches them."""
    return f"{_utc(at):%-d %b %Y, %H:%M} UTC"


def clock_time(at: int) -> Markup:
    """The time of day alone."""
    return Markup('<time datetime="{}" data-clock>{:%H:%M} UTC</time>').format(_iso(at), _utc(at))


@lru_cache(maxsize=1024)
def browser_name(user_agent: str) -> str:
    """What a person calls the browser: "Firefox on Linux"."""
    parsed = ua_parser.parse(user_agent)
    browser = parsed.user_agent.family if parsed.user_agent else ""
    system = parsed.os.family if parsed.os else ""
    if browser and system:
        return _("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or _("an unknown browser")


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, tz=UTC)


def _iso(at: int) -> str:
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")
