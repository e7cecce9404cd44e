"""Which requests may change something: those that come from our own pages (ASVS 3.5.1).

There is no CSRF token: it would go stale in open tabs, and refuse people who did nothing wrong (docs/adr/0005).
"""

from typing import Final

from starlette.requests import Request

from xpressbot.entrypoints.http.host_header import host_of
from xpressbot.foundation.settings import Settings, normalised_host

_SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_OWN: Final = frozenset({"same-origin", "none"})


def is_cross_origin(settings: Settings, request: Request) -> bool:
    """Whether an unsafe request comes from, or may come from, another site.

    Browsers send Sec-Fetch-Site, older ones Origin. A header that comes twice must say the same of us each time. A request with
    neither is no browser's; it is refused only if it brings a cookie.
    """
    if request.scope["method"] in _SAFE_METHODS:
        return False
    fetch_sites = request.headers.getlist("sec-fetch-site")
    if fetch_sites:
        return not _OWN.issuperset(fetch_sites)
    origins = request.headers.getlist("origin")
    if not origins:
        return "cookie" in request.headers
    return not all(_is_our_origin(settings, request, origin) for origin in origins)


def _is_our_origin(settings: Settings, request: Request, origin: str) -> bool:
    scheme, separator, netloc = origin.partition("://")
    ours = "https" if settings.https else "http"
    return bool(separator) and scheme == ours and _normalised(settings, netloc) == _normalised(settings, host_of(request))


def _normalised(settings: Settings, netloc: str) -> str:
    return normalised_host(netloc, https=settings.https)
