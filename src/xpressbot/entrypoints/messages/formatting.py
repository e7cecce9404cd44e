"""Values as people read them: numbers, times, names within a sentence, browsers."""

from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache, lru_cache
from typing import Final

from babel.dates import format_date, format_datetime, format_skeleton, get_date_format, get_datetime_format
from babel.lists import format_list
from babel.numbers import format_decimal
from markupsafe import Markup

from xpressbot.chat.actor import Actor
from xpressbot.entrypoints.messages.translation import Texts
from xpressbot.foundation.times import SECOND

Text = str | Markup
"""A sentence for a page, which escapes what is no markup."""
_TIME_OF_DAY = "Hm"
"""CLDR's name for hours from 0 to 23 and minutes. Times are in UTC, which no clock on a wall shows with AM or PM."""


def as_is(text: str) -> Markup:
    """A name, an address or a secret within a sentence: a browser that translates the page leaves it alone."""
    return Markup('<span translate="no">{}</span>').format(text)


def doer(texts: Texts, actor: Actor) -> Text:
    """Who has done something in chat."""
    return texts.gettext("The operator") if actor.id is None else Markup('<bdi translate="no">{}</bdi>').format(actor.name)


@lru_cache(maxsize=1024)
def number(texts: Texts, value: int) -> str:
    """A whole number. Most that pages show are small counts, the same again and again."""
    return format_decimal(value, locale=texts.locale)


def listed(texts: Texts, words: Sequence[str]) -> str:
    """Several words as one: "a, b, and c"."""
    return format_list(list(words), locale=texts.locale)


def moment(texts: Texts, at: int) -> Markup:
    """Date and time; the page's script rewrites it to the reader's time zone."""
    return Markup('<time datetime="%s" data-moment>%s</time>') % (_iso(at), plain_moment(texts, at))


def plain_moment(texts: Texts, at: int) -> str:
    """Date and time for where no page shows them."""
    return f"{format_datetime(_utc(at), _moment_pattern(texts), locale=texts.locale)} UTC"


def clock_time(texts: Texts, at: int) -> Markup:
    """The time of day alone."""
    return Markup('<time datetime="%s" data-clock>%s UTC</time>') % (_iso(at), _time_of_day(texts, at))


def day_date(texts: Texts, at: int) -> Markup:
    """The day of UTC; where a page heads its events by days, its script heads them by the reader's own."""
    return Markup('<time datetime="%s" data-date>%s UTC</time>') % (_iso(at), format_date(_utc(at), "medium", locale=texts.locale))


def day_field(at: int) -> str:
    """The day of a moment in UTC, as a form's field for a day has it."""
    return _utc(at).strftime("%Y-%m-%d")


_BROWSERS: Final = frozenset(
    {
        "Chrome", "Chrome Mobile", "Chrome Mobile WebView", "Chrome Mobile iOS", "Chromium", "HeadlessChrome", "Edge", "Edge Mobile",
        "Firefox", "Firefox Mobile", "Firefox iOS", "Safari", "Mobile Safari", "Mobile Safari UI/WKWebView", "Opera", "Opera Mobile",
        "Samsung Internet", "Brave", "Vivaldi", "Yandex Browser", "UC Browser", "QQ Browser", "DuckDuckGo Mobile", "Konqueror", "IE",
        "curl", "Wget", "Python Requests",
    }
)  # fmt: skip
_SYSTEMS: Final = frozenset(
    {"Windows", "Mac OS X", "Linux", "Ubuntu", "Debian", "Fedora", "Android", "iOS", "Chrome OS", "FreeBSD", "OpenBSD", "KaiOS"}
)
"""The names that are told. Whoever sends a request chooses its User-Agent, and the parser copies unknown names out of it: in a mail they
would be a stranger's words."""


def browser_name(texts: Texts, user_agent: str) -> str:
    """What a person calls the browser: "Firefox on Linux"."""
    browser, system = _parsed(user_agent)
    if browser and system:
        return texts.gettext("%(browser)s on %(system)s") % {"browser": browser, "system": system}
    return browser or system or texts.gettext("an unknown browser")


@lru_cache(maxsize=1024)
def _parsed(user_agent: str) -> tuple[str, str]:
    """The names of a browser and its system; empty where they are unknown."""
    import ua_parser  # noqa: PLC0415  # with its rules it takes megabytes that a worker at rest need not hold

    parsed = ua_parser.parse(user_agent)
    browser, system = parsed.user_agent.family if parsed.user_agent else "", parsed.os.family if parsed.os else ""
    return browser if browser in _BROWSERS else "", system if system in _SYSTEMS else ""


@cache
def _moment_pattern(texts: Texts) -> str:
    """How the language writes date and time of day together, in CLDR's letters."""
    date, time = get_date_format("medium", texts.locale).pattern, texts.locale.datetime_skeletons[_TIME_OF_DAY].pattern
    return str(get_datetime_format("medium", texts.locale)).replace("{1}", date).replace("{0}", time)


def _time_of_day(texts: Texts, at: int) -> str:
    return format_skeleton(_TIME_OF_DAY, _utc(at), locale=texts.locale)


def _utc(at: int) -> datetime:
    return datetime.fromtimestamp(at // SECOND, tz=UTC)


def _iso(at: int) -> str:
    return _utc(at).strftime("%Y-%m-%dT%H:%M:%SZ")
